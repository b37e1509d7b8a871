use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use sessrum_core::{ChangeFeed, Clock, EventSealer, SystemClock};

use crate::feed::FeedReader;
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
    pub(crate) writer: Writer,
    pub(crate) feed: Arc<ChangeFeed>,
    pub(crate) sealer: Arc<EventSealer>,
    /// Among all that use this store: another process has its own.
    pub(crate) turn_to_do_jobs: Arc<tokio::sync::Mutex<()>>,
}

impl SqliteStore {
    /// Opens a database that has been [migrated](crate::migrate). Its events are sealed with `sealer`.
    ///
    /// # Errors
    /// [`OpenError`] says what stands in the way.
    pub fn open(path: impl AsRef<Path>, sealer: EventSealer) -> Result<Self, OpenError> {
        Self::open_with_clock(path, sealer, Arc::new(SystemClock))
    }

    /// As [`open`](Self::open), with another clock. Its [`uptime`](Clock::uptime) alone is asked: by it
    /// the store counts how long ago it looked for what other processes have committed.
    ///
    /// # Errors
    /// As there.
    pub fn open_with_clock(
        path: impl AsRef<Path>,
        sealer: EventSealer,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let path = open::absolute(path.as_ref())?;
        let connection = open::writer(&path)?;
        let sealer = Arc::new(sealer);
        let file = InPlace::of(&path).map_err(|error| OpenError::of_io(&path, error))?;
        let file = Arc::new(file);
        let reader = FeedReader::start(&connection, Arc::clone(&file), clock);
        let mut reader = reader.map_err(|error| OpenError::of_sqlite(&path, error))?;
        let feed = Arc::clone(reader.feed());
        let look = move |connection: &Connection| reader.look(connection);
        let writer = Writer::start(connection, Arc::clone(&file), Arc::clone(&sealer), look);
        let writer = writer.map_err(|error| OpenError::of_io(&path, error))?;
        let turn_to_do_jobs = Arc::default();
        Ok(Self { readers: Readers::new(file), writer, feed, sealer, turn_to_do_jobs })
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
