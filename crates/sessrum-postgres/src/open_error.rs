use std::error::Error as _;
use std::path::PathBuf;

use sessrum_core::store::{StoreError, StoreErrorKind};

use crate::error::Error;
use crate::options::InvalidOption;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A database could not be opened or migrated. The text says what to do, and nothing of passwords.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL is none of a PostgreSQL database, or has options that are not known.
    #[error(
        "the URL of the database cannot be read: write postgres://USER:PASSWORD@HOST:PORT/DATABASE, \
         in which a password has %40 for @, %3A for : and %2F for /"
    )]
    InvalidUrl,
    /// An option has a value that cannot be gone by.
    #[error("the database cannot be used so: {0}")]
    InvalidOption(#[from] InvalidOption),
    /// A mode that may go without TLS, or does not check who answers.
    #[error(
        "the `sslmode` of the database's URL would not notice who listens: write `verify-full`, or \
         `disable` where nobody can"
    )]
    WeakMode,
    /// The root certificate cannot be read.
    #[error("{} is no certificate that can be read: name a file in PEM", .path.display())]
    RootCertificate {
        /// The file.
        path: PathBuf,
        /// What stood in the way.
        source: Source,
    },
    /// Nobody answers, or the connection breaks.
    #[error(
        "{database} cannot be reached: check that PostgreSQL runs there and lets this machine connect"
    )]
    Unreachable {
        /// The database.
        database: String,
        /// What stood in the way.
        source: Source,
    },
    /// The server has no TLS, or not the certificate that it should have.
    #[error(
        "{database} cannot be trusted: switch TLS on there, give `root_certificate` the certificate \
         that signed the server's, and name the host as that has it; `sslmode=disable` goes without \
         TLS where nobody can listen"
    )]
    Untrusted {
        /// The database.
        database: String,
        /// What was wrong.
        source: Source,
    },
    /// The server refuses this user.
    #[error(
        "{database} does not let this program in: check the user and the password, in the URL or in \
         the file for it, and the server's pg_hba.conf"
    )]
    NotLetIn {
        /// The database.
        database: String,
        /// What the server says.
        source: Source,
    },
    /// The server has no connection to spare.
    #[error(
        "{0} has no connection left: raise its `max_connections`, or have fewer for each instance"
    )]
    TooManyConnections(String),
    /// There is no such database.
    #[error("{0} does not exist: create it with `createdb --encoding UTF8`, or name another")]
    DatabaseMissing(String),
    /// The database cannot hold every text.
    #[error(
        "{database} holds texts as {found}: create another with `createdb --encoding UTF8 \
         --template template0`"
    )]
    NotUtf8 {
        /// The database.
        database: String,
        /// Its encoding.
        found: String,
    },
    /// The tables have not been made.
    #[error("{0} has not been migrated: run `sessrum migrate`")]
    NotMigrated(String),
    /// A newer program made the tables, and this one does not work on them.
    #[error(
        "{database} was made by a newer version of this program (schema {found}, this one knows \
         {known}): upgrade the program"
    )]
    NewerSchema {
        /// The database.
        database: String,
        /// The version of its tables.
        found: i32,
        /// The version that this program knows.
        known: i32,
    },
    /// The database may be read but not written.
    #[error("{0} cannot be written: name the primary server and no standby, and make room on it")]
    ReadOnly(String),
    /// The user may not do this.
    #[error(
        "{database} does not let its user do this: grant what is missing, such as `GRANT CREATE ON \
         SCHEMA public` for migrating"
    )]
    Denied {
        /// The database.
        database: String,
        /// What the server says.
        source: Source,
    },
    /// The server's disk is full.
    #[error("{0} cannot be written, because its disk is full: make room")]
    Full(String),
    /// A statement that was prepared is not known any more.
    #[error(
        "{0} loses prepared statements, as a pooler does that lends connections by transaction: set \
         `prepared_statements = false`"
    )]
    LosesPrepared(String),
    /// Anything else, such as tables of another program that have the same names.
    #[error(
        "{database} cannot be used for sessions, perhaps because another program keeps its tables \
         there: choose another database or schema"
    )]
    Failed {
        /// The database.
        database: String,
        /// What went wrong.
        source: Source,
    },
}

impl OpenError {
    /// In which way the database failed.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Unreachable { .. }
            | Self::Untrusted { .. }
            | Self::NotLetIn { .. }
            | Self::TooManyConnections(_)
            | Self::DatabaseMissing(_) => StoreErrorKind::Unavailable,
            Self::NotMigrated(_) => StoreErrorKind::NotMigrated,
            Self::NewerSchema { .. } => StoreErrorKind::NewerSchema,
            Self::ReadOnly(_) => StoreErrorKind::ReadOnly,
            Self::Full(_) => StoreErrorKind::Full,
            Self::InvalidUrl
            | Self::InvalidOption(_)
            | Self::WeakMode
            | Self::RootCertificate { .. }
            | Self::NotUtf8 { .. }
            | Self::Denied { .. }
            | Self::LosesPrepared(_)
            | Self::Failed { .. } => StoreErrorKind::Failed,
        }
    }

    pub(crate) fn of(database: &str, source: Error) -> Self {
        let code = match &source {
            Error::Refused { code, .. } => code.code(),
            // The client itself finds out that it has none.
            Error::Defect(text) if text.contains("password missing") => "28P01",
            Error::Untrusted(_) => return Self::untrusted(database, source),
            _ => "",
        };
        let (database, kind) = (database.to_owned(), source.kind());
        match (code, kind) {
            ("28000" | "28P01", _) => Self::NotLetIn { database, source: source.into() },
            ("53300", _) => Self::TooManyConnections(database),
            ("3D000", _) => Self::DatabaseMissing(database),
            ("26000" | "42P05", _) => Self::LosesPrepared(database),
            ("42501", _) => Self::Denied { database, source: source.into() },
            (_, StoreErrorKind::NotMigrated) => Self::NotMigrated(database),
            (_, StoreErrorKind::ReadOnly) => Self::ReadOnly(database),
            (_, StoreErrorKind::Full) => Self::Full(database),
            (_, StoreErrorKind::Unavailable) => {
                Self::Unreachable { database, source: source.into() }
            }
            _ => Self::Failed { database, source: source.into() },
        }
    }

    pub(crate) fn of_migration(database: &str, error: &refinery::Error) -> Self {
        let cause = error.source().and_then(|cause| cause.downcast_ref());
        match cause.map(Error::of_client) {
            Some(cause) => Self::of(database, cause),
            None => Self::failed(database, error),
        }
    }

    pub(crate) fn failed(database: &str, error: impl std::fmt::Display) -> Self {
        Self::Failed { database: database.to_owned(), source: error.to_string().into() }
    }

    fn untrusted(database: &str, source: Error) -> Self {
        Self::Untrusted { database: database.to_owned(), source: source.into() }
    }
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        Self::new(error.kind(), error)
    }
}

#[cfg(test)]
mod tests {
    use tokio_postgres::error::SqlState;

    use super::*;

    #[test]
    fn a_lost_prepared_statement_says_what_to_set() {
        for code in [SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::DUPLICATE_PSTATEMENT] {
            let message = "prepared statement".to_owned();
            let refused = Error::Refused { code, message, ends_connection: false };
            let told = OpenError::of("it", refused).to_string();
            assert!(told.contains("set `prepared_statements = false`"), "{told}");
        }
    }
}
