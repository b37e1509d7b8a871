//! The audit trail.

use async_trait::async_trait;
use rusqlite::{Connection, Result, params};
use sessrum_core::store::{EventFilter, EventStore, NewEvent, Page, StoreError};
use sessrum_core::{
    Actor, Change, ChangeFeed, EventKind, EventSealer, Predecessor, SealedEvent, SessionEvent,
    SessionHandle, Timestamp, UserId,
};

use crate::rows::{self, Sql, bundled};
use crate::sql::{events as sql, users};
use crate::store::SqliteStore;
use crate::writer::Writing;

/// Records an event in the transaction of the change it tells of.
pub(crate) fn record(connection: &Writing<'_>, event: NewEvent, change: &Change) -> Result<()> {
    let event = event.recorded(sql::NEXT_ID.value(connection, [])?, change);
    let chain = [event.user_id.clone().map(Sql)];
    let previous = sql::LAST_OF_CHAIN
        .first(connection, chain, |row| Ok(Predecessor { id: row.get(0)?, mac: row.get(1)? }))?;
    let seal = connection.sealer.seal(&event, previous);
    let row = params![
        event.id,
        Sql(event.at),
        Sql(event.kind),
        event.user_id.map(Sql),
        event.session.map(Sql),
        event.actor,
        event.ip_address,
        event.user_agent,
        event.device,
        event.detail,
        seal.key_id,
        seal.previous_id,
        seal.client_digest,
        seal.client_salt,
        seal.short_digest,
        seal.short_salt,
        seal.mac,
    ];
    sql::INSERT.execute(connection, row).map(drop)
}

/// Records an event of a bundled user, without its client when they are not there any more.
fn record_of_bundled(connection: &Writing<'_>, event: NewEvent, change: &Change) -> Result<()> {
    let key = event.user_id.as_ref().and_then(|user| bundled(&user.0));
    if users::FIND.first(connection, [key], rows::user)?.is_some() {
        record(connection, event, change)
    } else {
        record(connection, event, &change.without_client())
    }
}

/// Records what happened to a user.
pub(crate) fn record_of(
    connection: &Writing<'_>,
    kind: EventKind,
    user: &UserId,
    session: Option<SessionHandle>,
    detail: &str,
    change: &Change,
) -> Result<()> {
    let event = NewEvent { kind, user_id: Some(user.clone()), session, detail: detail.to_owned() };
    record(connection, event, change)
}

/// Whether a user has signed in before, but never on this device.
pub(crate) fn is_new_device(
    connection: &Connection,
    user: &UserId,
    device: Option<&str>,
) -> Result<bool> {
    sql::KNOWS_DEVICE.one(connection, params![Sql(user.clone()), device], |row| {
        Ok(row.get(0)? && !row.get::<_, bool>(1)?)
    })
}

/// Removes what events that concern a user, or that they caused, tell of clients. Answers of how
/// many.
pub(crate) fn forget_clients(connection: &Connection, user: &UserId) -> Result<usize> {
    let concerning = sql::FORGET_CLIENTS_OF_USER.execute(connection, [Sql(user.clone())])?;
    let actor = Actor::User(user.clone()).to_string();
    Ok(concerning + sql::FORGET_CLIENTS_OF_ACTOR.execute(connection, [actor])?)
}

fn shorten_clients(connection: &Connection, before: Timestamp, limit: i64) -> Result<usize> {
    let params = params![Sql(before), limit];
    let mut events = sql::WITH_CLIENT_BEFORE.all(connection, params, rows::event)?;
    for event in &mut events {
        *event = event.shortened();
        let left = params![event.id, event.ip_address, event.user_agent];
        sql::SHORTEN_CLIENT.execute(connection, left)?;
    }
    Ok(events.len())
}

#[async_trait]
impl EventStore for SqliteStore {
    async fn record(&self, event: NewEvent, change: &Change) -> Result<(), StoreError> {
        let change = change.clone();
        self.writer.run(move |connection| record(connection, event, &change)).await
    }

    async fn record_of_bundled(&self, event: NewEvent, change: &Change) -> Result<(), StoreError> {
        let change = change.clone();
        self.writer.run(move |connection| record_of_bundled(connection, event, &change)).await
    }

    async fn events(
        &self,
        filter: &EventFilter,
        page: Page,
    ) -> Result<Vec<SessionEvent>, StoreError> {
        let (before, limit) = rows::page(page);
        let user = filter.user_id.clone().map(Sql);
        let (since, kind) = (filter.since.map(Sql), filter.kind.map(Sql));
        let without_routine = filter.without_routine;
        self.readers.run(|connection| {
            if user.is_some() || since.is_some() {
                let of = if user.is_some() { sql::LIST_OF_USER } else { sql::LIST_SINCE };
                let params = params![before, limit, user, since, kind, without_routine];
                return of.all(connection, params, rows::event);
            }
            match kind {
                Some(kind) if !(without_routine && EventKind::ROUTINE.contains(&kind.0)) => {
                    sql::LIST_OF_KIND.all(connection, params![before, limit, kind], rows::event)
                }
                Some(_) => Ok(Vec::new()),
                None => {
                    sql::LIST.all(connection, params![before, limit, without_routine], rows::event)
                }
            }
        })
    }

    fn feed(&self) -> &ChangeFeed {
        &self.feed
    }

    fn sealer(&self) -> &EventSealer {
        &self.sealer
    }

    /// Keys are given within the transaction, one after the other.
    fn numbers_events_without_gaps(&self) -> bool {
        true
    }

    async fn last_event_id(&self) -> Result<i64, StoreError> {
        self.readers.run(|connection| Ok(sql::NEXT_ID.value::<i64>(connection, [])? - 1))
    }

    async fn sealed_events(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<SealedEvent>, StoreError> {
        let params = [after, rows::limit(limit)];
        self.readers.run(|connection| sql::LIST_SEALED.all(connection, params, rows::sealed_event))
    }

    async fn shorten_clients_before(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let limit = rows::limit(limit);
        self.writer.run(move |connection| shorten_clients(connection, before, limit)).await
    }
}
