//! Telling what has been committed, by this process or by another on the same file.
//!
//! The audit trail is the feed: whatever is to be told of this process's changes is an event, and
//! later ones have larger keys. What others commit, with events or by hand, moves the version that
//! SQLite keeps for the connection that writes; this process's commits do not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, Result, Row, params};
use sessrum_core::{ChangeFeed, Clock, News};

use crate::in_place::InPlace;
use crate::rows::Sql;
use crate::sql::events as sql;

/// How long ago the last look may be. It may have to wait for a slow disk or another process.
const LEASE: Duration = Duration::from_millis(300);

/// Events that are read at once.
const PAGE: i64 = 500;

/// Reads what was not told yet, on the connection that writes.
pub(crate) struct FeedReader {
    feed: Arc<ChangeFeed>,
    file: Arc<InPlace>,
    last_told: i64,
    version: i64,
}

impl FeedReader {
    /// Tells what is committed from now on.
    pub(crate) fn start(
        connection: &Connection,
        file: Arc<InPlace>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let feed = Arc::new(ChangeFeed::leased(clock, LEASE));
        let mut reader = Self { feed, file, last_told: 0, version: 0 };
        let uptime = reader.feed.uptime();
        (reader.version, reader.last_told) = newest(connection)?;
        reader.feed.heard(uptime);
        Ok(reader)
    }

    pub(crate) const fn feed(&self) -> &Arc<ChangeFeed> {
        &self.feed
    }

    /// Tells what was committed since the last look. What cannot be read now is told by a later one,
    /// and nothing that was read before holds until then.
    pub(crate) fn look(&mut self, connection: &Connection) {
        // A panic would take the thread, and with it every later change.
        let told = catch_unwind(AssertUnwindSafe(|| self.tell(connection)));
        if !matches!(told, Ok(Ok(()))) {
            self.feed.end_lease();
        }
    }

    fn tell(&mut self, connection: &Connection) -> Result<()> {
        let uptime = self.feed.uptime();
        self.file.check()?;
        // Of one moment: an event of another process never comes without its version.
        let look = connection.unchecked_transaction()?;
        let (version, newest) = newest(&look)?;
        if version != self.version {
            self.feed.tell_everyone();
            (self.version, self.last_told) = (version, newest);
        }
        while self.last_told < newest {
            let page = sql::LIST_NEWS.all(&look, params![self.last_told, PAGE], news)?;
            let (ids, news): (Vec<i64>, Vec<News>) = page.into_iter().unzip();
            self.feed.tell(&news);
            self.last_told = ids.last().copied().unwrap_or(newest);
        }
        self.feed.heard(uptime);
        Ok(())
    }
}

/// The version of what others have committed, and the key of the last event.
fn newest(connection: &Connection) -> Result<(i64, i64)> {
    Ok((sql::DATA_VERSION.value(connection, [])?, sql::LAST_ID.value(connection, [])?))
}

fn news(row: &Row<'_>) -> Result<(i64, News)> {
    let news = News {
        kind: row.get::<_, Sql<_>>(1)?.0,
        user_id: row.get::<_, Option<Sql<_>>>(2)?.map(|user| user.0),
        session: row.get::<_, Option<Sql<_>>>(3)?.map(|session| session.0),
    };
    Ok((row.get(0)?, news))
}

#[cfg(test)]
mod tests {
    use sessrum_core::{ManualClock, Timestamp, UserId};

    use super::*;
    use crate::open;

    #[test]
    fn nothing_holds_after_a_look_that_failed_until_one_succeeds() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("test.db");
        open::migrate(&path).unwrap();
        let connection = open::writer(&path).unwrap();
        let file = Arc::new(InPlace::of(&path).unwrap());
        let clock = Arc::new(ManualClock::starting_at(Timestamp::from_micros(0)));
        let mut reader = FeedReader::start(&connection, file, clock).unwrap();
        let feed = Arc::clone(reader.feed());
        let holds = || feed.holds(&UserId::from("ada"), feed.generation());
        assert!(holds());
        let damaged = Connection::open_in_memory().unwrap();
        reader.look(&damaged);
        assert!(!holds());
        reader.look(&connection);
        assert!(holds());
    }
}
