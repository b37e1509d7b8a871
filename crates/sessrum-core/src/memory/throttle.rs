use async_trait::async_trait;

use super::{MemoryStore, State};
use crate::store::{StoreError, ThrottleStore};
use crate::throttle::{Admission, Attempt, Counters, Mark, ThrottleRules};
use crate::time::Timestamp;

impl State {
    fn counters(&self, attempt: &Attempt) -> Counters {
        let mut counters = Counters::default();
        for (key, counter) in attempt.keyed(&mut counters) {
            *counter = self.counters.get(&key).copied().unwrap_or_default();
        }
        counters
    }

    fn keep(&mut self, attempt: &Attempt, mut counters: Counters) {
        for (key, counter) in attempt.keyed(&mut counters) {
            if counter.is_empty() {
                self.counters.remove(&key);
            } else {
                self.counters.insert(key, *counter);
            }
        }
    }
}

#[async_trait]
impl ThrottleStore for MemoryStore {
    async fn begin_attempt(
        &self,
        attempt: &Attempt,
        rules: &ThrottleRules,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        let mut state = self.state();
        let mut counters = state.counters(attempt);
        let admission = rules.admit(attempt, &mut counters, now);
        if admission == Admission::Admitted {
            state.keep(attempt, counters);
        }
        Ok(admission)
    }

    async fn attempt_succeeded(
        &self,
        attempt: &Attempt,
        rules: &ThrottleRules,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let mut counters = state.counters(attempt);
        rules.succeed(attempt, &mut counters, now);
        state.keep(attempt, counters);
        Ok(())
    }

    async fn forget_attempts(&self, account: Mark) -> Result<(), StoreError> {
        self.state().counters.retain(|key, _| key.account != account);
        Ok(())
    }

    async fn delete_forgotten_attempts(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let counters = &mut self.state().counters;
        let mut forgotten: Vec<_> = counters
            .iter()
            .filter(|(_, counter)| counter.forget_at <= now)
            .map(|(key, counter)| (counter.forget_at, *key))
            .collect();
        forgotten.sort_unstable();
        forgotten.truncate(limit);
        for (_, key) in &forgotten {
            counters.remove(key);
        }
        Ok(forgotten.len())
    }
}
