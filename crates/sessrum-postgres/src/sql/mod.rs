//! Every statement the stores run.
//!
//! Verbs have no other way to the database, so none escapes the test that looks at their plans.

pub(crate) mod checks;
pub(crate) mod compaction;
pub(crate) mod data;
pub(crate) mod events;
pub(crate) mod examine;
pub(crate) mod instances;
pub(crate) mod jobs;
pub(crate) mod platforms;
pub(crate) mod schema;
pub(crate) mod sessions;
pub(crate) mod sign_ins;
pub(crate) mod throttle;
pub(crate) mod tokens;
pub(crate) mod users;

use tokio_postgres::types::{ToSql, Type};

/// One statement, with the types of its parameters: it can be sent without being prepared before.
#[derive(Clone, Copy)]
pub(crate) struct Statement {
    pub(crate) text: &'static str,
    pub(crate) types: &'static [Type],
}

/// How many sessions of a user, or events, a statement ends, removes, forgets or adds at most, so that
/// it ends within its limit.
pub(crate) const AT_ONCE: usize = 1000;

/// What stands for `$1`, `$2` and so on.
pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Names statements, each with the types of its parameters, and lists them for the test of their
/// plans.
macro_rules! statements {
    ($(
        $(#[$attribute:meta])*
        $name:ident($($type:ident),*) = $($part:expr),+;
    )+) => {
        $($(#[$attribute])* pub(crate) const $name: Statement = Statement {
            text: concat!($($part),+),
            types: &[$(tokio_postgres::types::Type::$type),*],
        };)+

        #[cfg(test)]
        pub(super) const ALL: &[(&str, Statement)] = &[$((stringify!($name), $name)),+];
    };
}
use statements;

/// Rows below the key `$1` whose column is `$3`, to be sorted by both, downwards. Said in this way no
/// other index has that order: by the key alone PostgreSQL would read all rows for the sake of a few.
macro_rules! newest_of {
    ($column:literal) => {
        concat!($column, " >= $3 AND (", $column, ", id) < ($3, $1)")
    };
}
use newest_of;

/// The number that the last event was given, also when the count of them was set back.
macro_rules! last_given {
    () => {
        "SELECT greatest(c.last_id, (SELECT max(e.id) FROM session_events e)) \
         FROM event_counter c WHERE c.id = 1"
    };
}
use last_given;

#[cfg(test)]
mod partitioned;
#[cfg(test)]
mod tests;
