use std::sync::Arc;
use std::time::Duration;

use sessrum_core::store::StoreError;
use sessrum_core::{ChangeFeed, EventKind, News};
use tokio::time::sleep;

use super::Instance;
use super::instance::Others;
use crate::readers::Readers;
use crate::sql::instances as sql;

/// Between two looks at who has heard: at first, and at most.
const FIRST_REST: Duration = Duration::from_millis(1);
const LONGEST_REST: Duration = Duration::from_millis(20);

/// Where whoever ended something waits until no other instance goes by what was before.
pub(crate) struct Barrier {
    readers: Arc<Readers>,
    feed: Arc<ChangeFeed>,
    instance: Arc<Instance>,
}

impl Barrier {
    pub(crate) const fn new(
        readers: Arc<Readers>,
        feed: Arc<ChangeFeed>,
        instance: Arc<Instance>,
    ) -> Self {
        Self { readers, feed, instance }
    }

    /// Whether somebody is to wait for what has been committed.
    pub(super) fn concerns(news: &[News]) -> bool {
        news.iter().any(|news| {
            matches!(
                news.kind,
                EventKind::SessionEnded
                    | EventKind::UserDisabled
                    | EventKind::UserForgotten
                    | EventKind::RoleChanged
                    | EventKind::PasswordChanged
            )
        })
    }

    /// Waits until every other instance has heard of an event that was just committed, or its lease
    /// is over. An instance that renews after the commit hears of the event first.
    pub(crate) async fn wait_for(&self, event: i64) {
        let committed_at = self.feed.uptime();
        let mut until = committed_at.saturating_add(self.feed.lease());
        let mut deaf_at_first: Option<Others> = None;
        let mut rest = FIRST_REST;
        loop {
            match self.deaf(event).await {
                Ok(deaf) if deaf.are_none() => return,
                Ok(deaf) => {
                    until = until.max(deaf.silent_from(committed_at));
                    deaf_at_first.get_or_insert(deaf);
                }
                // What cannot be asked is waited for: leases end all the same.
                Err(_) => {}
            }
            if until <= self.feed.uptime() {
                break;
            }
            sleep(rest).await;
            rest = rest.saturating_mul(2).min(LONGEST_REST);
        }
        if let Some(deaf) = deaf_at_first {
            // So that nobody waits for them again. One that is there after all enters anew.
            sleep(deaf.over_from().saturating_sub(self.feed.uptime())).await;
            let (ids, renewals) = deaf.columns();
            let _ = self.readers.query(sql::STRIKE_OFF, &[ids, renewals]).await;
        }
    }

    async fn deaf(&self, event: i64) -> Result<Others, StoreError> {
        let deaf = self.readers.query(sql::DEAF, &[&event, &self.instance.id()]).await?;
        Ok(Others::read(&deaf, self.feed.uptime())?)
    }
}
