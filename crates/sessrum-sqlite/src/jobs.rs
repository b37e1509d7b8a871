//! Jobs: a process has one server at most, and two processes on one file do no harm.

use std::sync::Arc;

use async_trait::async_trait;
use sessrum_core::Timestamp;
use sessrum_core::store::{JobClaim, JobStore, StoreError};

use crate::rows::Sql;
use crate::sql::jobs as sql;
use crate::store::SqliteStore;

#[async_trait]
impl JobStore for SqliteStore {
    async fn claim_jobs(&self) -> Result<Option<JobClaim>, StoreError> {
        let turn = Arc::clone(&self.turn_to_do_jobs).try_lock_owned();
        Ok(turn.ok().map(JobClaim::held_by))
    }

    async fn last_clean_up(&self) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<Sql<Timestamp>> =
            self.readers.run(|connection| sql::LAST_CLEAN_UP.value(connection, []))?;
        Ok(at.map(|Sql(at)| at))
    }

    async fn note_clean_up(&self, at: Timestamp) -> Result<(), StoreError> {
        let noted =
            self.writer.run(move |connection| sql::NOTE_CLEAN_UP.execute(connection, [Sql(at)]));
        noted.await.map(drop)
    }
}
