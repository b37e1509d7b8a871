use std::panic::AssertUnwindSafe;
use std::slice;
use std::sync::Arc;

use futures_util::FutureExt as _;
use sessrum_core::{EventSealer, SessionWatchers};
use tokio::sync::mpsc;

use super::failure::{Failure, Stage};
use super::job::Job;
use super::{BATCH, Limits, Writing};
use crate::connection::Connections;
use crate::error::{Error, Result};
use crate::sessions::create_all;

/// What the writing task works with.
pub(super) struct WritingTask {
    connections: Connections,
    limits: Limits,
    sealer: Arc<EventSealer>,
    watchers: Arc<SessionWatchers>,
}

impl WritingTask {
    pub(super) const fn new(
        connections: Connections,
        limits: Limits,
        sealer: Arc<EventSealer>,
        watchers: Arc<SessionWatchers>,
    ) -> Self {
        Self { connections, limits, sealer, watchers }
    }

    /// Until the queue is closed and empty.
    pub(super) async fn work(self, mut jobs: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(BATCH);
        while jobs.recv_many(&mut batch, BATCH).await > 0 {
            match self.make(&mut batch).await {
                Ok(()) => answer(batch.drain(..), None),
                Err(failure) if batch.len() > 1 && failure.is_of_one() => {
                    self.make_one_by_one(batch.drain(..)).await;
                }
                Err(failure) => {
                    answer(batch.drain(..), Some(&failure.error));
                    if failure.is_of_all() {
                        // Whoever came meanwhile would wait for nothing again.
                        let meanwhile = (0..jobs.len()).map_while(|_| jobs.try_recv().ok());
                        answer(meanwhile, Some(&failure.error));
                    }
                }
            }
        }
    }

    /// One of them has failed, and undone the others: each gets an answer of its own.
    async fn make_one_by_one(&self, jobs: impl Iterator<Item = Job>) {
        let mut of_all = None;
        for mut job in jobs {
            if of_all.is_none() {
                let failure = self.make(slice::from_mut(&mut job)).await.err();
                job.answer(failure.as_ref().map(|failure| &failure.error));
                of_all = failure.filter(|failure| !failure.is_of_one());
            } else {
                job.answer(of_all.as_ref().map(|failure| &failure.error));
            }
        }
    }

    /// Makes changes in one transaction, all of them or none.
    async fn make(&self, batch: &mut [Job]) -> Result<(), Failure> {
        match self.attempt(batch).await {
            Err(failure) if failure.can_be_tried_again() => self.attempt(batch).await,
            outcome => outcome,
        }
    }

    async fn attempt(&self, batch: &mut [Job]) -> Result<(), Failure> {
        let connection = self.connections.get().await;
        let connection = connection.map_err(|error| Failure { error, stage: Stage::Nowhere })?;
        let mut writing = Writing::new(connection, Arc::clone(&self.sealer));
        if let Err(error) = writing.begin(self.limits).await {
            writing.roll_back(&error).await;
            return Err(Failure { error, stage: Stage::Waiting });
        }
        // A panic would take the task, and with it every later change.
        let made = AssertUnwindSafe(make_in(&mut writing, batch)).catch_unwind().await;
        let panicked = |_| Err(Error::Defect("a change panicked".to_owned()));
        if let Err(error) = made.unwrap_or_else(panicked) {
            writing.roll_back(&error).await;
            return Err(Failure { error, stage: Stage::Undone });
        }
        self.watchers.tell(&writing.commit().await?);
        Ok(())
    }
}

async fn make_in(writing: &mut Writing, batch: &mut [Job]) -> Result<()> {
    let mut sign_ins = Vec::new();
    for job in batch {
        match job {
            Job::Change(change) => change.make(writing).await?,
            Job::SignIn(sign_in) => sign_ins.push(&mut **sign_in),
        }
    }
    create_all(writing, sign_ins).await
}

fn answer(jobs: impl Iterator<Item = Job>, failure: Option<&Error>) {
    for job in jobs {
        job.answer(failure);
    }
}
