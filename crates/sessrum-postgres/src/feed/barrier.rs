use std::sync::Arc;
use std::time::Duration;

use sessrum_core::ChangeFeed;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::others::over_after;
use super::{Instance, Others};
use crate::error::{Error, Result};
use crate::readers::Readers;
use crate::sql::instances as sql;

/// Between two looks at who has heard: at first, and at most.
const FIRST_REST: Duration = Duration::from_millis(1);
const LONGEST_REST: Duration = Duration::from_millis(20);

/// Who may wait; beyond that they wait for room.
const WAITING: usize = 1024;

/// Where whoever ended something waits until no instance goes by what was before. One task looks for
/// all of them, and ends when the barrier is dropped.
pub(crate) struct Barrier {
    feed: Arc<ChangeFeed>,
    instance: Arc<Instance>,
    waiting: mpsc::Sender<Waiting>,
}

/// Somebody who waits until every instance has heard of an event.
struct Waiting {
    event: i64,
    committed_at: Duration,
    /// When nobody goes by what was before, whoever has heard; `None` before it was known who is there.
    until: Option<Duration>,
    answer: oneshot::Sender<Result<()>>,
}

impl Barrier {
    pub(crate) fn start(
        readers: Arc<Readers>,
        feed: Arc<ChangeFeed>,
        instance: Arc<Instance>,
    ) -> Self {
        let (waiting, asked) = mpsc::channel(WAITING);
        let lookout = Lookout {
            readers,
            feed: Arc::clone(&feed),
            instance: Arc::clone(&instance),
            others: Others::default(),
        };
        tokio::spawn(lookout.work(asked));
        Self { feed, instance, waiting }
    }

    /// Waits until every instance, this one included, has heard of an event that is committed, or its
    /// lease is over. An instance that renews after the commit hears of the event first.
    ///
    /// Fails when it could not be known for a lease who is there.
    pub(crate) async fn wait_for(&self, event: i64) -> Result<()> {
        let (answer, heard) = oneshot::channel();
        let committed_at = self.feed.uptime();
        if self.instance.told() < event {
            self.instance.look();
        }
        let waiting = Waiting { event, committed_at, until: None, answer };
        let stopped = || Error::Defect("nobody looks who has heard".to_owned());
        self.waiting.send(waiting).await.map_err(|_| stopped())?;
        heard.await.map_err(|_| stopped())?
    }
}

/// Looks who has heard.
struct Lookout {
    readers: Arc<Readers>,
    feed: Arc<ChangeFeed>,
    instance: Arc<Instance>,
    others: Others,
}

impl Lookout {
    async fn work(mut self, mut asked: mpsc::Receiver<Waiting>) {
        let mut waiting = Vec::new();
        while asked.recv_many(&mut waiting, WAITING).await > 0 {
            let mut rest = FIRST_REST;
            loop {
                self.look(&mut waiting).await;
                if waiting.is_empty() {
                    break;
                }
                rest = match timeout(rest, asked.recv_many(&mut waiting, WAITING)).await {
                    Ok(0) => return,
                    Ok(_) => FIRST_REST,
                    Err(_) => rest.saturating_mul(2).min(LONGEST_REST),
                };
            }
        }
    }

    /// Looks once, and lets go whoever need not wait any more.
    async fn look(&mut self, waiting: &mut Vec<Waiting>) {
        let seen = self.see().await;
        let now = self.feed.uptime();
        for it in waiting.extract_if(.., |it| self.is_done(it, seen.as_ref().err(), now)) {
            let answer = match &seen {
                Err(error) if it.until.is_none() => Err(error.clone()),
                _ => Ok(()),
            };
            // Whoever has gone does not want to know.
            let _ = it.answer.send(answer);
        }
    }

    /// Sees who is there. Instances that go by nothing any more are struck off the list, so that nobody
    /// waits for them again. One that is there after all enters anew.
    async fn see(&mut self) -> Result<()> {
        let rows = self.readers.look_up(sql::OTHERS, &[&self.instance.id()]).await?;
        let now = self.feed.uptime();
        self.others.see(rows, now)?;
        let (ids, renewals) = self.others.silent_for(1, now);
        if !ids.is_empty() {
            self.readers.look_up(sql::STRIKE_OFF, &[&ids, &renewals]).await?;
        }
        Ok(())
    }

    fn is_done(&self, it: &mut Waiting, failure: Option<&Error>, now: Duration) -> bool {
        if it.answer.is_closed() {
            return true;
        }
        if failure.is_some() {
            // Leases that are known end all the same; others may be of any length.
            let own = over_after(self.feed.lease());
            return it.until.unwrap_or_else(|| it.committed_at.saturating_add(own)) <= now;
        }
        let own = (self.instance.told() < it.event).then(|| self.feed.lease());
        let Some(lease) = self.others.lease_of_deaf(it.event).max(own) else {
            return true;
        };
        let until = it.until.get_or_insert(now.saturating_add(over_after(lease)));
        *until <= now
    }
}
