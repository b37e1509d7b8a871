//! Counters of sign-in attempts.

use async_trait::async_trait;
use rusqlite::{Connection, Result, params};
use sessrum_core::Timestamp;
use sessrum_core::store::{StoreError, ThrottleStore};
use sessrum_core::throttle::{Admission, Attempt, Counters, Mark, ThrottleRules};

use crate::rows::{self, Sql};
use crate::sql::throttle as sql;
use crate::store::SqliteStore;

fn counters(connection: &Connection, attempt: &Attempt) -> Result<Counters> {
    let mut counters = Counters::default();
    for (key, counter) in attempt.keyed(&mut counters) {
        let key = params![Sql(key.account), Sql(key.place)];
        *counter = sql::FIND.first(connection, key, rows::counter)?.unwrap_or_default();
    }
    Ok(counters)
}

fn keep(connection: &Connection, attempt: &Attempt, mut counters: Counters) -> Result<()> {
    for (key, counter) in attempt.keyed(&mut counters) {
        let (account, place) = (Sql(key.account), Sql(key.place));
        if counter.is_empty() {
            sql::REMOVE.execute(connection, params![account, place])?;
        } else {
            let row = params![
                account,
                place,
                counter.failures,
                counter.slowing,
                Sql(counter.counted_at),
                counter.succeeded_at.map(Sql),
                Sql(counter.forget_at),
            ];
            sql::KEEP.execute(connection, row)?;
        }
    }
    Ok(())
}

#[async_trait]
impl ThrottleStore for SqliteStore {
    async fn begin_attempt(
        &self,
        attempt: &Attempt,
        rules: &ThrottleRules,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        let (attempt, rules) = (*attempt, *rules);
        self.writer
            .run(move |connection| {
                let mut counters = counters(connection, &attempt)?;
                let admission = rules.admit(&attempt, &mut counters, now);
                if admission == Admission::Admitted {
                    keep(connection, &attempt, counters)?;
                }
                Ok(admission)
            })
            .await
    }

    async fn attempt_succeeded(
        &self,
        attempt: &Attempt,
        rules: &ThrottleRules,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (attempt, rules) = (*attempt, *rules);
        self.writer
            .run(move |connection| {
                let mut counters = counters(connection, &attempt)?;
                rules.succeed(&attempt, &mut counters, now);
                keep(connection, &attempt, counters)
            })
            .await
    }

    async fn forget_attempts(&self, account: Mark) -> Result<(), StoreError> {
        self.writer
            .run(move |connection| sql::REMOVE_OF_ACCOUNT.execute(connection, [Sql(account)]))
            .await
            .map(drop)
    }

    async fn delete_forgotten_attempts(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let params = (Sql(now), rows::limit(limit));
        self.writer.run(move |connection| sql::REMOVE_FORGOTTEN.execute(connection, params)).await
    }
}
