use std::sync::Arc;

use sessrum_core::{ChangeFeed, EventKind, News};

use super::{Barrier, CHANNEL, Instance};
use crate::options::{PostgresOptions, Revocation};

/// What a transaction has committed: the events from `first` to `last`, if any.
pub(crate) struct Committed {
    pub(crate) news: Vec<News>,
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// Whether somebody asked for an end, though it may have come before.
    pub(crate) asks_for_end: bool,
}

impl Committed {
    /// Whether an answer says that something holds no more.
    fn is_revocation(&self) -> bool {
        self.asks_for_end || self.news.iter().any(|news| revokes(news.kind))
    }
}

const fn revokes(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::SessionEnded
            | EventKind::UserDisabled
            | EventKind::UserForgotten
            | EventKind::RoleChanged
            | EventKind::PasswordChanged
    )
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
        let signature = self.instance.signature();
        if self.notifies { format!("NOTIFY {CHANNEL}, '{signature}'") } else { String::new() }
    }

    /// Tells this instance what was committed.
    pub(crate) fn tell(&self, Committed { news, first, last, .. }: &Committed) {
        self.feed.tell(news);
        if !news.is_empty() {
            self.instance.has_told_own(*first, *last);
        }
    }

    /// Tells this instance what may have been committed, or may yet be: then its notification counts as
    /// another's.
    pub(crate) fn tell_of_doubt(&self, news: &[News]) {
        self.feed.tell(news);
        self.instance.doubts();
    }

    /// Where whoever has committed this must wait before anybody is answered.
    pub(crate) fn barrier(&self, committed: &Committed) -> Option<&Arc<Barrier>> {
        self.barrier.as_ref().filter(|_| committed.is_revocation())
    }
}
