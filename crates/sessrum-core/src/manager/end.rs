use super::UnifiedSessionManager;
use super::clean_up::BATCH;
use crate::client::Client;
use crate::context::SessionContext;
use crate::error::SessionError;
use crate::event::Change;
use crate::identity::UserId;
use crate::session::{EndReason, UserSession};
use crate::store::{EndedSession, Page, SessionFilter};
use crate::token::SessionHandle;

impl UnifiedSessionManager {
    /// Ends a session as its user's logout. True when this call ended it; false when it had
    /// already ended, which is as good.
    ///
    /// # Errors
    /// [`SessionError::Store`] when the database fails: the session may still live.
    pub async fn destroy_session(
        &self,
        context: &SessionContext,
        client: &Client,
    ) -> Result<bool, SessionError> {
        let change = self.change_by(context, client);
        let ended = self.store().end(context.session.id, EndReason::Logout, &change).await?;
        Ok(ended.is_some())
    }

    /// Ends another of the user's own sessions, by its public name. `None` when the user has no
    /// such live session.
    ///
    /// # Errors
    /// [`SessionError::Store`] when the database fails.
    pub async fn end_own_session(
        &self,
        context: &SessionContext,
        handle: &SessionHandle,
        client: &Client,
    ) -> Result<Option<EndedSession>, SessionError> {
        let found = self.store().find_by_handle(handle).await?;
        let Some(session) = found.filter(|session| session.user_id == context.user.id) else {
            return Ok(None);
        };
        let reason = if session.id == context.session.id {
            EndReason::Logout
        } else {
            EndReason::RevokedByUser
        };
        Ok(self.store().end(session.id, reason, &self.change_by(context, client)).await?)
    }

    /// Ends the user's sessions, all but `keep_current` if there is one.
    ///
    /// # Errors
    /// [`SessionError::Store`] when the database fails.
    pub async fn cleanup_user_sessions(
        &self,
        user: &UserId,
        keep_current: Option<&SessionContext>,
        reason: EndReason,
        change: &Change,
    ) -> Result<Vec<EndedSession>, SessionError> {
        let keep = keep_current.map(|context| context.session.id);
        Ok(self.store().end_for_user(user, keep, reason, change).await?)
    }

    /// Ends anyone's session for an administrator, by its public name. `None` when there is no such
    /// live session. Whether the caller may is the caller's to know.
    ///
    /// # Errors
    /// [`SessionError::Store`] when the database fails.
    pub async fn revoke_session(
        &self,
        handle: &SessionHandle,
        change: &Change,
    ) -> Result<Option<EndedSession>, SessionError> {
        let Some(session) = self.store().find_by_handle(handle).await? else { return Ok(None) };
        Ok(self.store().end(session.id, EndReason::RevokedByAdmin, change).await?)
    }

    /// Ends all sessions of a user for an administrator. Whether the caller may is the caller's to
    /// know.
    ///
    /// # Errors
    /// [`SessionError::Store`] when the database fails. None has ended then, or all have: where the answer
    /// to a commit is lost nobody knows which.
    pub async fn revoke_user_sessions(
        &self,
        user: &UserId,
        change: &Change,
    ) -> Result<Vec<EndedSession>, SessionError> {
        self.cleanup_user_sessions(user, None, EndReason::RevokedByAdmin, change).await
    }

    /// Ends everyone's sessions for an administrator, all but `keep_current` if there is one.
    /// Works in batches and answers how many it ended. Whether the caller may is the caller's to
    /// know.
    ///
    /// # Errors
    /// [`SessionError::Store`] when the database fails. What was ended by then stays ended.
    pub async fn revoke_all_sessions(
        &self,
        keep_current: Option<&SessionContext>,
        change: &Change,
    ) -> Result<usize, SessionError> {
        let keep = keep_current.map(|context| context.session.id);
        let mut total = 0;
        loop {
            let reason = EndReason::RevokedByAdmin;
            let ended = self.store().end_all(keep, reason, BATCH, change).await?.len();
            total += ended;
            if ended < BATCH {
                return Ok(total);
            }
        }
    }

    /// Anyone's sessions, newest first. Those that are over by time are ended ones only once they
    /// are swept; [`is_live`](Self::is_live) tells.
    ///
    /// # Errors
    /// [`SessionError::Store`] when the database fails.
    pub async fn list_sessions(
        &self,
        filter: &SessionFilter,
        page: Page,
    ) -> Result<Vec<UserSession>, SessionError> {
        let mut sessions = self.store().list(filter, page).await?;
        for session in &mut sessions {
            session.last_activity = self.activity.latest(session.id, session.last_activity);
        }
        Ok(sessions)
    }

    /// Whether a session has neither ended nor is over by time.
    #[must_use]
    pub fn is_live(&self, session: &UserSession) -> bool {
        self.judge(session, self.now()).is_ok()
    }

    /// The user's live sessions, most recently active first.
    ///
    /// # Errors
    /// [`SessionError::Store`] when the database fails.
    pub async fn list_user_sessions(
        &self,
        user: &UserId,
    ) -> Result<Vec<UserSession>, SessionError> {
        let now = self.now();
        let mut sessions = self.store().list_for_user(user).await?;
        // Dead before the sweeper comes.
        sessions.retain(|session| self.judge(session, now).is_ok());
        for session in &mut sessions {
            session.last_activity = self.activity.latest(session.id, session.last_activity);
        }
        sessions.sort_by_key(|session| std::cmp::Reverse(session.last_activity));
        Ok(sessions)
    }
}
