//! The audit trail.

use async_trait::async_trait;
use rusqlite::{Connection, Result, params};
use sessrum_core::store::{EventFilter, EventStore, NewEvent, Page, StoreError};
use sessrum_core::{Change, EventKind, SessionEvent, SessionHandle, UserId};

use crate::rows::{self, Sql};
use crate::sql::events as sql;
use crate::store::SqliteStore;

/// Records an event in the transaction of the change it tells of.
pub(crate) fn record(connection: &Connection, event: NewEvent, change: &Change) -> Result<()> {
    sql::INSERT
        .execute(
            connection,
            params![
                Sql(change.at),
                Sql(event.kind),
                event.user_id.map(Sql),
                event.session.map(Sql),
                change.by.to_string(),
                change.client.ip_address.map(Sql),
                change.client.user_agent,
                event.detail,
            ],
        )
        .map(drop)
}

/// Records what happened to a user.
pub(crate) fn record_of(
    connection: &Connection,
    kind: EventKind,
    user: &UserId,
    session: Option<SessionHandle>,
    detail: &str,
    change: &Change,
) -> Result<()> {
    let event = NewEvent { kind, user_id: Some(user.clone()), session, detail: detail.to_owned() };
    record(connection, event, change)
}

#[async_trait]
impl EventStore for SqliteStore {
    async fn record(&self, event: NewEvent, change: &Change) -> Result<(), StoreError> {
        let change = change.clone();
        self.writer.run(move |connection| record(connection, event, &change)).await
    }

    async fn events(
        &self,
        filter: &EventFilter,
        page: Page,
    ) -> Result<Vec<SessionEvent>, StoreError> {
        let (before, limit) = rows::page(page);
        let since = filter.since.map(Sql);
        self.readers.run(|connection| match (&filter.user_id, since) {
            (Some(user), since) => {
                let params = params![before, limit, Sql(user.clone()), since];
                sql::LIST_OF_USER.all(connection, params, rows::event)
            }
            (None, Some(since)) => {
                sql::LIST_SINCE.all(connection, params![before, limit, since], rows::event)
            }
            (None, None) => sql::LIST.all(connection, [before, limit], rows::event),
        })
    }
}
