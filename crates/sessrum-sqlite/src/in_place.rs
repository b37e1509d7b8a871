use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Error, Result, ffi};

/// The database's file, where it was opened. A file that was removed or replaced under a running
/// server still takes writes, which nobody would find again, and tells what is no longer so.
pub(crate) struct InPlace {
    path: PathBuf,
    opened: (u64, u64),
}

impl InPlace {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), opened: identity(&std::fs::metadata(path)?) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the path still leads to the file that was opened.
    pub(crate) fn check(&self) -> Result<()> {
        match std::fs::metadata(&self.path) {
            Ok(found) if identity(&found) == self.opened => Ok(()),
            _ => Err(Error::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_CANTOPEN),
                Some("the database file was moved, removed or replaced: restart".to_owned()),
            )),
        }
    }
}

#[cfg(unix)]
fn identity(file: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (file.dev(), file.ino())
}

/// Elsewhere an open file cannot be removed or replaced.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}
