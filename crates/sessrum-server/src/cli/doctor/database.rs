use super::Check;
use crate::instance::Instance;

const NAME: &str = "database";

/// The database opens with its key, and its tables are those of this program.
pub(super) fn check(opened: &anyhow::Result<Instance>) -> Check {
    match opened {
        Ok(_) => Check::ok(NAME, "It opens and its tables are up to date."),
        Err(error) => Check::failed(NAME, format!("{error:#}")),
    }
}
