//! Every statement the stores run, and the one way to run it.
//!
//! Verbs have no other way to the database, so none escapes the test that looks at their plans.

pub(crate) mod checks;
pub(crate) mod compaction;
pub(crate) mod data;
pub(crate) mod events;
pub(crate) mod jobs;
pub(crate) mod platforms;
pub(crate) mod sessions;
pub(crate) mod throttle;
pub(crate) mod tokens;
pub(crate) mod users;

use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension as _, Params, Result, Row};

/// One statement, prepared once for each connection.
#[derive(Clone, Copy)]
pub(crate) struct Statement(&'static str);

impl Statement {
    /// Answers how many rows it changed.
    pub(crate) fn execute(self, connection: &Connection, params: impl Params) -> Result<usize> {
        connection.prepare_cached(self.0)?.execute(params)
    }

    /// The first row, if there is one.
    pub(crate) fn first<T>(
        self,
        connection: &Connection,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        connection.prepare_cached(self.0)?.query_row(params, read).optional()
    }

    /// The row, of a statement that always has one.
    pub(crate) fn one<T>(
        self,
        connection: &Connection,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        connection.prepare_cached(self.0)?.query_row(params, read)
    }

    /// The one value of that row.
    pub(crate) fn value<T: FromSql>(
        self,
        connection: &Connection,
        params: impl Params,
    ) -> Result<T> {
        self.one(connection, params, |row| row.get(0))
    }

    /// Every row.
    pub(crate) fn all<T>(
        self,
        connection: &Connection,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        connection.prepare_cached(self.0)?.query_map(params, read)?.collect()
    }
}

/// Names statements and lists them for the test of their plans.
macro_rules! statements {
    ($($(#[$attribute:meta])* $name:ident = $($part:expr),+;)+) => {
        $($(#[$attribute])* pub(crate) const $name: Statement = Statement(concat!($($part),+));)+

        #[cfg(test)]
        pub(super) const ALL: &[(&str, Statement)] = &[$((stringify!($name), $name)),+];
    };
}
use statements;

#[cfg(test)]
mod tests;
