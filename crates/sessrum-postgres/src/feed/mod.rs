//! What this instance hears of the others, and they of it.
//!
//! The audit trail is the feed: events are numbered in the order of their commits, so those after the
//! last one told are what is new. An instance asks for them when PostgreSQL notifies it, and several
//! times in each lease. With each question it says what it has heard; whatever was committed before
//! the question is told before the lease begins anew at the moment of the question.

mod announcer;
mod barrier;
mod instance;
mod listener;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sessrum_core::ChangeFeed;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

pub(crate) use announcer::{Announcer, Committed};
pub(crate) use barrier::Barrier;
pub(crate) use instance::Instance;
use instance::Others;
use listener::Listener;

use crate::connection::run_unprepared;
use crate::error::Result;
use crate::options::PostgresOptions;
use crate::rows;
use crate::server::Server;
use crate::sql::instances as sql;

/// PostgreSQL notifies here of every commit that has events.
const CHANNEL: &str = "sessrum_events";

/// Events that are read at once.
const PAGE: i64 = 500;

/// Questions in a lease: some may be late or lost.
const QUESTIONS_IN_A_LEASE: u32 = 4;

/// An instance is struck off the list after so many leases without a renewal.
const SILENT_LEASES: u32 = 10;

/// How long after a connection broke another is made.
const AGAIN: Duration = Duration::from_millis(100);

/// The task that listens. Dropping it ends it.
pub(crate) struct FeedTask(Mutex<Option<JoinHandle<()>>>);

impl FeedTask {
    pub(crate) fn start(
        server: Server,
        options: &PostgresOptions,
        feed: Arc<ChangeFeed>,
        instance: Arc<Instance>,
    ) -> Self {
        let rest = options.lease / QUESTIONS_IN_A_LEASE;
        let rest = if options.notifications { rest } else { rest.min(options.poll) };
        let channel = options.notifications.then_some(CHANNEL);
        let hearing = Hearing { feed, instance, rest, patience: options.lease, channel };
        Self(Mutex::new(Some(tokio::spawn(async move {
            loop {
                // What went wrong is not told here: the lease ends, whoever asks for a session asks
                // the database, and is told what is wrong with that.
                let _ = hearing.hear(&server).await;
                sleep(AGAIN).await;
            }
        }))))
    }

    /// Hears no more.
    pub(crate) async fn stop(&self) {
        let task = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }
}

impl Drop for FeedTask {
    fn drop(&mut self) {
        let task = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task {
            task.abort();
        }
    }
}

struct Hearing {
    feed: Arc<ChangeFeed>,
    instance: Arc<Instance>,
    /// Between two questions.
    rest: Duration,
    /// For an answer: later it is worth nothing.
    patience: Duration,
    channel: Option<&'static str>,
}

impl Hearing {
    /// Hears until something goes wrong.
    async fn hear(&self, server: &Server) -> Result<()> {
        let listener =
            Listener::connect(server, self.channel, Arc::clone(&self.instance), self.patience)
                .await?;
        let mut others: Option<Others> = None;
        loop {
            self.ask(&listener).await?;
            let silent_for = self.feed.lease().saturating_mul(SILENT_LEASES);
            if others.as_ref().is_none_or(|others| {
                others.over_from().saturating_add(silent_for) <= self.feed.uptime()
            }) {
                if let Some((ids, renewals)) = others.as_ref().map(Others::columns) {
                    listener.run(sql::STRIKE_OFF, &[ids, renewals]).await?;
                }
                let rows = listener.run(sql::OTHERS, &[&self.instance.id()]).await?;
                others = Some(Others::read(&rows, self.feed.uptime())?);
            }
            // Whichever comes first.
            let _ = timeout(self.rest, listener.notified()).await;
        }
    }

    /// Asks what happened, and tells it.
    async fn ask(&self, listener: &Listener) -> Result<()> {
        let (id, told) = (self.instance.id(), self.instance.told());
        let asked_at = self.feed.uptime();
        let last = listener.run(sql::RENEW, &[&id, &told]).await?;
        let Some(last) = last.first(|row| rows::plain(row, 0))? else {
            return self.enter(listener).await;
        };
        if last < told {
            // An older copy of the database was put in its place.
            return self.enter(listener).await;
        }
        // What this instance did itself it may have told meanwhile.
        let mut at = self.instance.told();
        while at < last {
            let page = listener.run(sql::LIST_NEWS, &[&at, &last, &PAGE]).await?;
            let page: Vec<_> = page.all(rows::news)?;
            let (ids, news): (Vec<i64>, Vec<_>) = page.into_iter().unzip();
            at = ids.last().copied().unwrap_or(last);
            if news.iter().any(Option::is_none) {
                // What a newer program has written may not be understood; that it happened is.
                self.feed.tell_everyone();
            }
            self.feed.tell(&news.into_iter().flatten().collect::<Vec<_>>());
            self.instance.has_told(at);
        }
        self.feed.heard(asked_at);
        if at > told {
            // Somebody may wait for this.
            listener.run(sql::RENEW, &[&id, &at]).await?;
        }
        Ok(())
    }

    /// Puts this instance on the list. What was read before counts no more: nobody has waited until
    /// it was told of changes.
    async fn enter(&self, listener: &Listener) -> Result<()> {
        let asked_at = self.feed.uptime();
        let lease = i64::try_from(self.feed.lease().as_micros()).unwrap_or(i64::MAX);
        let (id, heard) = listener
            .run(sql::ENTER, &[&lease])
            .await?
            .one(|row| Ok((rows::plain(row, 0)?, rows::plain(row, 1)?)))?;
        self.instance.enters(id, heard);
        self.feed.tell_everyone();
        self.feed.heard(asked_at);
        Ok(())
    }
}
