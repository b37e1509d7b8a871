//! Counters of sign-in attempts.

use async_trait::async_trait;
use sessrum_core::Timestamp;
use sessrum_core::store::{StoreError, ThrottleStore};
use sessrum_core::throttle::{Admission, Attempt, Counters, Mark, ThrottleRules};

use crate::error::Result;
use crate::rows;
use crate::sql::throttle as sql;
use crate::store::PostgresStore;
use crate::values::Sql;
use crate::writer::Writing;

async fn counters(writing: &Writing, attempt: &Attempt) -> Result<Counters> {
    let mut counters = Counters::default();
    for (key, counter) in attempt.keyed(&mut counters) {
        let found = writing.query(sql::FIND, &[&Sql(key.account), &Sql(key.place)]).await?;
        *counter = found.first(rows::counter)?.unwrap_or_default();
    }
    Ok(counters)
}

async fn keep(writing: &Writing, attempt: &Attempt, mut counters: Counters) -> Result<()> {
    for (key, counter) in attempt.keyed(&mut counters) {
        let (account, place) = (Sql(key.account), Sql(key.place));
        if counter.is_empty() {
            writing.query(sql::REMOVE, &[&account, &place]).await?;
            continue;
        }
        let (failures, slowing) = (i64::from(counter.failures), i64::from(counter.slowing));
        let (counted_at, forget_at) = (Sql(counter.counted_at), Sql(counter.forget_at));
        let succeeded_at = counter.succeeded_at.map(Sql);
        writing
            .query(
                sql::KEEP,
                &[&account, &place, &failures, &slowing, &counted_at, &succeeded_at, &forget_at],
            )
            .await?;
    }
    Ok(())
}

async fn begin(
    writing: &Writing,
    attempt: &Attempt,
    rules: &ThrottleRules,
    now: Timestamp,
) -> Result<Admission> {
    let mut counters = counters(writing, attempt).await?;
    let admission = rules.admit(attempt, &mut counters, now);
    if admission == Admission::Admitted {
        keep(writing, attempt, counters).await?;
    }
    Ok(admission)
}

async fn succeed(
    writing: &Writing,
    attempt: &Attempt,
    rules: &ThrottleRules,
    now: Timestamp,
) -> Result<()> {
    let mut counters = counters(writing, attempt).await?;
    rules.succeed(attempt, &mut counters, now);
    keep(writing, attempt, counters).await
}

#[async_trait]
impl ThrottleStore for PostgresStore {
    async fn begin_attempt(
        &self,
        attempt: &Attempt,
        rules: &ThrottleRules,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        self.writer
            .run((*attempt, *rules, now), |(attempt, rules, now), writing| {
                Box::pin(begin(writing, attempt, rules, *now))
            })
            .await
    }

    async fn attempt_succeeded(
        &self,
        attempt: &Attempt,
        rules: &ThrottleRules,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.writer
            .run((*attempt, *rules, now), |(attempt, rules, now), writing| {
                Box::pin(succeed(writing, attempt, rules, *now))
            })
            .await
    }

    async fn forget_attempts(&self, account: Mark) -> Result<(), StoreError> {
        self.writer
            .run(Sql(account), |account, writing| {
                Box::pin(async move {
                    writing.query(sql::REMOVE_OF_ACCOUNT, &[account]).await.map(drop)
                })
            })
            .await
    }

    async fn delete_forgotten_attempts(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.writer
            .run((Sql(now), rows::limit(limit)), |(now, limit), writing| {
                Box::pin(async move {
                    Ok(writing.query(sql::REMOVE_FORGOTTEN, &[now, limit]).await?.affected())
                })
            })
            .await
    }
}
