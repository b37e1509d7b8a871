//! Sessions and their tokens.

mod create;
mod end;
mod tokens;

use std::collections::BTreeMap;

use async_trait::async_trait;
use sessrum_core::store::{
    Activity, CreateOutcome, EndedSession, LoadedSession, NewSession, Page, RotateOutcome,
    Rotation, SessionFilter, SessionStore, StoreError, UpdateOutcome,
};
use sessrum_core::{
    Change, EndReason, EventKind, ExpiryLimits, PlatformId, SessionHandle, SessionId, Timestamp,
    TokenHash, UserId, UserSession,
};

use crate::compaction;
use crate::error::Result;
use crate::events::record_of;
use crate::options::Revocation;
use crate::platform_use::{PlatformUse, note_uses};
use crate::rows::{self, plain};
use crate::sql::{checks, compaction as due, sessions as sql};
use crate::store::PostgresStore;
use crate::values::{Sql, without_nul};
use crate::writer::Writing;

pub(crate) use create::create_all;
pub(crate) use end::end_of_user;
pub(crate) use tokens::{NewRevision, Replaced, replace_token, retire_others};

/// Whether a session exists and has not ended.
pub(crate) async fn is_live(writing: &Writing, session: SessionId) -> Result<bool> {
    live_owner(writing, session).await.map(|owner| owner.is_some())
}

/// Whose a live session is.
pub(crate) async fn live_owner(writing: &Writing, session: SessionId) -> Result<Option<UserId>> {
    writing.query(sql::OWNER_OF_LIVE, &[&session.0]).await?.first(|row| rows::get(row, 0))
}

async fn touch_many(writing: &Writing, marks: &[Activity]) -> Result<usize> {
    // Of each session the last one, and how many there are.
    let mut last = BTreeMap::<i64, (Timestamp, usize)>::new();
    for Activity { session, at } in marks {
        let (latest, count) = last.entry(session.0).or_insert((*at, 0));
        *latest = (*latest).max(*at);
        *count += 1;
    }
    let ids: Vec<i64> = last.keys().copied().collect();
    let times: Vec<_> = last.values().map(|(at, _)| Sql(*at)).collect();
    let touched = writing.query(sql::TOUCH, &[&ids, &times]).await?;
    let touched: Vec<i64> = touched.all(|row| plain(row, 0))?;
    Ok(touched.iter().filter_map(|id| last.get(id)).map(|(_, count)| count).sum())
}

async fn switch_platform_if(
    writing: &mut Writing,
    session: SessionId,
    platform: Option<&PlatformId>,
    expected_revision: Option<i64>,
    change: &Change,
) -> Result<UpdateOutcome> {
    let (to, at) = (platform.cloned().map(Sql), Sql(change.at));
    let switched =
        writing.query(sql::SWITCH_PLATFORM, &[&session.0, &to, &at, &expected_revision]).await?;
    let Some(row) = switched.first(rows::session)? else {
        let row = writing.query(sql::FIND, &[&session.0]).await?.first(rows::session)?;
        return Ok(match row.filter(|row| row.ended.is_none()) {
            Some(row) => UpdateOutcome::Conflict(Box::new(row)),
            None => UpdateOutcome::Gone,
        });
    };
    if let Some(platform) = platform {
        let used = PlatformUse { user: &row.user_id, platform, at: change.at };
        note_uses(writing, &[used]).await?;
    }
    let detail = platform.map(ToString::to_string).unwrap_or_default();
    let kind = EventKind::PlatformSwitched;
    record_of(writing, kind, &row.user_id, Some(row.handle), &detail, change).await?;
    Ok(UpdateOutcome::Updated(Box::new(row)))
}

#[async_trait]
impl SessionStore for PostgresStore {
    async fn create(
        &self,
        mut new: NewSession,
        change: &Change,
    ) -> Result<CreateOutcome, StoreError> {
        new.user_agent = new.user_agent.map(|agent| without_nul(&agent).into());
        self.writer.sign_in(new, change).await
    }

    async fn load_by_token(&self, token: &TokenHash) -> Result<Option<LoadedSession>, StoreError> {
        let found = self.readers.query(sql::LOAD_BY_TOKEN, &[&Sql(*token)]).await?;
        Ok(found.first(rows::loaded_session)?)
    }

    async fn find_by_handle(
        &self,
        handle: &SessionHandle,
    ) -> Result<Option<UserSession>, StoreError> {
        let found = self.readers.query(sql::FIND_BY_HANDLE, &[&Sql(*handle)]).await?;
        Ok(found.first(rows::session)?)
    }

    async fn confirm_token(&self, token: &TokenHash, at: Timestamp) -> Result<(), StoreError> {
        self.writer
            .run((*token, at), |(token, at), writing| {
                Box::pin(tokens::confirm(writing, *token, *at))
            })
            .await
    }

