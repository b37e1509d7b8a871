//! Sessions and their tokens.

mod create;
mod end;
mod tokens;

use async_trait::async_trait;
use rusqlite::{Connection, Result, params};
use sessrum_core::store::{
    Activity, CreateOutcome, EndedSession, LoadedSession, NewSession, Page, RotateOutcome,
    Rotation, SessionFilter, SessionStore, StoreError, StoreErrorKind, UpdateOutcome,
};
use sessrum_core::{
    Change, EndReason, EventKind, ExpiryLimits, PlatformId, SessionHandle, SessionId, Timestamp,
    TokenHash, UserId, UserSession,
};

use crate::compaction;
use crate::events::record_of;
use crate::platform_use::note_use;
use crate::rows::{self, Sql};
use crate::sql::{checks, sessions as sql};
use crate::store::SqliteStore;
use crate::writer::Writing;

pub(crate) use end::end_of_user;
pub(crate) use tokens::{NewRevision, Replaced, replace_token, retire_others};

/// Whether a session exists and has not ended.
pub(crate) fn is_live(connection: &Connection, session: SessionId) -> Result<bool> {
    live_owner(connection, session).map(|owner| owner.is_some())
}

/// Whose a live session is.
pub(crate) fn live_owner(connection: &Connection, session: SessionId) -> Result<Option<UserId>> {
    sql::OWNER_OF_LIVE.first(connection, [session.0], |row| rows::get(row, 0))
}

fn touch_many(connection: &Connection, marks: &[Activity]) -> Result<usize> {
    marks.iter().try_fold(0, |live, mark| {
        Ok(live + sql::TOUCH.execute(connection, params![Sql(mark.session), Sql(mark.at)])?)
    })
}

fn switch_platform_if(
    connection: &Writing<'_>,
    session: SessionId,
    platform: Option<PlatformId>,
    expected_revision: Option<i64>,
    change: &Change,
) -> Result<UpdateOutcome> {
    let detail = platform.as_ref().map(ToString::to_string).unwrap_or_default();
    let params = params![Sql(session), platform.map(Sql), Sql(change.at), expected_revision];
    let Some(row) = sql::SWITCH_PLATFORM.first(connection, params, rows::session)? else {
        let row = sql::FIND.first(connection, [session.0], rows::session)?;
        return Ok(match row.filter(|row| row.ended.is_none()) {
            Some(row) => UpdateOutcome::Conflict(Box::new(row)),
            None => UpdateOutcome::Gone,
        });
    };
    note_use(connection, &row, change)?;
    let kind = EventKind::PlatformSwitched;
    record_of(connection, kind, &row.user_id, Some(row.handle), &detail, change)?;
    Ok(UpdateOutcome::Updated(Box::new(row)))
}

#[async_trait]
impl SessionStore for SqliteStore {
    async fn create(&self, new: NewSession, change: &Change) -> Result<CreateOutcome, StoreError> {
        let change = change.clone();
        self.writer.run(move |connection| create::create(connection, new, &change)).await
    }

    async fn load_by_token(&self, token: &TokenHash) -> Result<Option<LoadedSession>, StoreError> {
        self.readers.run(|connection| {
            sql::LOAD_BY_TOKEN.first(connection, [token.as_bytes()], rows::loaded_session)
        })
    }

    async fn find_by_handle(
        &self,
        handle: &SessionHandle,
    ) -> Result<Option<UserSession>, StoreError> {
        self.readers.run(|connection| {
            sql::FIND_BY_HANDLE.first(connection, [handle.as_bytes()], rows::session)
        })
    }

    async fn confirm_token(&self, token: &TokenHash, at: Timestamp) -> Result<(), StoreError> {
        let token = *token;
        self.writer.run(move |connection| tokens::confirm(connection, token, at)).await
    }

    async fn rotate(
        &self,
        session: SessionId,
        rotation: Rotation,
        change: &Change,
    ) -> Result<RotateOutcome, StoreError> {
        let change = change.clone();
        self.writer
            .run(move |connection| tokens::rotate(connection, session, &rotation, &change))
            .await
    }

