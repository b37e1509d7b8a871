use sessrum_postgres::{DirectWay, Pooling};

use crate::cli::doctor::Check;

const NAME: &str = "direct URL";

/// The direct URL leads to the same database, past any pooler.
pub(super) fn check(way: DirectWay) -> Check {
    if !way.is_same_database {
        Check::failed(
            NAME,
            "`direct_url` leads to another database than database_url: name the same one, on the \
             server itself.",
        )
    } else if way.pooling != Pooling::None {
        Check::failed(
            NAME,
            "`direct_url` leads through a pooler that lends connections by transaction: name the \
             server itself.",
        )
    } else {
        Check::ok(NAME, "It leads to the same database, past any pooler.")
    }
}
