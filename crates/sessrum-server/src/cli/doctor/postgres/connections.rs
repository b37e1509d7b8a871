use sessrum_postgres::{Examination, Pooling, PostgresOptions};

use crate::cli::doctor::Check;

const NAME: &str = "connections";

/// Those of an instance past any pooler: one listens, one does jobs, one vacuums.
const DIRECT: usize = 3;

/// There are enough for every instance, and for one more that takes the place of another.
pub(super) fn check(found: &Examination, options: &PostgresOptions) -> Check {
    let others = match found.pooling {
        // One writes.
        Pooling::None => options.pool_size + 1,
        // These are the pooler's.
        Pooling::ByTransaction { .. } => 0,
    };
    let instances = usize::try_from(found.instances).unwrap_or(0);
    let needed = (others + DIRECT) * (instances + 1);
    let there = usize::try_from(found.connections_left + found.connections_used).unwrap_or(0);
    let whose = format!("{instances} instance(s) at work and one more take up to {needed}");
    if there < needed {
        let message = format!(
            "There are {there}, and {whose}: raise the server's `max_connections` (or what the \
             database or its user is limited to), or lower `pool_size` in [database] of each."
        );
        Check::warning(NAME, message)
    } else {
        Check::ok(NAME, format!("There are {there}, and {whose}."))
    }
}