    async fn rotate(
        &self,
        session: SessionId,
        rotation: Rotation,
        change: &Change,
    ) -> Result<RotateOutcome, StoreError> {
        self.writer
            .run((session, rotation, change.clone()), |(session, rotation, change), writing| {
                Box::pin(tokens::rotate(writing, *session, rotation, change))
            })
            .await
    }

    async fn touch_many(&self, marks: &[Activity]) -> Result<usize, StoreError> {
        self.writer.run(marks.to_vec(), |marks, writing| Box::pin(touch_many(writing, marks))).await
    }

    async fn switch_platform_if(
        &self,
        session: SessionId,
        platform: Option<&PlatformId>,
        expected_revision: Option<i64>,
        change: &Change,
    ) -> Result<UpdateOutcome, StoreError> {
        let needs = (platform.cloned(), change.clone());
        self.writer
            .run(needs, move |(platform, change), writing| {
                let platform = platform.as_ref();
                Box::pin(switch_platform_if(writing, session, platform, expected_revision, change))
            })
            .await
    }

    async fn end(
        &self,
        session: SessionId,
        reason: EndReason,
        change: &Change,
    ) -> Result<Option<EndedSession>, StoreError> {
        self.writer
            .run(change.clone(), move |change, writing| {
                Box::pin(end::end(writing, session, reason, change))
            })
            .await
    }

    async fn end_for_user(
        &self,
        user: &UserId,
        keep: Option<SessionId>,
        reason: EndReason,
        change: &Change,
    ) -> Result<Vec<EndedSession>, StoreError> {
        self.writer
            .run((user.clone(), change.clone()), move |(user, change), writing| {
                Box::pin(end_of_user(writing, user, keep, reason, change))
            })
            .await
    }

    async fn end_all(
        &self,
        keep: Option<SessionId>,
        reason: EndReason,
        limit: usize,
        change: &Change,
    ) -> Result<Vec<EndedSession>, StoreError> {
        self.writer
            .run(change.clone(), move |change, writing| {
                Box::pin(end::end_any(writing, keep, reason, limit, change))
            })
            .await
    }

    async fn end_expired(
        &self,
        limits: ExpiryLimits,
        limit: usize,
        change: &Change,
    ) -> Result<Vec<EndedSession>, StoreError> {
        self.writer
            .run(change.clone(), move |change, writing| {
                Box::pin(end::end_expired(writing, limits, limit, change))
            })
            .await
    }

    async fn until_ends_hold(&self) -> Result<(), StoreError> {
        match self.revocation {
            Revocation::Notify => Ok(()),
            Revocation::Barrier => self.until_heard().await,
        }
    }

    async fn delete_ended_before(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.writer
            .run((Sql(before), rows::limit(limit)), |(before, limit), writing| {
                Box::pin(async move {
                    Ok(writing.query(sql::DELETE_ENDED, &[before, limit]).await?.affected())
                })
            })
            .await
    }

    async fn list_for_user(&self, user: &UserId) -> Result<Vec<UserSession>, StoreError> {
        let found = self.readers.query(sql::LIST_LIVE_OF_USER, &[&Sql(user.clone())]).await?;
        Ok(found.all(rows::session)?)
    }

    async fn list(
        &self,
        filter: &SessionFilter,
        page: Page,
    ) -> Result<Vec<UserSession>, StoreError> {
        let (before, limit) = rows::page(page);
        let found = match &filter.user_id {
            Some(user) => {
                let (user, include_ended) = (Sql(user.clone()), filter.include_ended);
                let statement = sql::LIST_OF_USER;
                self.readers.query(statement, &[&before, &limit, &user, &include_ended]).await?
            }
            None if filter.include_ended => {
                self.readers.query(sql::LIST, &[&before, &limit]).await?
            }
            None => self.readers.query(sql::LIST_LIVE, &[&before, &limit]).await?,
        };
        Ok(found.all(rows::session)?)
    }

    async fn count_live(&self) -> Result<u64, StoreError> {
        let count: i64 = self.readers.query(sql::COUNT_LIVE, &[]).await?.value()?;
        Ok(count.unsigned_abs())
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.readers.query(sql::FIND, &[&0_i64]).await?;
        // The lock can be had on a full disk too; a commit cannot.
        self.writer
            .run((), |(), writing| {
                Box::pin(async move { writing.query(checks::WRITE, &[]).await.map(drop) })
            })
            .await
    }

    async fn is_compaction_due(&self) -> Result<bool, StoreError> {
        let last: Option<i64> = self.readers.query(due::LAST_DUE, &[]).await?.value()?;
        Ok(last.is_some())
    }

    async fn compact(&self) -> Result<(), StoreError> {
        // Asked first: of whoever is forgotten meanwhile there may be traces still.
        let last: Option<i64> = self.readers.query(due::LAST_DUE, &[]).await?.value()?;
        compaction::compact(&self.direct).await?;
        self.writer
            .run(last, |last, writing| {
                Box::pin(async move { writing.query(due::DONE_UP_TO, &[last]).await.map(drop) })
            })
            .await
    }
}
