//! PostgreSQL's errors in the words of the stores.

use std::fmt;
use std::io;

use deadpool_postgres::{HookError, PoolError, TimeoutType};
use sessrum_core::store::{StoreError, StoreErrorKind};
use tokio_postgres::error::{Severity, SqlState};

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// A statement failed. Its text repeats nothing of a row: what PostgreSQL adds to its message as
/// detail may be a whole one, and is left out.
#[derive(Clone, Debug)]
pub(crate) enum Error {
    /// The server refused it.
    Refused { code: SqlState, message: String, ends_connection: bool },
    /// The connection broke, or could not be made.
    Lost(String),
    /// TLS could not be had, or not with a server that is trusted.
    Untrusted(String),
    /// No answer came in time.
    TimedOut,
    /// Every connection that may be made is lent, and none came back in time.
    AllLent,
    /// A column holds what was never put there.
    Unreadable(String),
    /// A transaction that began before still sees what was removed from a table.
    StillSeen(String),
    /// This role may not vacuum a table.
    NotOwner(String),
    /// The program itself is at fault.
    Defect(String),
}

impl Error {
    pub(crate) fn unreadable(error: impl fmt::Display) -> Self {
        Self::Unreadable(error.to_string())
    }

    /// In which way the database failed.
    pub(crate) fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Refused { code, .. } => kind_of_code(code),
            Self::Lost(_) | Self::Untrusted(_) | Self::TimedOut | Self::AllLent => {
                StoreErrorKind::Unavailable
            }
            Self::Unreadable(_) => StoreErrorKind::Corrupt,
            Self::StillSeen(_) | Self::NotOwner(_) | Self::Defect(_) => StoreErrorKind::Failed,
        }
    }

    /// Whether the connection it came from is of no more use.
    pub(crate) const fn ends_connection(&self) -> bool {
        match self {
            Self::Refused { ends_connection, .. } => *ends_connection,
            Self::Lost(_) | Self::Untrusted(_) | Self::TimedOut => true,
            Self::AllLent
            | Self::Unreadable(_)
            | Self::StillSeen(_)
            | Self::NotOwner(_)
            | Self::Defect(_) => false,
        }
    }

    /// Whether the same transaction may well succeed when it is made again.
    pub(crate) fn is_transient(&self) -> bool {
        let Self::Refused { code, .. } = self else { return false };
        [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code)
    }

    /// Whether the server gave it up for the time it took: there was a lock, or the disk is slow.
    fn took_too_long(&self) -> bool {
        let Self::Refused { code, .. } = self else { return false };
        [SqlState::QUERY_CANCELED, SqlState::LOCK_NOT_AVAILABLE].contains(code)
    }

    /// Whether any other change would fail the same way, whatever it is, or take as long to.
    pub(crate) fn concerns_everyone(&self) -> bool {
        self.ends_connection()
            || self.took_too_long()
            || matches!(
                self.kind(),
                StoreErrorKind::Full | StoreErrorKind::ReadOnly | StoreErrorKind::NotMigrated
            )
    }
}

/// Whether a connection is of no more use after a refusal, however grave that was said to be: what was
/// behind a pooler is gone; the primary may be another server by now; or a table was changed, and what
/// is prepared there for it would be refused forever.
fn is_of_connection(code: &SqlState) -> bool {
    let others = [SqlState::READ_ONLY_SQL_TRANSACTION, SqlState::FEATURE_NOT_SUPPORTED];
    code.code().starts_with("08") || others.contains(code)
}

