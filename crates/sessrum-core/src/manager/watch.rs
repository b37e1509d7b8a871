use super::UnifiedSessionManager;
use super::load::Source;
use crate::change_feed::{SessionWatch, WatchRefusal};
use crate::client::Client;
use crate::context::SessionContext;
use crate::error::SessionError;
use crate::identity::UserId;
use crate::lifetime::TokenStanding;
use crate::session::UserSession;
use crate::time::Timestamp;

impl UnifiedSessionManager {
    /// Watches the session of a context, whose page stays open. Look at it again with
    /// [`watched_context`](Self::watched_context) right after, and whenever there are news.
    ///
    /// # Errors
    /// [`WatchRefusal`] when too many watch already, or the server is about to stop.
    pub fn watch_session(&self, context: &SessionContext) -> Result<SessionWatch, WatchRefusal> {
        let watchers = self.store().feed().watchers();
        watchers.watch(context.user_id(), &context.session.handle, self.policy.watches)
    }

    /// The context of a page that stays open, as it is now. `None` when its token has been replaced
    /// meanwhile: the page comes again with the one it has now, and a copy does not. That is neither
    /// activity nor theft.
    ///
    /// # Errors
    /// As [`get_session_context`](Self::get_session_context).
    pub async fn watched_context(
        &self,
        context: &SessionContext,
        client: &Client,
    ) -> Result<Option<SessionContext>, SessionError> {
        let token_hash = context.token_hash;
        let (loaded, idle_expires_at) =
            self.load_live(&token_hash, client, Source::CacheOrDatabase).await?;
        let standing = loaded.token.standing(self.now(), &self.policy);
        if matches!(standing, TokenStanding::Retiring | TokenStanding::Reused) {
            return Ok(None);
        }
        self.context_of(loaded, token_hash, standing, idle_expires_at, client).await.map(Some)
    }

    /// Wakes the open pages of a user whose name, role or platforms have changed in the
    /// application's own directory. The tables that come with a store do so by themselves.
    pub fn user_changed(&self, user: &UserId) {
        self.store().feed().tell_user(user);
    }

    /// The moment from which open pages warn that the session is about to end.
    #[must_use]
    pub fn warns_at(&self, context: &SessionContext) -> Timestamp {
        self.warning_of(&context.session, context.idle_expires_at)
    }

    /// [`warns_at`](Self::warns_at) of a session that is idle for too long at `idle_expires_at`.
    pub(super) fn warning_of(
        &self,
        session: &UserSession,
        idle_expires_at: Timestamp,
    ) -> Timestamp {
        let lifetime = self.policy.lifetime_of(session.remembered);
        let before_idle = self.policy.warn_before_idle.min(lifetime.idle / 2);
        let before_end = self.policy.warn_before_end.min(lifetime.absolute / 2);
        (idle_expires_at - before_idle).min(session.expires_at - before_end)
    }
}
