use std::sync::Arc;

use sessrum_core::{ChangeFeed, News};

use super::{Barrier, CHANNEL, Instance};
use crate::options::{PostgresOptions, Revocation};

/// What a transaction has committed: the events from `first` to `last`, if any.
pub(crate) struct Committed {
    pub(crate) news: Vec<News>,
    pub(crate) first: i64,
    pub(crate) last: i64,
}

/// Tells what this instance itself has committed.
pub(crate) struct Announcer {
    feed: Arc<ChangeFeed>,
    instance: Arc<Instance>,
    barrier: Option<Arc<Barrier>>,
    notifies: bool,
}

impl Announcer {
    pub(crate) fn new(
        options: &PostgresOptions,
        feed: Arc<ChangeFeed>,
        instance: Arc<Instance>,
        barrier: Arc<Barrier>,
    ) -> Self {
        let barrier = (options.revocation == Revocation::Barrier).then_some(barrier);
        Self { feed, instance, barrier, notifies: options.notifications }
    }

    /// The command by which a transaction with events tells the other instances who made it.
    pub(crate) fn notify(&self) -> String {
        let id = self.instance.id();
        if self.notifies { format!("NOTIFY {CHANNEL}, '{id}'") } else { String::new() }
    }

    /// Tells this instance what was committed.
    pub(crate) fn tell(&self, Committed { news, first, last }: &Committed) {
        self.feed.tell(news);
        if !news.is_empty() {
            self.instance.has_told_own(*first, *last);
        }
    }

    /// Where whoever has committed this must wait before anybody is answered.
    pub(crate) fn barrier(&self, committed: &Committed) -> Option<&Arc<Barrier>> {
        self.barrier.as_ref().filter(|_| Barrier::concerns(&committed.news))
    }
}
