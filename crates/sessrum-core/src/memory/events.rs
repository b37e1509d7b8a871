use async_trait::async_trait;

use super::{MemoryStore, State};
use crate::event::{Change, EventKind, SessionEvent};
use crate::identity::UserId;
use crate::store::{EventFilter, EventStore, NewEvent, Page, StoreError};
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
        let id = self.events.last().map_or(1, |last| last.id + 1);
        self.events.push(SessionEvent {
            id,
            at: change.at,
            kind: event.kind,
            user_id: event.user_id,
            session: event.session,
            actor: change.by.to_string(),
            ip_address: change.client.ip_address,
            user_agent: change.client.user_agent.as_deref().map(str::to_owned),
            detail: event.detail,
        });
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    async fn record(&self, event: NewEvent, change: &Change) -> Result<(), StoreError> {
        self.state().record(event, change);
        Ok(())
    }

    async fn events(
        &self,
        filter: &EventFilter,
        page: Page,
    ) -> Result<Vec<SessionEvent>, StoreError> {
        let state = self.state();
        let newest_first = state.events.iter().rev();
        Ok(newest_first
            .filter(|event| page.before.is_none_or(|before| event.id < before))
            .filter(|event| filter.user_id.is_none() || event.user_id == filter.user_id)
            .filter(|event| filter.since.is_none_or(|since| event.at >= since))
            .take(page.limit)
            .cloned()
            .collect())
    }
}
