use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tokio::sync::Notify;

/// This instance, as the others know it.
#[derive(Debug, Default)]
pub(crate) struct Instance {
    /// Its number on the list; 0 before it is on it.
    id: AtomicI64,
    /// The last event before which all were told here.
    told: AtomicI64,
    /// How many of its commits had an outcome that it did not get to know.
    doubts: AtomicU64,
    /// There may be something that it was not told.
    news: Notify,
}

impl Instance {
    /// One that never hears, and so goes by nothing that it was not told.
    pub(crate) fn deaf() -> Self {
        Self { told: AtomicI64::new(i64::MAX), ..Self::default() }
    }

    pub(crate) fn id(&self) -> i64 {
        self.id.load(Ordering::Acquire)
    }

    pub(super) fn told(&self) -> i64 {
        self.told.load(Ordering::Acquire)
    }

    pub(super) fn enters(&self, id: i64, heard: i64) {
        self.told.store(heard, Ordering::Release);
        self.id.store(id, Ordering::Release);
    }

    pub(super) fn has_told(&self, event: i64) {
        self.told.fetch_max(event, Ordering::AcqRel);
    }

    /// The events from `first` to `last`, its own, were told. Unless there are some before that were
    /// not, they need not be read again.
    pub(super) fn has_told_own(&self, first: i64, last: i64) {
        let before = first.saturating_sub(1);
        let _ = self.told.compare_exchange(before, last, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Tells notifications of its own commits from all others. Those whose outcome it does not know
    /// count among the others: it hears of them like of any.
    pub(super) fn signature(&self) -> String {
        format!("{} {}", self.id(), self.doubts.load(Ordering::Acquire))
    }

    /// Something of its own may have been committed, now or later.
    pub(super) fn doubts(&self) {
        self.doubts.fetch_add(1, Ordering::AcqRel);
    }

    /// Has it look at once what happened.
    pub(super) fn look(&self) {
        self.news.notify_one();
    }

    /// Waits until it is to look. What was said before the call counts.
    pub(super) async fn is_to_look(&self) {
        self.news.notified().await;
    }
}
