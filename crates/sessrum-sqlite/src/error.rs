//! SQLite's errors in the words of the stores.

use rusqlite::{Error, ErrorCode};
use sessrum_core::store::{StoreError, StoreErrorKind};

/// In which way the database failed.
pub(crate) fn kind_of(error: &Error) -> StoreErrorKind {
    match error {
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => StoreErrorKind::Corrupt,
        _ => error.sqlite_error_code().map_or(StoreErrorKind::Failed, kind_of_code),
    }
}

const fn kind_of_code(code: ErrorCode) -> StoreErrorKind {
    match code {
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::CannotOpen
        | ErrorCode::SystemIoFailure => StoreErrorKind::Unavailable,
        ErrorCode::DiskFull => StoreErrorKind::Full,
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => StoreErrorKind::ReadOnly,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Failed,
    }
}

/// The error as the stores' callers see it, with its cause kept for the log.
pub(crate) fn store_error(error: Error) -> StoreError {
    StoreError::new(kind_of(&error), error)
}
