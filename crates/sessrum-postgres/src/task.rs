use std::sync::{Mutex, PoisonError};

use tokio::task::JoinHandle;

/// A task that goes on until it is stopped or dropped, whatever it is at.
pub(crate) struct Task(Mutex<Option<JoinHandle<()>>>);

impl Task {
    pub(crate) fn start(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Mutex::new(Some(tokio::spawn(work))))
    }

    /// Ends it, and waits until it has ended.
    pub(crate) async fn stop(&self) {
        if let Some(task) = self.take() {
            task.abort();
            // It has no result.
            let _ = task.await;
        }
    }

    fn take(&self) -> Option<JoinHandle<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(task) = self.take() {
            task.abort();
        }
    }
}
