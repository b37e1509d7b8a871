//! One thread owns the connection that writes, and commits what is queued in groups: one flush of
//! the disk serves every caller that waits.

use std::io;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, Error, Result, Transaction, TransactionBehavior};
use sessrum_core::EventSealer;
use sessrum_core::store::{StoreError, StoreErrorKind};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::error::{kind_of, store_error};
use crate::in_place::InPlace;

/// Changes that may wait; callers beyond that wait for room.
const QUEUE: usize = 1024;

/// Changes committed together at most, so that the first of a long queue is answered soon.
const BATCH: usize = 256;

/// How long the connection rests at most before it is looked at what others have committed.
const POLL: Duration = Duration::from_millis(100);

/// What a change works with: the connection, in the transaction of its batch, and what seals the
/// events that it records.
pub(crate) struct Writing<'a> {
    connection: &'a Connection,
    pub(crate) sealer: &'a EventSealer,
}

impl Deref for Writing<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

/// The way to the writing thread. Dropping it finishes the queue.
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread over a connection to the file. It calls `look` after each commit, before its
    /// callers are answered, and now and then while there is nothing to commit.
    pub(crate) fn start(
        connection: Connection,
        file: Arc<InPlace>,
        sealer: Arc<EventSealer>,
        mut look: impl FnMut(&Connection) + Send + 'static,
    ) -> io::Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let runtime = timer()?;
        let thread = thread::Builder::new().name("sessrum-sqlite".to_owned()).spawn(move || {
            work(&connection, &file, &sealer, &mut look, &runtime, jobs);
        })?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Makes a change, all of it or nothing, and answers after it is on the disk. A change that is
    /// queued is made even when its caller no longer waits.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Writing<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (caller, answer) = oneshot::channel();
        let job = Pending { change: Some(change), outcome: None, caller };
        let queue = self.queue.as_ref().ok_or(StoreErrorKind::Unavailable)?;
        queue.send(Box::new(job)).await.map_err(|_| StoreErrorKind::Unavailable)?;
        answer.await.map_err(|_| StoreErrorKind::Unavailable)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // The thread ends by itself once the queue is closed and empty; it has no result.
            let _ = thread.join();
        }
    }
}

/// A change of whatever outcome.
trait Job: Send {
    /// Makes the change and keeps what came of it.
    fn run(&mut self, writing: &Writing<'_>) -> Result<()>;

    /// Keeps why the change alone was not made.
    fn fail(&mut self, error: Error);

    /// Tells the caller what came of it, or why the whole batch was not committed.
    fn answer(self: Box<Self>, failure: Option<&Arc<Error>>);
}

struct Pending<F, T> {
    change: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Job for Pending<F, T>
where
    F: FnOnce(&Writing<'_>) -> Result<T> + Send,
    T: Send,
{
    fn run(&mut self, writing: &Writing<'_>) -> Result<()> {
        if let Some(change) = self.change.take() {
            // A panic would take the thread, and with it every later change.
            let made = catch_unwind(AssertUnwindSafe(|| change(writing)));
            self.outcome = Some(Ok(made.unwrap_or(Err(Error::UnwindingPanic))?));
        }
        Ok(())
    }

    fn fail(&mut self, error: Error) {
        self.outcome = Some(Err(store_error(error)));
    }

    fn answer(self: Box<Self>, failure: Option<&Arc<Error>>) {
        let answer = match failure {
            Some(error) => Err(StoreError::new(kind_of(error), Arc::clone(error))),
            None => self.outcome.unwrap_or_else(|| Err(StoreErrorKind::Failed.into())),
        };
        // Whoever no longer waits does not want to know.
        let _ = self.caller.send(answer);
    }
}

/// What the thread waits with, for changes or until it is time to look.
fn timer() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_time().build()
}

fn work(
    connection: &Connection,
    file: &InPlace,
    sealer: &EventSealer,
    look: &mut impl FnMut(&Connection),
    runtime: &Runtime,
    mut jobs: mpsc::Receiver<Box<dyn Job>>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let next = async { timeout(POLL, jobs.recv_many(&mut batch, BATCH)).await };
        match runtime.block_on(next) {
            Ok(0) => return,
            Ok(_) => {
                let outcome = file.check().and_then(|()| commit(connection, sealer, &mut batch));
                look(connection);
                let failure = outcome.err().map(Arc::new);
                for job in batch.drain(..) {
                    job.answer(failure.as_ref());
                }
            }
            Err(_) => look(connection),
        }
    }
}

/// Makes the changes in one transaction. An error means that none of them was made.
fn commit(connection: &Connection, sealer: &EventSealer, batch: &mut [Box<dyn Job>]) -> Result<()> {
    let mut transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    for job in batch {
        let savepoint = transaction.savepoint()?;
        match job.run(&Writing { connection: &savepoint, sealer }) {
            Ok(()) => savepoint.commit()?,
            // A full disk and the like undo the whole transaction, the neighbours' changes too.
            Err(error) if savepoint.is_autocommit() => return Err(error),
            Err(error) => {
                savepoint.finish()?;
                job.fail(error);
            }
        }
    }
    transaction.commit()
}

#[cfg(test)]
mod tests;
