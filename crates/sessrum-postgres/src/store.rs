use std::fmt;
use std::sync::Arc;

use sessrum_core::store::{EventStore as _, StoreError};
use sessrum_core::{ChangeFeed, Clock, EventSealer, OsRandom, Random, SystemClock};

use crate::feed::{Announcer, Barrier, Instance, start_to_hear};
use crate::open;
use crate::open_error::OpenError;
use crate::options::{PostgresOptions, Revocation};
use crate::readers::Readers;
use crate::server::Server;
use crate::sql::instances;
use crate::task::Task;
use crate::writer::{Limits, Writer};

/// Every store on one PostgreSQL database. See the [crate](crate) for what it promises.
///
/// It works in the Tokio runtime that it was opened in. When it is dropped a task there finishes what
/// is queued; [`close`](Self::close) waits for that.
pub struct PostgresStore {
    pub(crate) readers: Arc<Readers>,
    pub(crate) writer: Writer,
    /// Where tables are compacted.
    pub(crate) direct: Server,
    hearing: Option<Task>,
    barrier: Arc<Barrier>,
    pub(crate) revocation: Revocation,
    instance: Arc<Instance>,
    pub(crate) feed: Arc<ChangeFeed>,
    pub(crate) sealer: Arc<EventSealer>,
}

impl PostgresStore {
    /// Opens a database that has been [migrated](crate::migrate). Its events are sealed with `sealer`.
    ///
    /// # Errors
    /// [`OpenError`] says what stands in the way.
    pub async fn open(options: &PostgresOptions, sealer: EventSealer) -> Result<Self, OpenError> {
        Self::open_with(options, sealer, Arc::new(SystemClock), Arc::new(OsRandom)).await
    }

    /// As [`open`](Self::open), with another clock and source of randomness. Of the clock
    /// [`uptime`](Clock::uptime) alone is asked: by it the store counts its lease and its turns to write.
    /// What is random is the number by which other instances know this one.
    ///
    /// # Errors
    /// As there.
    pub async fn open_with(
        options: &PostgresOptions,
        sealer: EventSealer,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, OpenError> {
        let server = Server::of(&options.url, options)?;
        let readers = server.connections(options.pool_size, options.statement_timeout)?;
        open::check(&server, &readers).await?;
        let readers = Arc::new(Readers::new(readers));
        let feed = Arc::new(ChangeFeed::leased(Arc::clone(&clock), options.lease));
        let instance = if options.hears { Instance::default() } else { Instance::deaf() };
        let instance = Arc::new(instance);
        let barrier =
            Barrier::start(Arc::clone(&readers), Arc::clone(&feed), Arc::clone(&instance));
        let barrier = Arc::new(barrier);
        let announcer =
            Announcer::new(options, Arc::clone(&feed), Arc::clone(&instance), Arc::clone(&barrier));
        let writing = server.connections(1, options.statement_timeout)?;
        let limits = Limits { statement: options.statement_timeout };
        let sealer = Arc::new(sealer);
        let writer =
            Writer::start(writing, limits, Arc::clone(&sealer), Arc::new(announcer), clock);
        let (direct, listened) = (open::direct(options)?, open::direct(options)?);
        let other_way = options.direct_url.is_some();
        let other_way = other_way.then(|| server.connections(1, options.statement_timeout));
        let other_way = other_way.transpose()?;
        let hearing = options.hears.then(|| {
            let (feed, instance) = (Arc::clone(&feed), Arc::clone(&instance));
            start_to_hear(listened, options, feed, instance, other_way, random)
        });
        let revocation = options.revocation;
        Ok(Self { readers, writer, direct, hearing, barrier, revocation, instance, feed, sealer })
    }

    /// Waits until no instance goes by what was before the last event.
    ///
    /// # Errors
    /// When the database cannot say which event that is, or who is there.
    pub async fn until_heard(&self) -> Result<(), StoreError> {
        Ok(self.barrier.wait_for(self.last_event_id().await?).await?)
    }

    /// Takes no more changes, waits until those that are queued are made, and leaves the list of
    /// instances, so that no other waits for this one.
    pub async fn close(&self) {
        self.writer.close().await;
        if let Some(hearing) = &self.hearing {
            hearing.stop().await;
        }
        self.feed.end_lease();
        // If it cannot be done the others find that nobody is there.
        let _ = self.readers.query(instances::LEAVE, &[&self.instance.id()]).await;
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresStore(…)")
    }
}
