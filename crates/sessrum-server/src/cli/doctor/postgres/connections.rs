use sessrum_postgres::{Examination, Pooling, PostgresOptions};

use crate::cli::doctor::Check;

const NAME: &str = "connections";

/// Those of an instance that are in no pool: one writes, one listens, one does jobs.
const OTHERS: usize = 3;

/// There is room for another instance, as when one takes the place of another.
pub(super) fn check(found: &Examination, options: &PostgresOptions) -> Check {
    let pooled = match found.pooling {
        Pooling::None => options.pool_size,
        // These are the pooler's.
        Pooling::ByTransaction { .. } => 0,
    };
    let needed = pooled + OTHERS;
    let left = usize::try_from(found.connections_left).unwrap_or(0);
    if left < needed {
        let message = format!(
            "{left} are left, and another instance takes up to {needed}: raise the server's \
             `max_connections` (or what the database or its user is limited to), or lower \
             `pool_size` in [database] of each instance."
        );
        Check::warning(NAME, message)
    } else {
        let more = left / needed;
        Check::ok(NAME, format!("{left} are left, enough for {more} more instance(s)."))
    }
}
