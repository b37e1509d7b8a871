use super::UnifiedSessionManager;
use super::load::Source;
use crate::client::Client;
use crate::context::{PlatformInfo, SessionContext};
use crate::directory::UserFacts;
use crate::error::{
    SessionEndedError, SessionError, SessionExpiredError, SessionNotFoundError,
    SessionValidationError,
};
use crate::event::{Change, EventKind};
use crate::fingerprint::FingerprintMode;
use crate::lifetime::{TokenStanding, Verdict, judge};
use crate::session::{EndReason, Ended, UserSession};
use crate::store::{LoadedSession, StoreError};
use crate::time::Timestamp;
use crate::token::{SessionHandle, SessionToken, TokenHash};

impl UnifiedSessionManager {
    /// The context of a request: loads the row, judges it, and ends the session when the request
    /// shows that it must (a copied token, a disabled user, another machine when that is enforced).
    /// The row may come from the [cache](Self::with_cache_bytes).
    ///
    /// Reading is no activity; see [`update_session_activity`](Self::update_session_activity).
    ///
    /// # Errors
    /// [`SessionError::Invalid`] when the session is unknown, expired or ended;
    /// [`SessionError::Store`] when the database cannot say.
    pub async fn get_session_context(
        &self,
        token: &SessionToken,
        client: &Client,
    ) -> Result<SessionContext, SessionError> {
        self.context_from(Source::CacheOrDatabase, token, client).await
    }

    /// As [`get_session_context`](Self::get_session_context), of the row as the database has it now:
    /// for requests that change something.
    ///
    /// # Errors
    /// As there.
    pub async fn get_uncached_session_context(
        &self,
        token: &SessionToken,
        client: &Client,
    ) -> Result<SessionContext, SessionError> {
        self.context_from(Source::Database, token, client).await
    }

    async fn context_from(
        &self,
        source: Source,
        token: &SessionToken,
        client: &Client,
    ) -> Result<SessionContext, SessionError> {
        let token_hash = token.hash();
        let (loaded, idle_expires_at) = self.load_live(&token_hash, client, source).await?;
        let standing = loaded.token.standing(self.now(), &self.policy);
        if standing == TokenStanding::Reused {
            let change = Change { client: client.clone(), ..Change::by_system(self.now()) };
            return Err(self.end_for(&loaded.session, EndReason::TokenReuse, &change).await);
        }
        self.context_of(loaded, token_hash, standing, idle_expires_at, client).await
    }

    /// The context of a live row, whose token was not used again after it had been replaced.
    pub(super) async fn context_of(
        &self,
        loaded: LoadedSession,
        token_hash: TokenHash,
        standing: TokenStanding,
        idle_expires_at: Timestamp,
        client: &Client,
    ) -> Result<SessionContext, SessionError> {
        let now = self.now();
        // Seldom needed: most requests end and record nothing.
        let change = || Change { client: client.clone(), ..Change::by_system(now) };
        let issued_at = loaded.token.issued_at;
        let (session, user, platform) = self.with_facts(loaded).await?;
        let Some(user) = user.filter(|user| user.is_active) else {
            return Err(self.end_for(&session, EndReason::UserDisabled, &change()).await);
        };
        self.compare_fingerprint(&session, client, change).await?;
        if standing == TokenStanding::Unseen {
            self.store().confirm_token(&token_hash, now).await?;
        }
        let too_old = self.policy.rotate_every.is_some_and(|every| now.since(issued_at) >= every);
        let outranked = user.role_changed_at.is_some_and(|changed| changed > issued_at);
        // A token from before the last authentication may be a copy: it gets no successor.
        let is_copy = issued_at < session.authenticated_at;
        Ok(SessionContext {
            session: UserSession {
                last_activity: self.activity.latest(session.id, session.last_activity),
                ..session
            },
            user: user.info,
            platform,
            idle_expires_at,
            token_hash,
            token_issued_at: issued_at,
            rotation_due: standing == TokenStanding::Current && !is_copy && (too_old || outranked),
        })
    }

    /// Whether a token opens a session now.
    ///
    /// # Errors
    /// As [`get_session_context`](Self::get_session_context).
    pub async fn validate_session(
        &self,
        token: &SessionToken,
        client: &Client,
    ) -> Result<(), SessionError> {
        self.get_session_context(token, client).await.map(|_| ())
    }

