use sessrum_postgres::{Examination, PostgresOptions};

use crate::cli::doctor::Check;

const NAME: &str = "server";

/// The oldest version that this program is tested with.
const OLDEST: u32 = 15;

/// The server is new enough, and can tell instances of each other.
pub(super) fn check(found: &Examination, options: &PostgresOptions) -> Check {
    let version = &found.version;
    let major = version.split(|c: char| !c.is_ascii_digit()).next();
    if major.and_then(|major| major.parse::<u32>().ok()).is_none_or(|major| major < OLDEST) {
        let message = format!(
            "It is PostgreSQL {version}, and this program is tested with {OLDEST} and later: upgrade \
             it."
        );
        Check::warning(NAME, message)
    } else if options.notifications && !found.listens {
        let message = format!(
            "It says to be PostgreSQL {version} and does not know LISTEN: set `notifications = false` \
             in [database], so that instances look for what others do."
        );
        Check::warning(NAME, message)
    } else {
        Check::ok(NAME, format!("It is PostgreSQL {version}."))
    }
}

pub(super) fn cannot_be_examined(error: &anyhow::Error) -> Check {
    Check::failed(NAME, format!("{error:#}"))
}
