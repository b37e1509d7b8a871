use async_trait::async_trait;

use super::{MemoryStore, SessionRow, next};
use crate::identity::SessionId;
use crate::store::{
    DataEntry, DataStore, DataWrite, Precondition, PutOutcome, RemoveOutcome, StoreError,
};

impl SessionRow {
    fn put(&mut self, write: DataWrite<'_>) -> PutOutcome {
        let current = self.data.get(write.key).map(|entry| entry.revision);
        if !write.precondition.holds(current) {
            return PutOutcome::Conflict(current);
        }
        let others: usize = self
            .data
            .values()
            .filter(|entry| entry.key != write.key)
            .map(|entry| entry.key.len() + entry.value.len())
            .sum();
        if others + write.key.len() + write.value.len() > write.cap {
            return PutOutcome::TooLarge;
        }
        let revision = next(&mut self.last_data_revision);
        let entry = DataEntry {
            key: write.key.to_owned(),
            value: write.value.to_owned(),
            revision,
            updated_at: write.at,
        };
        self.data.insert(entry.key.clone(), entry);
        PutOutcome::Stored { revision, created: current.is_none() }
    }

    fn remove(&mut self, key: &str, precondition: Precondition) -> RemoveOutcome {
        let current = self.data.get(key).map(|entry| entry.revision);
        if !precondition.holds(current) {
            return RemoveOutcome::Conflict(current);
        }
        match self.data.remove(key) {
            Some(_) => RemoveOutcome::Removed,
            None => RemoveOutcome::Missing,
        }
    }
}

#[async_trait]
impl DataStore for MemoryStore {
    async fn data(&self, session: SessionId, key: &str) -> Result<Option<DataEntry>, StoreError> {
        Ok(self.state().live(session).and_then(|row| row.data.get(key).cloned()))
    }

    async fn list_data(&self, session: SessionId) -> Result<Vec<DataEntry>, StoreError> {
        let mut state = self.state();
        Ok(state.live(session).map_or_else(Vec::new, |row| row.data.values().cloned().collect()))
    }

    async fn put_data(
        &self,
        session: SessionId,
        write: DataWrite<'_>,
    ) -> Result<PutOutcome, StoreError> {
        Ok(self.state().live(session).map_or(PutOutcome::Gone, |row| row.put(write)))
    }

    async fn remove_data(
        &self,
        session: SessionId,
        key: &str,
        precondition: Precondition,
    ) -> Result<RemoveOutcome, StoreError> {
        let mut state = self.state();
        Ok(state.live(session).map_or(RemoveOutcome::Gone, |row| row.remove(key, precondition)))
    }
}
