//! The audit trail.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use sessrum_core::store::{EventFilter, EventStore, NewEvent, Page, StoreError};
use sessrum_core::{
    Actor, Change, ChangeFeed, EventKind, EventSealer, Predecessor, SealedEvent, SessionEvent,
    SessionHandle, Timestamp, UserId,
};

use crate::error::Result;
use crate::rows::{self, bundled};
use crate::sql::{AT_ONCE, Params, events as sql, users};
use crate::store::PostgresStore;
use crate::values::{Sql, without_nul};
use crate::writer::Writing;

/// Records an event in the transaction of the change it tells of.
pub(crate) async fn record(writing: &mut Writing, event: NewEvent, change: &Change) -> Result<()> {
    let user = event.user_id.as_ref();
    if user.is_none() && !writing.ledger.knows(None) {
        let last = writing.query(sql::LAST_OF_NOBODY, &[]).await?;
        writing.ledger.learn(None, last.first(|row| rows::predecessor(row, 0))?);
    }
    learn_chains(writing, user).await?;
    let sealer = Arc::clone(&writing.sealer);
    writing.ledger.add(event, change, &sealer)?;
    if writing.ledger.unwritten() >= AT_ONCE {
        writing.write_events().await?;
    }
    Ok(())
}

/// Looks up the last events of users whose events are about to be recorded.
pub(crate) async fn learn_chains(
    writing: &mut Writing,
    users: impl IntoIterator<Item = &UserId> + Send,
) -> Result<()> {
    let last = last_of_users(writing, users).await?;
    writing.ledger.learn_all(last);
    Ok(())
}

/// The last event of each user of whom it is not known yet.
pub(crate) async fn last_of_users(
    writing: &Writing,
    users: impl IntoIterator<Item = &UserId>,
) -> Result<HashMap<UserId, Option<Predecessor>>> {
    let unknown = users.into_iter().filter(|user| !writing.ledger.knows(Some(user)));
    let mut chains: HashMap<_, _> = unknown.map(|user| (user.clone(), None)).collect();
    if !chains.is_empty() {
        let asked: Vec<_> = chains.keys().cloned().map(Sql).collect();
        let found = writing.query(sql::LAST_OF_USERS, &[&asked]).await?;
        let last: Vec<_> = found.all(|row| Ok((rows::get(row, 0)?, rows::predecessor(row, 1)?)))?;
        chains.extend(last.into_iter().map(|(user, last)| (user, Some(last))));
    }
    Ok(chains)
}

/// Records an event of a bundled user, without its client when they are not there any more.
async fn record_of_bundled(writing: &mut Writing, event: NewEvent, change: &Change) -> Result<()> {
    let key = event.user_id.as_ref().and_then(|user| bundled(&user.0));
    if writing.query(users::FIND, &[&key]).await?.first(rows::user)?.is_some() {
        record(writing, event, change).await
    } else {
        record(writing, event, &change.without_client()).await
    }
}

/// Records what happened to a user.
pub(crate) async fn record_of(
    writing: &mut Writing,
    kind: EventKind,
    user: &UserId,
    session: Option<SessionHandle>,
    detail: &str,
    change: &Change,
) -> Result<()> {
    let event = NewEvent { kind, user_id: Some(user.clone()), session, detail: detail.to_owned() };
    record(writing, event, change).await
}

/// How much was forgotten of a user, and the last event that concerned them of which it was.
#[derive(Clone, Copy)]
pub(crate) struct Forgotten {
    pub(crate) rows: usize,
    pub(crate) last: i64,
}

impl Forgotten {
    pub(crate) const NONE: Self = Self { rows: 0, last: i64::MIN };
}

