use async_trait::async_trait;

use super::{Page, StoreError};
use crate::event::{Change, EventKind, SessionEvent};
use crate::identity::UserId;
use crate::time::Timestamp;
use crate::token::SessionHandle;

/// An event that no other change carries, such as a refused sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// What.
    pub kind: EventKind,
    /// The user it concerns.
    pub user_id: Option<UserId>,
    /// The session it concerns.
    pub session: Option<SessionHandle>,
    /// What the kind adds.
    pub detail: String,
}

/// Which events a list has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only those that concern this user.
    pub user_id: Option<UserId>,
    /// Only those at or after this moment.
    pub since: Option<Timestamp>,
}

/// The audit trail.
#[async_trait]
pub trait EventStore: Send + Sync + 'static {
    /// Records an event by itself.
    async fn record(&self, event: NewEvent, change: &Change) -> Result<(), StoreError>;

    /// Events, newest first.
    async fn events(
        &self,
        filter: &EventFilter,
        page: Page,
    ) -> Result<Vec<SessionEvent>, StoreError>;
}
