//! Telling watchers what has been committed, by this process or by another on the same file. The
//! audit trail is the feed: whatever a page should hear of is an event, and later ones have larger
//! keys.

use std::io;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, Result, Row, params};
use sessrum_core::{News, SessionWatchers};

use crate::open;
use crate::rows::Sql;
use crate::sql::events as sql;

/// How often the events of other processes are looked for.
const POLL: Duration = Duration::from_millis(100);

/// Events that are read at once.
const PAGE: i64 = 500;

/// Reads the events that were not told yet.
pub(crate) struct ChangeFeed {
    watchers: Arc<SessionWatchers>,
    unread: Mutex<Unread>,
}

struct Unread {
    connection: Connection,
    last_told: i64,
}

impl ChangeFeed {
    /// A feed of what is committed from now on.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let connection = open::reader(path)?;
        let last_told = sql::LAST_ID.value(&connection, [])?;
        let unread = Mutex::new(Unread { connection, last_told });
        Ok(Self { watchers: Arc::default(), unread })
    }

    pub(crate) const fn watchers(&self) -> &Arc<SessionWatchers> {
        &self.watchers
    }

    /// Tells what was committed since the last call. What cannot be read now is told by a later one.
    pub(crate) fn tell(&self) -> Result<()> {
        let mut unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
        // In this order: whoever watches from now on sees what is older than that.
        let newest: i64 = sql::LAST_ID.value(&unread.connection, [])?;
        if newest < unread.last_told {
            // An older copy of the database was put in its place.
            self.watchers.tell_everyone();
        }
        if newest < unread.last_told || self.watchers.count() == 0 {
            unread.last_told = newest;
        }
        while unread.last_told < newest {
            let params = params![unread.last_told, PAGE];
            let page = sql::LIST_NEWS.all(&unread.connection, params, |row| {
                Ok((row.get::<_, i64>(0)?, news(row).ok()))
            })?;
            unread.last_told = page.last().map_or(newest, |(id, _)| *id);
            // What a newer program has written may not be understood; that it happened is.
            if page.iter().any(|(_, news)| news.is_none()) {
                self.watchers.tell_everyone();
            }
            let news: Vec<News> = page.into_iter().filter_map(|(_, news)| news).collect();
            self.watchers.tell(&news);
        }
        Ok(())
    }
}

fn news(row: &Row<'_>) -> Result<News> {
    Ok(News {
        kind: row.get::<_, Sql<_>>(1)?.0,
        user_id: row.get::<_, Option<Sql<_>>>(2)?.map(|user| user.0),
        session: row.get::<_, Option<Sql<_>>>(3)?.map(|session| session.0),
    })
}

/// A thread that looks for what other processes commit. Dropping it ends it.
pub(crate) struct FeedPoll {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FeedPoll {
    pub(crate) fn start(feed: Arc<ChangeFeed>) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let poll = move || {
            while stopped.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
                // It is tried again, and whoever asks for a session is told what is wrong.
                let _ = feed.tell();
            }
        };
        let thread = thread::Builder::new().name("sessrum-feed".to_owned()).spawn(poll)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for FeedPoll {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
