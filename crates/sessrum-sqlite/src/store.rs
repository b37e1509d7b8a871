use std::fmt;
use std::path::Path;
use std::sync::Arc;

use sessrum_core::EventSealer;

use crate::feed::{ChangeFeed, FeedPoll};
use crate::in_place::InPlace;
use crate::open;
use crate::open_error::OpenError;
use crate::readers::Readers;
use crate::writer::Writer;

/// Every store on one SQLite file. See the [crate](crate) for what it promises.
///
/// Dropping it finishes what is queued and closes the file.
pub struct SqliteStore {
    // In this order: SQLite folds the journal into the file when the last connection closes, which
    // must be one that can write.
    pub(crate) readers: Readers,
    _poll: FeedPoll,
    pub(crate) feed: Arc<ChangeFeed>,
    pub(crate) writer: Writer,
    pub(crate) sealer: Arc<EventSealer>,
}

impl SqliteStore {
    /// Opens a database that has been [migrated](crate::migrate). Its events are sealed with `sealer`.
    ///
    /// # Errors
    /// [`OpenError`] says what stands in the way.
    pub fn open(path: impl AsRef<Path>, sealer: EventSealer) -> Result<Self, OpenError> {
        let path = open::absolute(path.as_ref())?;
        let connection = open::writer(&path)?;
        let sealer = Arc::new(sealer);
        let file = InPlace::of(&path).map_err(|error| OpenError::of_io(&path, error))?;
        let file = Arc::new(file);
        let feed = ChangeFeed::open(&path).map_err(|error| OpenError::of_sqlite(&path, error))?;
        let feed = Arc::new(feed);
        let tell = {
            let feed = Arc::clone(&feed);
            // What cannot be told now is told by the poll.
            move || drop(feed.tell())
        };
        let writer = Writer::start(connection, Arc::clone(&file), Arc::clone(&sealer), tell);
        let writer = writer.map_err(|error| OpenError::of_io(&path, error))?;
        let poll = FeedPoll::start(Arc::clone(&feed));
        let poll = poll.map_err(|error| OpenError::of_io(&path, error))?;
        Ok(Self { readers: Readers::new(file), _poll: poll, feed, writer, sealer })
    }

    /// Migrates a database, if it must be, and opens it.
    ///
    /// # Errors
    /// [`OpenError`] says what stands in the way.
    pub fn open_and_migrate(
        path: impl AsRef<Path>,
        sealer: EventSealer,
    ) -> Result<Self, OpenError> {
        open::migrate(path.as_ref())?;
        Self::open(path, sealer)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteStore(…)")
    }
}

#[cfg(test)]
mod tests;
