use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::{iter, slice};

use futures_util::FutureExt as _;
use sessrum_core::{Clock, EventSealer};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::failure::{Concerns, Failure, Stage};
use super::job::Job;
use super::{BATCH, Limits, Writing};
use crate::connection::Connections;
use crate::error::{Error, Result};
use crate::feed::{Announcer, Committed};
use crate::sessions::create_all;

/// What the writing task works with.
pub(super) struct WritingTask {
    connections: Connections,
    limits: Limits,
    sealer: Arc<EventSealer>,
    announcer: Arc<Announcer>,
    clock: Arc<dyn Clock>,
}

impl WritingTask {
    pub(super) const fn new(
        connections: Connections,
        limits: Limits,
        sealer: Arc<EventSealer>,
        announcer: Arc<Announcer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { connections, limits, sealer, announcer, clock }
    }

    /// Until the queue is closed and empty.
    pub(super) async fn work(self, mut jobs: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut held_back = JoinSet::new();
        while !batch.is_empty() || jobs.recv_many(&mut batch, BATCH).await > 0 {
            // The rest makes the next transaction.
            let (taken, outcome) = self.make(&mut batch).await;
            match outcome {
                Ok(committed) => self.made(batch.drain(..taken), &committed, &mut held_back),
                Err(failure) => match failure.concerns() {
                    Concerns::One if taken > 1 => {
                        self.make_one_by_one(batch.drain(..taken), &mut held_back).await;
                    }
                    Concerns::One | Concerns::Taken => {
                        answer(batch.drain(..taken), Some(&failure.error));
                    }
                    Concerns::Batch => answer(batch.drain(..), Some(&failure.error)),
                    Concerns::Everyone => {
                        // Whoever came meanwhile would wait for nothing again.
                        let meanwhile = (0..jobs.len()).map_while(|_| jobs.try_recv().ok());
                        answer(batch.drain(..).chain(meanwhile), Some(&failure.error));
                    }
                },
            }
            while held_back.try_join_next().is_some() {}
        }
        held_back.join_all().await;
    }

    /// Answers for what was committed: at once, or when every instance has heard of it. The next
    /// changes need not wait for that.
    fn made(
        &self,
        jobs: impl Iterator<Item = Job>,
        committed: &Committed,
        held_back: &mut JoinSet<()>,
    ) {
        let Some(barrier) = self.announcer.barrier(committed) else { return answer(jobs, None) };
        let (barrier, last) = (Arc::clone(barrier), committed.last);
        let jobs: Vec<Job> = jobs.collect();
        held_back.spawn(async move {
            let heard = barrier.wait_for(last).await;
            answer(jobs.into_iter(), heard.err().as_ref());
        });
    }

    /// One of them has failed, and undone the others: each gets an answer of its own.
    async fn make_one_by_one(&self, jobs: impl Iterator<Item = Job>, held_back: &mut JoinSet<()>) {
        let mut of_all = None;
        for mut job in jobs {
            if let Some(Failure { error, .. }) = &of_all {
                job.answer(Some(error));
                continue;
            }
            match self.make(slice::from_mut(&mut job)).await.1 {
                Ok(committed) => self.made(iter::once(job), &committed, held_back),
                Err(failure) => {
                    job.answer(Some(&failure.error));
                    // Of these, those behind find out for themselves when they are the next batch.
                    let is_of_others =
                        matches!(failure.concerns(), Concerns::Batch | Concerns::Everyone);
                    of_all = is_of_others.then_some(failure);
                }
            }
        }
    }

    /// Makes changes in one transaction, as many as there is time for. Answers how many were taken
    /// into it, and whether all of them were made or none.
    async fn make(&self, batch: &mut [Job]) -> (usize, Result<Committed, Failure>) {
        let mut taken = 0;
        let mut outcome = self.attempt(batch, &mut taken).await;
        if outcome.as_ref().is_err_and(Failure::can_be_tried_again) {
            outcome = self.attempt(batch, &mut taken).await;
        }
        (taken, outcome)
    }

    async fn attempt(&self, batch: &mut [Job], taken: &mut usize) -> Result<Committed, Failure> {
        *taken = 0;
        let connection = self.connections.get().await;
        let connection = connection.map_err(|error| Failure { error, stage: Stage::Nowhere })?;
        let mut writing = Writing::new(connection, Arc::clone(&self.sealer));
        if let Err(error) = writing.begin(self.limits).await {
            writing.roll_back(&error).await;
            return Err(Failure { error, stage: Stage::Waiting });
        }
        // A panic would take the task, and with it every later change.
        let making = self.make_in(&mut writing, batch, taken);
        let made = AssertUnwindSafe(making).catch_unwind().await;
        let panicked = |_| Err(Error::Defect("a change panicked".to_owned()));
        match made.unwrap_or_else(panicked) {
            Ok(()) => writing.commit(&self.announcer).await,
            Err(error) => {
                writing.roll_back(&error).await;
                Err(Failure { error, stage: Stage::Undone })
            }
        }
    }

    async fn make_in(
        &self,
        writing: &mut Writing,
        batch: &mut [Job],
        taken: &mut usize,
    ) -> Result<()> {
        let over_at = self.clock.uptime().saturating_add(self.limits.turn());
        let mut sign_ins = Vec::new();
        for job in batch {
            *taken += 1;
            match job {
                Job::Change(change) => change.make(writing).await?,
                Job::SignIn(sign_in) => sign_ins.push(&mut **sign_in),
            }
            if self.clock.uptime() >= over_at {
                break;
            }
        }
        create_all(writing, sign_ins).await
    }
}

fn answer(jobs: impl Iterator<Item = Job>, failure: Option<&Error>) {
    for job in jobs {
        job.answer(failure);
    }
}
