use async_trait::async_trait;

use super::StoreError;
use crate::identity::SessionId;
use crate::time::Timestamp;

/// One key of a session's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataEntry {
    /// The key.
    pub key: String,
    /// JSON text.
    pub value: String,
    /// Unique within the session, even after the key was removed and set again.
    pub revision: i64,
    /// When it was set.
    pub updated_at: Timestamp,
}

/// What must hold for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    None,
    /// The key must not exist (`If-None-Match: *`).
    Absent,
    /// The key must exist (`If-Match: *`).
    Present,
    /// The key must have this revision (`If-Match: "7"`).
    Revision(i64),
}

impl Precondition {
    /// Whether it holds for a key whose revision is `current`.
    #[must_use]
    pub fn holds(self, current: Option<i64>) -> bool {
        match self {
            Self::None => true,
            Self::Absent => current.is_none(),
            Self::Present => current.is_some(),
            Self::Revision(wanted) => current == Some(wanted),
        }
    }
}

/// A value to be set.
#[derive(Clone, Copy, Debug)]
pub struct DataWrite<'a> {
    /// The key.
    pub key: &'a str,
    /// JSON text.
    pub value: &'a str,
    /// What must hold.
    pub precondition: Precondition,
    /// Bytes that all keys and values of the session may take together.
    pub cap: usize,
    /// When.
    pub at: Timestamp,
}

/// What came of [`DataStore::put_data`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// It is set.
    Stored {
        /// Its revision now.
        revision: i64,
        /// Whether the key is new.
        created: bool,
    },
    /// The precondition does not hold; the key's revision, if it exists.
    Conflict(Option<i64>),
    /// The session would hold more than the cap.
    TooLarge,
    /// The session has ended or never was.
    Gone,
}

/// What came of [`DataStore::remove_data`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoveOutcome {
    /// It is gone.
    Removed,
    /// It was not there, and did not have to be.
    Missing,
    /// The precondition does not hold; the key's revision, if it exists.
    Conflict(Option<i64>),
    /// The session has ended or never was.
    Gone,
}

/// A session's own data: a row a key, so that requests that write different keys never overwrite
/// each other, with compare-and-set for the same key. Data is no event and moves no revision of
/// the session.
#[async_trait]
pub trait DataStore: Send + Sync + 'static {
    /// One key of a live session.
    async fn data(&self, session: SessionId, key: &str) -> Result<Option<DataEntry>, StoreError>;

    /// All keys of a live session, by key.
    async fn list_data(&self, session: SessionId) -> Result<Vec<DataEntry>, StoreError>;

    /// Sets a key.
    async fn put_data(
        &self,
        session: SessionId,
        write: DataWrite<'_>,
    ) -> Result<PutOutcome, StoreError>;

    /// Removes a key.
    async fn remove_data(
        &self,
        session: SessionId,
        key: &str,
        precondition: Precondition,
    ) -> Result<RemoveOutcome, StoreError>;
}
