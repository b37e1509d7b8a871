use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sessrum_core::{ChangeFeed, EventSealer, SystemClock};

use crate::open;
use crate::open_error::OpenError;
use crate::options::PostgresOptions;
use crate::readers::Readers;
use crate::server::Server;
use crate::writer::{Limits, Writer};

/// How long what was heard is good.
const LEASE: Duration = Duration::from_secs(2);

/// A server that ends a statement by itself is let do so: its answer leaves the connection whole.
const GRACE: Duration = Duration::from_millis(500);

/// Every store on one PostgreSQL database. See the [crate](crate) for what it promises.
///
/// It works in the Tokio runtime that it was opened in. When it is dropped a task there finishes what
/// is queued; [`close`](Self::close) waits for that.
pub struct PostgresStore {
    pub(crate) readers: Readers,
    pub(crate) writer: Writer,
    /// Where tables are compacted.
    pub(crate) direct: Server,
    pub(crate) feed: Arc<ChangeFeed>,
    pub(crate) sealer: Arc<EventSealer>,
}

impl PostgresStore {
    /// Opens a database that has been [migrated](crate::migrate). Its events are sealed with `sealer`.
    ///
    /// # Errors
    /// [`OpenError`] says what stands in the way.
    pub async fn open(options: &PostgresOptions, sealer: EventSealer) -> Result<Self, OpenError> {
        let server = Server::of(&options.url, options)?;
        let readers = server.connections(options.pool_size.max(1), options.statement_timeout)?;
        open::check(&server, &readers).await?;
        let writing = server.connections(1, options.statement_timeout.saturating_add(GRACE))?;
        let limits = Limits { statement: options.statement_timeout };
        let feed = Arc::new(ChangeFeed::leased(Arc::new(SystemClock), LEASE));
        let sealer = Arc::new(sealer);
        let writer = Writer::start(writing, limits, Arc::clone(&sealer), Arc::clone(&feed));
        let direct = open::direct(options)?;
        Ok(Self { readers: Readers::new(readers), writer, direct, feed, sealer })
    }

    /// Takes no more changes, and waits until those that are queued are made.
    pub async fn close(&self) {
        self.writer.close().await;
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresStore(…)")
    }
}
