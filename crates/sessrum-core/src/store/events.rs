use async_trait::async_trait;

use super::{Page, StoreError};
use crate::change_feed::ChangeFeed;
use crate::event::{Change, EventKind, SessionEvent};
use crate::event_seal::{EventSealer, SealedEvent};
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

impl NewEvent {
    /// The event as it is written: the row `id`, with who and from where.
    #[must_use]
    pub fn recorded(self, id: i64, change: &Change) -> SessionEvent {
        let Change { at, by, client } = change;
        SessionEvent {
            id,
            at: *at,
            kind: self.kind.into(),
            user_id: self.user_id,
            session: self.session,
            actor: by.to_string(),
            ip_address: client.ip_address.map(|address| address.to_string()),
            user_agent: client.user_agent.as_deref().map(str::to_owned),
            device: client.device(),
            detail: self.detail,
        }
    }
}

/// Which events a list has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only those that concern this user.
    pub user_id: Option<UserId>,
    /// Only those at or after this moment.
    pub since: Option<Timestamp>,
    /// Only those of this kind.
    pub kind: Option<EventKind>,
    /// Without those of a [routine](EventKind::ROUTINE) kind.
    pub without_routine: bool,
}

/// The audit trail. Each event is [sealed](EventSealer::seal) in the transaction that writes it,
/// after the last one of the same user.
#[async_trait]
pub trait EventStore: Send + Sync + 'static {
    /// Records an event by itself.
    async fn record(&self, event: NewEvent, change: &Change) -> Result<(), StoreError>;

    /// Records an event by itself that concerns a user of the bundled tables. When they are not
    /// there any more, they were forgotten while it was on its way: it tells nothing of the client.
    async fn record_of_bundled(&self, event: NewEvent, change: &Change) -> Result<(), StoreError>;

    /// Events, newest first.
    async fn events(
        &self,
        filter: &EventFilter,
        page: Page,
    ) -> Result<Vec<SessionEvent>, StoreError>;

    /// What seals the events.
    fn sealer(&self) -> &EventSealer;

    /// Where they are told: this store's own before the verb that wrote them answers, those that
    /// another process wrote soon after.
    fn feed(&self) -> &ChangeFeed;

    /// Whether events are numbered from 1 without gaps, so that a key that is not there was removed.
    fn numbers_events_without_gaps(&self) -> bool;

    /// The key that the last event was given, be it there or not; 0 when there was none. Of a store
    /// that numbers its events [without gaps](Self::numbers_events_without_gaps) alone it tells
    /// how many there must be.
    async fn last_event_id(&self) -> Result<i64, StoreError>;

    /// Events with their seals, by ascending keys above `after`, at most `limit`. Whatever is
    /// committed later has larger keys.
    async fn sealed_events(&self, after: i64, limit: usize)
    -> Result<Vec<SealedEvent>, StoreError>;

    /// [Shortens](SessionEvent::shortened) what up to `limit` events from before `before` tell
    /// of the client, and deletes the [salts](crate::EventSeal::client_salt) of the rest. Answers how many there were: call
    /// again while it answers `limit`.
    async fn shorten_clients_before(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError>;
}
