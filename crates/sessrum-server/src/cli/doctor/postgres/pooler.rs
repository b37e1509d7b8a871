use sessrum_postgres::{Examination, Pooling, PostgresOptions};

use crate::cli::doctor::Check;

const NAME: &str = "pooler";

/// Nothing is asked of a pooler that it does not do.
pub(super) fn check(found: &Examination, options: &PostgresOptions) -> Check {
    let Pooling::ByTransaction { keeps_prepared } = found.pooling else {
        return Check::ok(NAME, "None lends connections by transaction.");
    };
    if options.prepared_statements && !keeps_prepared {
        Check::failed(
            NAME,
            "The one in front of database_url lends connections by transaction and loses prepared \
             statements: set `prepared_statements = false` in [database].",
        )
    } else if options.notifications && options.direct_url.is_none() {
        Check::failed(
            NAME,
            "The one in front of database_url lends connections by transaction, and lets nobody \
             listen to what other instances do: name the server itself in `direct_url` in \
             [database].",
        )
    } else {
        Check::ok(NAME, "The one in front of database_url lends connections by transaction.")
    }
}
