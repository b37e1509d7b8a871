use std::path::Path;

use super::Check;

const NAME: &str = "database file";

/// SQLite finds its file whole.
pub(super) fn check(path: &Path) -> Check {
    match sessrum_sqlite::check_file(path) {
        Ok(faults) if faults.is_empty() => Check::ok(NAME, "It is whole."),
        Ok(faults) => {
            let faults = faults.join("; ");
            Check::failed(NAME, format!("It is damaged: restore a backup. SQLite says: {faults}"))
        }
        Err(error) => Check::failed(NAME, error.to_string()),
    }
}
