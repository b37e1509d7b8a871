//! One task writes, and commits what is queued in groups: one flush of the server's disk, and one
//! turn among all instances, serve every caller that waits.

mod failure;
mod job;
mod ledger;
mod task;
mod writing;

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use sessrum_core::store::{CreateOutcome, NewSession, StoreError, StoreErrorKind};
use sessrum_core::{Change, Clock, EventSealer};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub(crate) use self::job::SignIn;
use self::job::{Job, Queued};
use self::task::WritingTask;
pub(crate) use self::writing::{Limits, Writing};
use crate::connection::Connections;
use crate::error::Result;
use crate::feed::Announcer;

/// Changes that may wait; callers beyond that wait for room.
const QUEUE: usize = 1024;

/// Changes committed together at most, so that the first of a long queue is answered soon.
const BATCH: usize = 256;

/// The way to the writing task. When it is dropped the task finishes the queue and ends, if the
/// runtime still runs.
pub(crate) struct Writer(Mutex<Option<Running>>);

struct Running {
    queue: mpsc::Sender<Job>,
    task: JoinHandle<()>,
}

impl Writer {
    /// Starts the task, which writes on one connection at a time. After each commit, before its
    /// callers are answered, it announces what was made.
    pub(crate) fn start(
        connections: Connections,
        limits: Limits,
        sealer: Arc<EventSealer>,
        announcer: Arc<Announcer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let task = WritingTask::new(connections, limits, sealer, announcer, clock).work(jobs);
        Self(Mutex::new(Some(Running { queue, task: tokio::spawn(task) })))
    }

    /// Makes a change of what it needs, all of it or nothing, and answers after it is on the disk. A
    /// change that is queued is made even when its caller no longer waits. It is asked again when
    /// its transaction was undone for another's sake.
    pub(crate) async fn run<Needs: Send + Sync + 'static, T: Send + 'static>(
        &self,
        needs: Needs,
        change: impl for<'a> Fn(&'a Needs, &'a mut Writing) -> BoxFuture<'a, Result<T>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (caller, answer) = oneshot::channel();
        self.send(Job::Change(Box::new(Queued::new(needs, change, caller)))).await?;
        answer.await.map_err(|_| StoreErrorKind::Unavailable)?
    }

    /// Signs in, together with all others that are queued.
    pub(crate) async fn sign_in(
        &self,
        new: NewSession,
        change: &Change,
    ) -> Result<CreateOutcome, StoreError> {
        let (caller, answer) = oneshot::channel();
        self.send(Job::SignIn(Box::new(SignIn::new(new, change.clone(), caller)))).await?;
        answer.await.map_err(|_| StoreErrorKind::Unavailable)?
    }

    /// Takes no more changes, and waits until those that are queued are made.
    pub(crate) async fn close(&self) {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { queue, task }) = running {
            drop(queue);
            // It has no result.
            let _ = task.await;
        }
    }

    async fn send(&self, job: Job) -> Result<(), StoreError> {
        let queue = {
            let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            running.as_ref().map(|running| running.queue.clone())
        };
        let queue = queue.ok_or(StoreErrorKind::Unavailable)?;
        queue.send(job).await.map_err(|_| StoreErrorKind::Unavailable.into())
    }
}

#[cfg(test)]
mod tests;