    async fn touch_many(&self, marks: &[Activity]) -> Result<usize, StoreError> {
        let marks = marks.to_vec();
        self.writer.run(move |connection| touch_many(connection, &marks)).await
    }

    async fn switch_platform_if(
        &self,
        session: SessionId,
        platform: Option<&PlatformId>,
        expected_revision: Option<i64>,
        change: &Change,
    ) -> Result<UpdateOutcome, StoreError> {
        let (platform, change) = (platform.cloned(), change.clone());
        self.writer
            .run(move |connection| {
                switch_platform_if(connection, session, platform, expected_revision, &change)
            })
            .await
    }

    async fn end(
        &self,
        session: SessionId,
        reason: EndReason,
        change: &Change,
    ) -> Result<Option<EndedSession>, StoreError> {
        let change = change.clone();
        self.writer.run(move |connection| end::end(connection, session, reason, &change)).await
    }

    async fn end_for_user(
        &self,
        user: &UserId,
        keep: Option<SessionId>,
        reason: EndReason,
        change: &Change,
    ) -> Result<Vec<EndedSession>, StoreError> {
        let (user, change) = (user.clone(), change.clone());
        self.writer
            .run(move |connection| end_of_user(connection, &user, keep, reason, &change))
            .await
    }

    async fn end_all(
        &self,
        keep: Option<SessionId>,
        reason: EndReason,
        limit: usize,
        change: &Change,
    ) -> Result<Vec<EndedSession>, StoreError> {
        let change = change.clone();
        self.writer
            .run(move |connection| end::end_any(connection, keep, reason, limit, &change))
            .await
    }

    async fn end_expired(
        &self,
        limits: ExpiryLimits,
        limit: usize,
        change: &Change,
    ) -> Result<Vec<EndedSession>, StoreError> {
        let change = change.clone();
        self.writer
            .run(move |connection| end::end_expired(connection, limits, limit, &change))
            .await
    }

    /// Another process sees an end within the lease.
    async fn until_ends_hold(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn delete_ended_before(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let limit = rows::limit(limit);
        self.writer
            .run(move |connection| {
                sql::DELETE_ENDED.execute(connection, params![Sql(before), limit])
            })
            .await
    }

    async fn list_for_user(&self, user: &UserId) -> Result<Vec<UserSession>, StoreError> {
        self.readers.run(|connection| {
            sql::LIST_LIVE_OF_USER.all(connection, [Sql(user.clone())], rows::session)
        })
    }

    async fn list(
        &self,
        filter: &SessionFilter,
        page: Page,
    ) -> Result<Vec<UserSession>, StoreError> {
        let (before, limit) = rows::page(page);
        self.readers.run(|connection| match &filter.user_id {
            Some(user) => {
                let params = params![before, limit, Sql(user.clone()), filter.include_ended];
                sql::LIST_OF_USER.all(connection, params, rows::session)
            }
            None if filter.include_ended => {
                sql::LIST.all(connection, [before, limit], rows::session)
            }
            None => sql::LIST_LIVE.all(connection, [before, limit], rows::session),
        })
    }

    async fn count_live(&self) -> Result<u64, StoreError> {
        let count: i64 = self.readers.run(|connection| sql::COUNT_LIVE.value(connection, []))?;
        Ok(count.unsigned_abs())
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.readers.run(|connection| sql::FIND.first(connection, [0], rows::session))?;
        // The lock can be had on a full disk too; a commit cannot.
        self.writer.run(|connection| checks::WRITE.execute(connection, [])).await.map(|_| ())
    }

    async fn is_compaction_due(&self) -> Result<bool, StoreError> {
        Ok(self.readers.run(compaction::last_due)?.is_some())
    }

    async fn compact(&self) -> Result<(), StoreError> {
        let path = self.readers.path().to_owned();
        let compacted = tokio::task::spawn_blocking(move || compaction::compact(&path)).await;
        compacted.map_err(|panic| StoreError::new(StoreErrorKind::Failed, panic))?
    }
}