/// Removes what events that concern a user, or that they caused, tell of clients: of some more than are
/// forgotten already.
pub(crate) async fn forget_clients(
    writing: &mut Writing,
    user: &UserId,
    already: Forgotten,
) -> Result<Forgotten> {
    writing.write_events().await?;
    let most = rows::limit(AT_ONCE);
    let params: Params<'_> = &[&Sql(user.clone()), &most, &already.last];
    let concerning = writing.query(sql::FORGET_CLIENTS_OF_USER, params).await?;
    let concerning: Vec<i64> = concerning.all(|row| rows::plain(row, 0))?;
    let actor = Actor::User(user.clone()).to_string();
    let caused =
        writing.query(sql::FORGET_CLIENTS_OF_ACTOR, &[&without_nul(&actor), &most]).await?;
    Ok(Forgotten {
        rows: already.rows + concerning.len() + caused.affected(),
        last: concerning.into_iter().fold(already.last, i64::max),
    })
}

async fn shorten_clients(writing: &mut Writing, before: Timestamp, limit: i64) -> Result<usize> {
    writing.write_events().await?;
    let found = writing.query(sql::WITH_CLIENT_BEFORE, &[&Sql(before), &limit]).await?;
    let events: Vec<SessionEvent> = found.all(|row| Ok(rows::event(row)?.shortened()))?;
    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
    let addresses: Vec<_> = events.iter().map(|event| &event.ip_address).collect();
    let user_agents: Vec<_> = events.iter().map(|event| &event.user_agent).collect();
    writing.query(sql::SHORTEN_CLIENTS, &[&ids, &addresses, &user_agents]).await?;
    Ok(events.len())
}

#[async_trait]
impl EventStore for PostgresStore {
    async fn record(&self, event: NewEvent, change: &Change) -> Result<(), StoreError> {
        self.writer
            .run((event, change.clone()), |(event, change), writing| {
                Box::pin(record(writing, event.clone(), change))
            })
            .await
    }

    async fn record_of_bundled(&self, event: NewEvent, change: &Change) -> Result<(), StoreError> {
        self.writer
            .run((event, change.clone()), |(event, change), writing| {
                Box::pin(record_of_bundled(writing, event.clone(), change))
            })
            .await
    }

    async fn events(
        &self,
        filter: &EventFilter,
        page: Page,
    ) -> Result<Vec<SessionEvent>, StoreError> {
        let (before, limit) = rows::page(page);
        let (since, kind) = (filter.since.map(Sql), filter.kind.map(Sql));
        let without_routine = filter.without_routine;
        let found = match (&filter.user_id, &since, filter.kind) {
            (Some(user), ..) => {
                let user = Sql(user.clone());
                let params: Params<'_> = &[&before, &limit, &user, &kind, &without_routine, &since];
                self.readers.query(sql::LIST_OF_USER, params).await?
            }
            (None, Some(since), _) => {
                let params: Params<'_> = &[&before, &limit, since, &kind, &without_routine];
                self.readers.query(sql::LIST_SINCE, params).await?
            }
            (None, None, Some(kind)) if without_routine && EventKind::ROUTINE.contains(&kind) => {
                return Ok(Vec::new());
            }
            (None, None, Some(_)) => {
                self.readers.query(sql::LIST_OF_KIND, &[&before, &limit, &kind]).await?
            }
            (None, None, None) => {
                self.readers.query(sql::LIST, &[&before, &limit, &without_routine]).await?
            }
        };
        Ok(found.all(rows::event)?)
    }

    fn feed(&self) -> &ChangeFeed {
        &self.feed
    }

    fn sealer(&self) -> &EventSealer {
        &self.sealer
    }

    /// Keys are given by a counter that whoever writes has locked.
    fn numbers_events_without_gaps(&self) -> bool {
        true
    }

    async fn last_event_id(&self) -> Result<i64, StoreError> {
        Ok(self.readers.query(sql::LAST_GIVEN, &[]).await?.value()?)
    }

    async fn sealed_events(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<SealedEvent>, StoreError> {
        let found = self.readers.query(sql::LIST_SEALED, &[&after, &rows::limit(limit)]).await?;
        Ok(found.all(rows::sealed_event)?)
    }

    async fn shorten_clients_before(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.writer
            .run((before, rows::limit(limit)), |(before, limit), writing| {
                Box::pin(shorten_clients(writing, *before, *limit))
            })
            .await
    }
}
