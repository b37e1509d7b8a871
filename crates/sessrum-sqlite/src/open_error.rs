use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use sessrum_core::store::{StoreError, StoreErrorKind};

use crate::error::kind_of;

type Source = Box<dyn Error + Send + Sync>;

/// A database could not be opened or migrated. The text says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The directory that should hold the file does not exist.
    #[error("{} cannot be made, because its directory does not exist: create the directory or choose another path", .0.display())]
    DirectoryMissing(PathBuf),
    /// The path is that of something else, such as a directory.
    #[error("{} is not a file: name the file that holds the database", .0.display())]
    NotAFile(PathBuf),
    /// There is no file, or one without the tables.
    #[error("{} has not been migrated: run `sessrum migrate`", .0.display())]
    NotMigrated(PathBuf),
    /// A newer program made the tables.
    #[error("{} was made by a newer version of this program (schema {found}, this one knows {known}): upgrade the program", .path.display())]
    NewerSchema {
        /// The database.
        path: PathBuf,
        /// The version of its tables.
        found: i32,
        /// The version that this program knows.
        known: i32,
    },
    /// The file may be read but not written.
    #[error("{} cannot be written: give this program's user write access to the file and its directory", .0.display())]
    ReadOnly(PathBuf),
    /// The file is no database, or a damaged one.
    #[error("{} is not a SQLite database or is damaged: choose another path or restore a backup", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        source: Source,
    },
    /// The disk is full.
    #[error("{} cannot be written, because its disk is full: make room", .0.display())]
    Full(PathBuf),
    /// Another process holds the database, or the system does not give access to it.
    #[error("{} cannot be reached: check that this program's user may use it and that no other program holds it", .path.display())]
    Unavailable {
        /// The file.
        path: PathBuf,
        /// What stood in the way.
        source: Source,
    },
    /// Anything else, such as tables of another program that have the same names.
    #[error("{} cannot be used for sessions, perhaps because another program keeps its tables there: choose another path", .path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: Source,
    },
}

impl OpenError {
    /// In which way the database failed.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        match self {
            Self::DirectoryMissing(_) | Self::NotAFile(_) | Self::Unavailable { .. } => {
                StoreErrorKind::Unavailable
            }
            Self::NotMigrated(_) => StoreErrorKind::NotMigrated,
            Self::NewerSchema { .. } => StoreErrorKind::NewerSchema,
            Self::ReadOnly(_) => StoreErrorKind::ReadOnly,
            Self::Corrupt { .. } => StoreErrorKind::Corrupt,
            Self::Full(_) => StoreErrorKind::Full,
            Self::Failed { .. } => StoreErrorKind::Failed,
        }
    }

    pub(crate) fn of_sqlite(path: &Path, source: rusqlite::Error) -> Self {
        Self::of(path, kind_of(&source), source)
    }

    pub(crate) fn of_migration(path: &Path, source: refinery::Error) -> Self {
        let cause = source.source().and_then(|cause| cause.downcast_ref());
        let kind = cause.map_or(StoreErrorKind::Failed, kind_of);
        Self::of(path, kind, source)
    }

    pub(crate) fn of_io(path: &Path, source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::NotFound => return Self::DirectoryMissing(path.to_path_buf()),
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                StoreErrorKind::ReadOnly
            }
            io::ErrorKind::StorageFull => StoreErrorKind::Full,
            _ => StoreErrorKind::Unavailable,
        };
        Self::of(path, kind, source)
    }

    fn of(path: &Path, kind: StoreErrorKind, source: impl Error) -> Self {
        // The text has the causes below it already: with them it would say everything twice.
        let (path, source) = (path.to_path_buf(), source.to_string().into());
        match kind {
            StoreErrorKind::ReadOnly => Self::ReadOnly(path),
            StoreErrorKind::Full => Self::Full(path),
            StoreErrorKind::Corrupt => Self::Corrupt { path, source },
            StoreErrorKind::Unavailable => Self::Unavailable { path, source },
            _ => Self::Failed { path, source },
        }
    }
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        Self::new(error.kind(), error)
    }
}
