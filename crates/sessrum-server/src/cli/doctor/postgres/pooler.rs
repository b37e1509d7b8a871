use sessrum_postgres::{Examination, Pooling, PostgresOptions};

use crate::cli::doctor::Check;

const NAME: &str = "pooler";

/// Nothing is asked of a pooler that it does not do.
pub(super) fn check(found: &Examination, options: &PostgresOptions) -> Check {
    let Pooling::ByTransaction { keeps_prepared } = found.pooling else {
        return Check::ok(NAME, "None lends connections by transaction.");
    };
    let mut missing = Vec::new();
    if options.prepared_statements && !keeps_prepared {
        missing.push("loses prepared statements: set `prepared_statements = false`");
    }
    if options.notifications && options.direct_url.is_none() {
        missing.push(
            "lets nobody listen to what other instances do: name the server itself in `direct_url`",
        );
    }
    let lends = "The one in front of database_url lends connections by transaction";
    if missing.is_empty() {
        Check::ok(NAME, format!("{lends}."))
    } else {
        Check::failed(NAME, format!("{lends}, and {}, in [database].", missing.join("; it ")))
    }
}
