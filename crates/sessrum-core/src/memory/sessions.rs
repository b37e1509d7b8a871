use std::cmp::Reverse;

use async_trait::async_trait;

use super::tokens::TokenRow;
use super::users::UserRow;
use super::{MemoryStore, State};
use crate::event::{Change, EventKind};
use crate::identity::{PlatformId, SessionId, UserId};
use crate::lifetime::ExpiryLimits;
use crate::session::{EndReason, UserSession};
use crate::store::{
    Activity, CreateOutcome, EndedSession, LoadedSession, NewSession, Page, RotateOutcome,
    Rotation, SessionFilter, SessionStore, StoreError, UpdateOutcome,
};
use crate::time::Timestamp;
use crate::token::{SessionHandle, TokenHash};

impl State {
    fn load_by_token(&self, hash: &TokenHash) -> Option<LoadedSession> {
        let token = self.tokens.get(hash)?;
        let session = self.sessions.get(&token.session)?.session.clone();
        let platform = session.active_platform_id.as_ref();
        let is_other = |(other, token): (&TokenHash, &TokenRow)| {
            other != hash && token.session == session.id && token.record.retired_at.is_none()
        };
        Some(LoadedSession {
            has_other_token: self.tokens.iter().any(is_other),
            user: self.user(&session.user_id).map(UserRow::facts),
            platform: platform
                .and_then(|id| self.platform(&session.user_id, id))
                .filter(|platform| platform.is_active)
                .map(|platform| platform.info.clone()),
            session,
            token: token.record,
        })
    }

    fn touch(&mut self, mark: &Activity) -> bool {
        let Some(row) = self.live(mark.session) else { return false };
        row.session.last_activity = row.session.last_activity.max(mark.at);
        true
    }

    fn switch_platform_if(
        &mut self,
        id: SessionId,
        platform: Option<&PlatformId>,
        expected_revision: Option<i64>,
        change: &Change,
    ) -> UpdateOutcome {
        let Some(row) = self.live(id) else { return UpdateOutcome::Gone };
        if expected_revision.is_some_and(|expected| expected != row.session.revision) {
            return UpdateOutcome::Conflict(Box::new(row.session.clone()));
        }
        row.session.active_platform_id = platform.cloned();
        row.revise(change);
        let session = row.session.clone();
        if let Some(platform) = platform {
            self.use_platform(&session.user_id, platform, change.at);
        }
        self.record_of(
            EventKind::PlatformSwitched,
            &session.user_id,
            Some(session.handle),
            platform.map(ToString::to_string).unwrap_or_default(),
            change,
        );
        UpdateOutcome::Updated(Box::new(session))
    }
}

fn is_over(session: &UserSession, limits: ExpiryLimits) -> bool {
    let idle_since =
        if session.remembered { limits.remembered_idle_since } else { limits.idle_since };
    session.expires_at <= limits.now || session.last_activity <= idle_since
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn create(&self, new: NewSession, change: &Change) -> Result<CreateOutcome, StoreError> {
        Ok(self.state().create(new, change))
    }

    async fn load_by_token(&self, token: &TokenHash) -> Result<Option<LoadedSession>, StoreError> {
        Ok(self.state().load_by_token(token))
    }

    async fn find_by_handle(
        &self,
        handle: &SessionHandle,
    ) -> Result<Option<UserSession>, StoreError> {
        let state = self.state();
        let mut sessions = state.sessions.values().map(|row| &row.session);
        Ok(sessions.find(|session| session.handle == *handle).cloned())
    }

    async fn confirm_token(&self, token: &TokenHash, at: Timestamp) -> Result<(), StoreError> {
        self.state().confirm_token(token, at);
        Ok(())
    }

    async fn rotate(
        &self,
        session: SessionId,
        rotation: Rotation,
        change: &Change,
    ) -> Result<RotateOutcome, StoreError> {
        Ok(self.state().rotate(session, rotation, change))
    }

    async fn touch_many(&self, marks: &[Activity]) -> Result<usize, StoreError> {
        let mut state = self.state();
        Ok(marks.iter().filter(|mark| state.touch(mark)).count())
    }

    async fn switch_platform_if(
        &self,
        session: SessionId,
        platform: Option<&PlatformId>,
        expected_revision: Option<i64>,
        change: &Change,
    ) -> Result<UpdateOutcome, StoreError> {
        Ok(self.state().switch_platform_if(session, platform, expected_revision, change))
    }

    async fn end(
        &self,
        session: SessionId,
        reason: EndReason,
        change: &Change,
    ) -> Result<Option<EndedSession>, StoreError> {
        Ok(self.state().end(session, reason, change))
    }

    async fn end_for_user(
        &self,
        user: &UserId,
        keep: Option<SessionId>,
        reason: EndReason,
        change: &Change,
    ) -> Result<Vec<EndedSession>, StoreError> {
        let chosen = |session: &UserSession| session.user_id == *user && Some(session.id) != keep;
        Ok(self.state().end_where(chosen, usize::MAX, reason, change))
    }

    async fn end_all(
        &self,
        keep: Option<SessionId>,
        reason: EndReason,
        limit: usize,
        change: &Change,
    ) -> Result<Vec<EndedSession>, StoreError> {
        let chosen = |session: &UserSession| Some(session.id) != keep;
        Ok(self.state().end_where(chosen, limit, reason, change))
    }

    async fn end_expired(
        &self,
        limits: ExpiryLimits,
        limit: usize,
        change: &Change,
    ) -> Result<Vec<EndedSession>, StoreError> {
        let chosen = |session: &UserSession| is_over(session, limits);
        Ok(self.state().end_where(chosen, limit, EndReason::Expired, change))
    }

    /// Nobody else goes by anything.
    async fn until_ends_hold(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn delete_ended_before(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        Ok(self.state().delete_ended_before(before, limit))
    }

    async fn list_for_user(&self, user: &UserId) -> Result<Vec<UserSession>, StoreError> {
        let state = self.state();
        let mut sessions: Vec<UserSession> =
            state.live_sessions().filter(|session| session.user_id == *user).cloned().collect();
        sessions.sort_by_key(|session| Reverse((session.last_activity, session.id)));
        Ok(sessions)
    }

    async fn list(
        &self,
        filter: &SessionFilter,
        page: Page,
    ) -> Result<Vec<UserSession>, StoreError> {
        let state = self.state();
        let newest_first = state.sessions.values().rev().map(|row| &row.session);
        Ok(newest_first
            .filter(|session| page.before.is_none_or(|before| session.id.0 < before))
            .filter(|session| filter.user_id.as_ref().is_none_or(|user| session.user_id == *user))
            .filter(|session| filter.include_ended || session.ended.is_none())
            .take(page.limit)
            .cloned()
            .collect())
    }

    async fn count_live(&self) -> Result<u64, StoreError> {
        Ok(self.state().live_sessions().map(|_| 1).sum())
    }

    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn is_compaction_due(&self) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn compact(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
