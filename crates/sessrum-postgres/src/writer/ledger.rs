use std::collections::HashMap;

use sessrum_core::store::NewEvent;
use sessrum_core::{Change, EventSealer, News, Predecessor, SealedEvent, SessionEvent, UserId};

use crate::error::{Error, Result};
use crate::values::without_nul;

/// The events of one transaction, numbered and sealed before they are written.
pub(crate) struct Ledger {
    last_given: i64,
    /// The last event of each user, and of nobody, as far as somebody asked.
    chains: HashMap<Option<UserId>, Option<Predecessor>>,
    unwritten: Vec<SealedEvent>,
    news: Vec<News>,
}

impl Ledger {
    /// After the event that was given this number.
    pub(super) fn after(last_given: i64) -> Self {
        Self { last_given, chains: HashMap::new(), unwritten: Vec::new(), news: Vec::new() }
    }

    pub(crate) fn knows(&self, user: Option<&UserId>) -> bool {
        // A map of options is asked by an option of its own.
        self.chains.contains_key(&user.cloned())
    }

    pub(crate) fn learn(&mut self, user: Option<UserId>, last: Option<Predecessor>) {
        self.chains.insert(user, last);
    }

    pub(crate) fn learn_all(&mut self, last: HashMap<UserId, Option<Predecessor>>) {
        self.chains.extend(last.into_iter().map(|(user, last)| (Some(user), last)));
    }

    /// Adds an event of a user whose last one is known.
    pub(crate) fn add(
        &mut self,
        event: NewEvent,
        change: &Change,
        sealer: &EventSealer,
    ) -> Result<()> {
        let none_is_left = || Error::unreadable("no number is left for events");
        self.last_given = self.last_given.checked_add(1).ok_or_else(none_is_left)?;
        let NewEvent { kind, user_id, session, .. } = &event;
        self.news.push(News { kind: *kind, user_id: user_id.clone(), session: *session });
        let event = as_held(event.recorded(self.last_given, change));
        let last = self.chains.entry(event.user_id.clone()).or_default();
        let seal = sealer.seal(&event, *last);
        *last = Some(Predecessor { id: event.id, mac: seal.mac });
        self.unwritten.push(SealedEvent { event, seal });
        Ok(())
    }

    pub(super) const fn last_given(&self) -> i64 {
        self.last_given
    }

    /// How many events are numbered and not written.
    pub(crate) const fn unwritten(&self) -> usize {
        self.unwritten.len()
    }

    pub(super) fn take_unwritten(&mut self) -> Vec<SealedEvent> {
        std::mem::take(&mut self.unwritten)
    }

    pub(super) fn into_news(self) -> Vec<News> {
        self.news
    }
}

/// An event as it comes back from PostgreSQL: the seal is of that.
fn as_held(mut event: SessionEvent) -> SessionEvent {
    for text in [&mut event.actor, &mut event.detail].into_iter().chain(&mut event.user_agent) {
        *text = without_nul(text).into_owned();
    }
    event
}