fn kind_of_code(code: &SqlState) -> StoreErrorKind {
    match code.code() {
        "53100" => StoreErrorKind::Full,
        // A standby; no rights to write.
        "25006" | "42501" => StoreErrorKind::ReadOnly,
        "42P01" | "3F000" => StoreErrorKind::NotMigrated,
        // A key that is no number where it says so; broken pages; a file that is gone.
        "22P02" | "22003" | "XX001" | "XX002" | "58P01" => StoreErrorKind::Corrupt,
        // A database that is gone; waits that were too long; what is to be made again; the disk.
        "3D000" | "55P03" | "57014" | "25P03" | "40001" | "40P01" | "58030" => {
            StoreErrorKind::Unavailable
        }
        // No connection or not let in; too many of them, no memory; stopping or starting.
        other if ["08", "28", "53", "57P"].iter().any(|class| other.starts_with(class)) => {
            StoreErrorKind::Unavailable
        }
        _ => StoreErrorKind::Failed,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, message, .. } => write!(f, "{message} ({})", code.code()),
            Self::Lost(why) => write!(f, "no connection: {why}"),
            Self::Untrusted(why) => write!(f, "no TLS: {why}"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::AllLent => f.write_str("no connection came free in time"),
            Self::Unreadable(why) => write!(f, "a value cannot be read: {why}"),
            Self::StillSeen(table) => {
                let whose = "pg_stat_activity and pg_prepared_xacts tell whose it is";
                write!(
                    f,
                    "a transaction that is open still sees what was removed from {table}; {whose}"
                )
            }
            Self::NotOwner(table) => {
                write!(f, "it takes the role that owns {table} to vacuum it: connect as that one")
            }
            Self::Defect(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    /// What an error of the client means.
    pub(crate) fn of_client(error: &tokio_postgres::Error) -> Self {
        if let Some(refusal) = error.as_db_error() {
            let is_fatal = match refusal.parsed_severity() {
                Some(severity) => matches!(severity, Severity::Fatal | Severity::Panic),
                // A pooler tells it in English alone.
                None => matches!(refusal.severity(), "FATAL" | "PANIC"),
            };
            let code = refusal.code().clone();
            return Self::Refused {
                ends_connection: is_fatal || is_of_connection(&code),
                message: refusal.message().to_owned(),
                code,
            };
        }
        match std::error::Error::source(error) {
            // The client tells this by its text alone.
            Some(cause) if error.to_string().contains("TLS") => Self::Untrusted(cause.to_string()),
            // So is this.
            Some(cause) if cause.to_string() == "database does not allow writes" => Self::Refused {
                code: SqlState::READ_ONLY_SQL_TRANSACTION,
                message: cause.to_string(),
                ends_connection: true,
            },
            Some(cause) if cause.is::<io::Error>() => Self::Lost(cause.to_string()),
            None => Self::Lost(error.to_string()),
            Some(cause) => Self::Defect(format!("{error}: {cause}")),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::of_client(&error)
    }
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(TimeoutType::Wait) => Self::AllLent,
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                error.into()
            }
            // It did not answer to being connected, or after that.
            PoolError::Timeout(_) | PoolError::PostCreateHook(HookError::Message(_)) => {
                Self::TimedOut
            }
            other => Self::Defect(other.to_string()),
        }
    }
}

impl From<Error> for StoreError {
    /// The error as the stores' callers see it, with its cause kept for the log.
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those that are lent answer: closing any of them would make them fewer still.
    #[test]
    fn who_waits_in_vain_for_a_connection_ends_none() {
        let error = Error::from(PoolError::Timeout(TimeoutType::Wait));
        assert_eq!((error.kind(), error.ends_connection()), (StoreErrorKind::Unavailable, false));
        for wait in [TimeoutType::Create, TimeoutType::Recycle] {
            assert!(Error::from(PoolError::Timeout(wait)).ends_connection());
        }
    }

    #[test]
    fn codes_of_the_server_are_told_in_the_words_of_the_stores() {
        let kinds = [
            ("08006", StoreErrorKind::Unavailable),
            ("28P01", StoreErrorKind::Unavailable),
            ("3D000", StoreErrorKind::Unavailable),
            ("40001", StoreErrorKind::Unavailable),
            ("53300", StoreErrorKind::Unavailable),
            ("55P03", StoreErrorKind::Unavailable),
            ("57014", StoreErrorKind::Unavailable),
            ("57P01", StoreErrorKind::Unavailable),
            ("57P03", StoreErrorKind::Unavailable),
            ("58030", StoreErrorKind::Unavailable),
            ("53100", StoreErrorKind::Full),
            ("25006", StoreErrorKind::ReadOnly),
            ("42501", StoreErrorKind::ReadOnly),
            ("42P01", StoreErrorKind::NotMigrated),
            ("22P02", StoreErrorKind::Corrupt),
            ("XX001", StoreErrorKind::Corrupt),
            ("23505", StoreErrorKind::Failed),
            ("22021", StoreErrorKind::Failed),
        ];
        for (code, kind) in kinds {
            assert_eq!(kind_of_code(&SqlState::from_code(code)), kind, "{code}");
        }
    }
}
