//! Sessions' own data.

use async_trait::async_trait;
use rusqlite::{Connection, Result, params};
use sessrum_core::store::{
    DataEntry, DataStore, DataWrite, Precondition, PutOutcome, RemoveOutcome, StoreError,
};
use sessrum_core::{SessionId, Timestamp};

use crate::rows::{self, Sql};
use crate::sessions;
use crate::sql::data as sql;
use crate::sql::sessions::NEXT_DATA_REVISION;
use crate::store::SqliteStore;

/// A [`DataWrite`] that can wait in the queue.
struct Write {
    key: String,
    value: String,
    precondition: Precondition,
    cap: usize,
    at: Timestamp,
}

fn put(connection: &Connection, session: SessionId, write: &Write) -> Result<PutOutcome> {
    if !sessions::is_live(connection, session)? {
        return Ok(PutOutcome::Gone);
    }
    let current = revision(connection, session, &write.key)?;
    if !write.precondition.holds(current) {
        return Ok(PutOutcome::Conflict(current));
    }
    let others: i64 = sql::SIZE_OF_OTHERS.value(connection, params![session.0, write.key])?;
    let size = rows::limit(write.key.len().saturating_add(write.value.len()));
    if others.saturating_add(size) > rows::limit(write.cap) {
        return Ok(PutOutcome::TooLarge);
    }
    let revision: i64 = NEXT_DATA_REVISION.value(connection, [session.0])?;
    let entry = params![session.0, write.key, write.value, revision, Sql(write.at)];
    sql::PUT.execute(connection, entry)?;
    Ok(PutOutcome::Stored { revision, created: current.is_none() })
}

fn remove(
    connection: &Connection,
    session: SessionId,
    key: &str,
    precondition: Precondition,
) -> Result<RemoveOutcome> {
    if !sessions::is_live(connection, session)? {
        return Ok(RemoveOutcome::Gone);
    }
    let current = revision(connection, session, key)?;
    if !precondition.holds(current) {
        return Ok(RemoveOutcome::Conflict(current));
    }
    match sql::DELETE.execute(connection, params![session.0, key])? {
        0 => Ok(RemoveOutcome::Missing),
        _ => Ok(RemoveOutcome::Removed),
    }
}

fn revision(connection: &Connection, session: SessionId, key: &str) -> Result<Option<i64>> {
    sql::REVISION.first(connection, params![session.0, key], |row| row.get(0))
}

#[async_trait]
impl DataStore for SqliteStore {
    async fn data(&self, session: SessionId, key: &str) -> Result<Option<DataEntry>, StoreError> {
        let params = params![session.0, key];
        self.readers.run(|connection| sql::FIND.first(connection, params, rows::data_entry))
    }

    async fn list_data(&self, session: SessionId) -> Result<Vec<DataEntry>, StoreError> {
        self.readers.run(|connection| sql::LIST.all(connection, [session.0], rows::data_entry))
    }

    async fn put_data(
        &self,
        session: SessionId,
        write: DataWrite<'_>,
    ) -> Result<PutOutcome, StoreError> {
        let write = Write {
            key: write.key.to_owned(),
            value: write.value.to_owned(),
            precondition: write.precondition,
            cap: write.cap,
            at: write.at,
        };
        self.writer.run(move |connection| put(connection, session, &write)).await
    }

    async fn remove_data(
        &self,
        session: SessionId,
        key: &str,
        precondition: Precondition,
    ) -> Result<RemoveOutcome, StoreError> {
        let key = key.to_owned();
        self.writer.run(move |connection| remove(connection, session, &key, precondition)).await
    }
}
