use async_trait::async_trait;

use super::{MemoryStore, State};
use crate::change_feed::{ChangeFeed, News};
use crate::event::{Actor, Change, EventKind, SessionEvent};
use crate::event_seal::{EventSealer, Predecessor, SealedEvent};
use crate::identity::UserId;
use crate::store::{EventFilter, EventStore, NewEvent, Page, StoreError};
use crate::time::Timestamp;
use crate::token::SessionHandle;

impl State {
    pub(super) fn record_of(
        &mut self,
        kind: EventKind,
        user: &UserId,
        session: Option<SessionHandle>,
        detail: String,
        change: &Change,
    ) {
        self.record(NewEvent { kind, user_id: Some(user.clone()), session, detail }, change);
    }

    pub(super) fn record(&mut self, event: NewEvent, change: &Change) {
        let id = self.events.last().map_or(1, |last| last.event.id + 1);
        let kind = event.kind;
        let event = event.recorded(id, change);
        let mut of_user = self.events.iter().rev();
        let previous = of_user.find(|sealed| sealed.event.user_id == event.user_id);
        let previous = previous.map(|last| Predecessor { id: last.event.id, mac: last.seal.mac });
        let seal = self.sealer.seal(&event, previous);
        // Whoever reads again waits for the lock that the verb holds.
        self.feed.tell(&[News { kind, user_id: event.user_id.clone(), session: event.session }]);
        self.events.push(SealedEvent { event, seal });
    }

    /// Whether the user has signed in before, but never on this device.
    pub(super) fn is_new_device(&self, user: &UserId, device: Option<&str>) -> bool {
        let events = self.events.iter().map(|sealed| &sealed.event);
        let mut sign_ins = events
            .filter(|event| event.kind == EventKind::SignedIn)
            .filter(|event| event.user_id.as_ref() == Some(user))
            .peekable();
        sign_ins.peek().is_some() && sign_ins.all(|event| event.device.as_deref() != device)
    }

    /// Removes what events that concern a user, or that they caused, tell of clients. Answers
    /// whether there was anything.
    pub(super) fn forget_clients(&mut self, user: &UserId) -> bool {
        let actor = Actor::User(user.clone()).to_string();
        let mut anything = false;
        for sealed in &mut self.events {
            let SealedEvent { event, seal } = sealed;
            let concerns = event.user_id.as_ref() == Some(user) && event.tells_of_client();
            if concerns || (event.actor == actor && seal.client_salt.is_some()) {
                sealed.forget_client();
                anything = true;
            }
        }
        anything
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    async fn record(&self, event: NewEvent, change: &Change) -> Result<(), StoreError> {
        self.state().record(event, change);
        Ok(())
    }

    async fn record_of_bundled(&self, event: NewEvent, change: &Change) -> Result<(), StoreError> {
        let mut state = self.state();
        let is_there = event.user_id.as_ref().is_some_and(|user| state.user(user).is_some());
        let change = if is_there { change.clone() } else { change.without_client() };
        state.record(event, &change);
        Ok(())
    }

    async fn events(
        &self,
        filter: &EventFilter,
        page: Page,
    ) -> Result<Vec<SessionEvent>, StoreError> {
        let state = self.state();
        let newest_first = state.events.iter().rev().map(|sealed| &sealed.event);
        Ok(newest_first
            .filter(|event| page.before.is_none_or(|before| event.id < before))
            .filter(|event| filter.user_id.is_none() || event.user_id == filter.user_id)
            .filter(|event| filter.since.is_none_or(|since| event.at >= since))
            .filter(|event| filter.kind.is_none_or(|kind| event.kind == kind))
            .filter(|event| {
                !filter.without_routine || !EventKind::ROUTINE.iter().any(|it| event.kind == *it)
            })
            .take(page.limit)
            .cloned()
            .collect())
    }

    fn sealer(&self) -> &EventSealer {
        &self.sealer
    }

    fn feed(&self) -> &ChangeFeed {
        &self.feed
    }

    fn numbers_events_without_gaps(&self) -> bool {
        true
    }

    async fn last_event_id(&self) -> Result<i64, StoreError> {
        Ok(self.state().events.last().map_or(0, |last| last.event.id))
    }

    async fn sealed_events(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<SealedEvent>, StoreError> {
        let state = self.state();
        let above = state.events.iter().filter(|sealed| sealed.event.id > after);
        Ok(above.take(limit).cloned().collect())
    }

    async fn shorten_clients_before(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let mut state = self.state();
        let mut whole: Vec<_> = state
            .events
            .iter_mut()
            .filter(|sealed| sealed.event.at < before && sealed.seal.client_salt.is_some())
            .collect();
        whole.sort_by_key(|sealed| (sealed.event.at, sealed.event.id));
        whole.truncate(limit);
        for sealed in &mut whole {
            sealed.shorten_client();
        }
        Ok(whole.len())
    }
}
