//! Sessions' own data.

use async_trait::async_trait;
use sessrum_core::store::{
    DataEntry, DataStore, DataWrite, Precondition, PutOutcome, RemoveOutcome, StoreError,
};
use sessrum_core::{SessionId, Timestamp};

use crate::error::Result;
use crate::rows::{self, plain};
use crate::sessions;
use crate::sql::data as sql;
use crate::sql::sessions::NEXT_DATA_REVISION;
use crate::store::PostgresStore;
use crate::values::{Sql, check_storable, has_nul};
use crate::writer::Writing;

/// A [`DataWrite`] that can wait in the queue.
struct Write {
    key: String,
    value: String,
    precondition: Precondition,
    cap: usize,
    at: Timestamp,
}

async fn put(writing: &mut Writing, session: SessionId, write: &Write) -> Result<PutOutcome> {
    if !sessions::is_live(writing, session).await? {
        return Ok(PutOutcome::Gone);
    }
    let current = revision(writing, session, &write.key).await?;
    if !write.precondition.holds(current) {
        return Ok(PutOutcome::Conflict(current));
    }
    let others = writing.query(sql::SIZE_OF_OTHERS, &[&session.0, &write.key]).await?;
    let size = rows::limit(write.key.len().saturating_add(write.value.len()));
    if others.value::<i64>()?.saturating_add(size) > rows::limit(write.cap) {
        return Ok(PutOutcome::TooLarge);
    }
    let revision: i64 = writing.query(NEXT_DATA_REVISION, &[&session.0]).await?.value()?;
    let at = Sql(write.at);
    writing.query(sql::PUT, &[&session.0, &write.key, &write.value, &revision, &at]).await?;
    Ok(PutOutcome::Stored { revision, created: current.is_none() })
}

async fn remove(
    writing: &mut Writing,
    session: SessionId,
    key: &str,
    precondition: Precondition,
) -> Result<RemoveOutcome> {
    if !sessions::is_live(writing, session).await? {
        return Ok(RemoveOutcome::Gone);
    }
    let current = revision(writing, session, key).await?;
    if !precondition.holds(current) {
        return Ok(RemoveOutcome::Conflict(current));
    }
    if current.is_none() {
        return Ok(RemoveOutcome::Missing);
    }
    writing.query(sql::DELETE, &[&session.0, &key]).await?;
    Ok(RemoveOutcome::Removed)
}

async fn revision(writing: &Writing, session: SessionId, key: &str) -> Result<Option<i64>> {
    if has_nul(key) {
        return Ok(None);
    }
    writing.query(sql::REVISION, &[&session.0, &key]).await?.first(|row| plain(row, 0))
}

#[async_trait]
impl DataStore for PostgresStore {
    async fn data(&self, session: SessionId, key: &str) -> Result<Option<DataEntry>, StoreError> {
        if has_nul(key) {
            return Ok(None);
        }
        let found = self.readers.query(sql::FIND, &[&session.0, &key]).await?;
        Ok(found.first(rows::data_entry)?)
    }

    async fn list_data(&self, session: SessionId) -> Result<Vec<DataEntry>, StoreError> {
        Ok(self.readers.query(sql::LIST, &[&session.0]).await?.all(rows::data_entry)?)
    }

    async fn put_data(
        &self,
        session: SessionId,
        write: DataWrite<'_>,
    ) -> Result<PutOutcome, StoreError> {
        check_storable(&[write.key, write.value])?;
        let write = Write {
            key: write.key.to_owned(),
            value: write.value.to_owned(),
            precondition: write.precondition,
            cap: write.cap,
            at: write.at,
        };
        self.writer
            .run((session, write), |(session, write), writing| {
                Box::pin(put(writing, *session, write))
            })
            .await
    }

    async fn remove_data(
        &self,
        session: SessionId,
        key: &str,
        precondition: Precondition,
    ) -> Result<RemoveOutcome, StoreError> {
        self.writer
            .run(
                (session, key.to_owned(), precondition),
                |(session, key, precondition), writing| {
                    Box::pin(remove(writing, *session, key, *precondition))
                },
            )
            .await
    }
}