    /// Counts this moment as activity of the session: it stays for another idle time. The mark is
    /// written with the next [`flush_session_activity`](Self::flush_session_activity); this
    /// instance honours it at once. Does nothing when the idle time was over before this moment.
    pub fn update_session_activity(&self, context: &mut SessionContext) {
        let now = self.now();
        // A request that was slower than the idle limit must not revive its session.
        if context.idle_expires_at <= now {
            return;
        }
        self.activity.mark(context.session.id, now);
        self.cache.touch(&context.token_hash, now);
        context.session.last_activity = now.max(context.session.last_activity);
        context.idle_expires_at = context.session.last_activity
            + self.policy.lifetime_of(context.session.remembered).idle;
    }

    /// Whether the user proved recently enough who they are for what needs a fresh authentication.
    /// A token from before that proof does not count: it may be a copy.
    #[must_use]
    pub fn is_fresh(&self, context: &SessionContext) -> bool {
        let authenticated_at = context.session.authenticated_at;
        context.token_issued_at >= authenticated_at
            && self.now().since(authenticated_at) < self.policy.fresh_for
    }

    /// When the session ends if nothing more happens, or why it is over.
    pub(super) fn judge(
        &self,
        session: &UserSession,
        now: Timestamp,
    ) -> Result<Timestamp, SessionValidationError> {
        let last_activity = self.activity.latest(session.id, session.last_activity);
        match judge(session, last_activity, now, &self.policy) {
            Verdict::Live { idle_expires_at } => Ok(idle_expires_at),
            Verdict::IdleTooLong | Verdict::TooOld => Err(SessionExpiredError.into()),
            Verdict::Ended(ended) => Err(SessionEndedError(ended).into()),
        }
    }

    /// Why a verb found a session gone that its caller had just seen alive.
    pub(super) async fn why_gone(&self, handle: &SessionHandle) -> SessionError {
        match self.store().find_by_handle(handle).await {
            Ok(Some(UserSession { ended: Some(ended), .. })) => {
                if ended.reason == EndReason::Expired {
                    SessionExpiredError.into()
                } else {
                    SessionEndedError(ended).into()
                }
            }
            Ok(_) => SessionNotFoundError.into(),
            Err(error) => error.into(),
        }
    }

    /// The facts that came with the row, or the application's own.
    async fn with_facts(
        &self,
        loaded: LoadedSession,
    ) -> Result<(UserSession, Option<UserFacts>, Option<PlatformInfo>), StoreError> {
        let LoadedSession { session, user, platform, .. } = loaded;
        let Some(directory) = &self.directory else { return Ok((session, user, platform)) };
        let user = directory.user(&session.user_id).await?;
        let platform = match &session.active_platform_id {
            Some(id) => directory.platform(&session.user_id, id).await?,
            None => None,
        };
        Ok((session, user, platform))
    }

    async fn compare_fingerprint(
        &self,
        session: &UserSession,
        client: &Client,
        change: impl Fn() -> Change + Send,
    ) -> Result<(), SessionError> {
        let Some(known) = &session.fingerprint else { return Ok(()) };
        // The same agent is the same system and browser, wherever it is.
        let unchanged = session.user_agent == client.user_agent;
        if self.policy.fingerprint == FingerprintMode::Off || unchanged {
            return Ok(());
        }
        let found = known.nearest_of(client, &self.fingerprint);
        if !known.is_another_machine(&found) {
            return Ok(());
        }
        if self.policy.fingerprint == FingerprintMode::Enforce {
            return Err(self.end_for(session, EndReason::FingerprintMismatch, &change()).await);
        }
        let detail = known.difference(&found).to_string();
        self.note(Some(session), EventKind::FingerprintChanged, detail, change).await?;
        Ok(())
    }

    /// Ends a session that a request has shown to be unfit; the error for that request.
    async fn end_for(
        &self,
        session: &UserSession,
        reason: EndReason,
        change: &Change,
    ) -> SessionError {
        match self.store().end(session.id, reason, change).await {
            Ok(Some(_)) => SessionEndedError(Ended { at: change.at, reason }).into(),
            Ok(None) => self.why_gone(&session.handle).await,
            Err(error) => error.into(),
        }
    }
}
