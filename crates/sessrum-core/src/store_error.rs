use std::error::Error;
use std::fmt;

/// A database failed. What went wrong in detail is in [`source`](Error::source), for the log; the
/// text is fit for anyone.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// In which way a database failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// It cannot be reached, or does not answer in time.
    Unavailable,
    /// Its disk is full.
    Full,
    /// It may be read but not written.
    ReadOnly,
    /// What it holds is not what was put there.
    Corrupt,
    /// Its tables were made by a newer program.
    NewerSchema,
    /// Its tables have not been made yet.
    NotMigrated,
    /// Anything else.
    Failed,
}

impl StoreError {
    /// An error with its cause.
    pub fn new(kind: StoreErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    /// In which way it failed.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl From<StoreErrorKind> for StoreError {
    fn from(kind: StoreErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StoreErrorKind::Unavailable => "the database cannot be reached",
            StoreErrorKind::Full => "the database's disk is full",
            StoreErrorKind::ReadOnly => "the database cannot be written",
            StoreErrorKind::Corrupt => "the database is damaged",
            StoreErrorKind::NewerSchema => {
                "the database was made by a newer version of this program: upgrade the program"
            }
            StoreErrorKind::NotMigrated => {
                "the database has not been migrated: run `sessrum migrate`"
            }
            StoreErrorKind::Failed => "the database failed",
        })
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
