use std::sync::Arc;

use async_trait::async_trait;

use super::MemoryStore;
use crate::store::{JobClaim, JobStore, StoreError};
use crate::time::Timestamp;

#[async_trait]
impl JobStore for MemoryStore {
    async fn claim_jobs(&self) -> Result<Option<JobClaim>, StoreError> {
        let turn = Arc::clone(&self.turn_to_do_jobs).try_lock_owned();
        Ok(turn.ok().map(JobClaim::held_by))
    }

    async fn last_clean_up(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.state().last_clean_up)
    }

    async fn note_clean_up(&self, at: Timestamp) -> Result<(), StoreError> {
        self.state().last_clean_up = Some(at);
        Ok(())
    }
}
