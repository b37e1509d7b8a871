use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sessrum_core::{
    Client, Role, SessionContext, SessionError, SessionNotFoundError, SessionToken,
    UnifiedSessionManager,
};
use tokio::sync::OnceCell;

use crate::cookie::SessionCookie;
use crate::problem::{Code, Problem};

/// A request's session: loaded when it is first asked for, once.
///
/// Cloning is cheap; all clones are the same request's.
#[derive(Clone)]
pub struct RequestSession(Arc<Inner>);

struct Inner {
    manager: Arc<UnifiedSessionManager>,
    cookie: SessionCookie,
    client: Client,
    /// Whether the request changes nothing. What may is decided by the row, not by the cache.
    is_safe: bool,
    /// What the first look found. The context of a good one lives in `current`.
    looked: OnceCell<Result<(), SessionError>>,
    /// Whether this request has counted as activity.
    marked: AtomicBool,
    current: RwLock<Current>,
    /// What guards have asked for.
    demands: RwLock<Vec<Demand>>,
}

/// What a guard asks for beside a session.
#[derive(Clone, Copy)]
pub(crate) enum Demand {
    /// At least this role.
    Role(Role),
    /// A fresh authentication.
    Fresh,
}

impl Demand {
    fn check(
        self,
        manager: &UnifiedSessionManager,
        context: &SessionContext,
    ) -> Result<(), Problem> {
        let (is_met, otherwise) = match self {
            Self::Role(role) => (context.user.role >= role, Code::Forbidden),
            Self::Fresh => (manager.is_fresh(context), Code::ReauthenticationRequired),
        };
        if is_met { Ok(()) } else { Err(Problem::new(otherwise)) }
    }
}

#[derive(Default)]
struct Current {
    context: Option<Arc<SessionContext>>,
    cookie: CookieChange,
}

/// What the answer does to the cookie.
#[derive(Default)]
pub(crate) enum CookieChange {
    /// Nothing.
    #[default]
    Keep,
    /// Sets a token, until the browser closes or for a time.
    Set(SessionToken, Option<Duration>),
    /// Takes it away.
    Clear,
}

impl RequestSession {
    pub(crate) fn new(
        manager: Arc<UnifiedSessionManager>,
        cookie: SessionCookie,
        client: Client,
        is_safe: bool,
    ) -> Self {
        Self(Arc::new(Inner {
            manager,
            cookie,
            client,
            is_safe,
            looked: OnceCell::new(),
            marked: AtomicBool::new(false),
            current: RwLock::default(),
            demands: RwLock::default(),
        }))
    }

    /// The manager.
    #[must_use]
    pub fn manager(&self) -> &UnifiedSessionManager {
        &self.0.manager
    }

    /// Who is calling.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// The session's context. Asking for it is activity: the session stays for another idle time.
    ///
    /// # Errors
    /// The [`Problem`] of a request without a good session, or of a database that cannot say.
    pub async fn context(&self) -> Result<Arc<SessionContext>, Problem> {
        let observed = self.observe().await?;
        if self.0.marked.swap(true, Ordering::Relaxed) {
            return Ok(observed);
        }
        let mut context = SessionContext::clone(&observed);
        self.manager().update_session_activity(&mut context);
        let context = Arc::new(context);
        self.write().context = Some(Arc::clone(&context));
        Ok(context)
    }

    /// The session's context if somebody is signed in. Asking for it is activity.
    ///
    /// # Errors
    /// The [`Problem`] of a database that cannot say: that is not the same as nobody.
    pub async fn context_if_signed_in(&self) -> Result<Option<Arc<SessionContext>>, Problem> {
        or_nobody(self.context().await)
    }

    /// The session's context, without counting as activity: for what a page asks by itself.
    ///
    /// # Errors
    /// As [`context`](Self::context).
    pub async fn observe(&self) -> Result<Arc<SessionContext>, Problem> {
        // A handler may have signed somebody in since the first look.
        if let Some(context) = self.read_context() {
            return Ok(context);
        }
        let looked = self.0.looked.get_or_init(|| async {
            let context = self.load(self.0.is_safe).await?;
            self.write().context = Some(Arc::new(context));
            Ok(())
        });
        looked.await.as_ref().map_err(Problem::from)?;
        self.read_context().ok_or_else(|| Problem::from(SessionError::from(SessionNotFoundError)))
    }

    /// The session's context if somebody is signed in, without counting as activity.
    ///
    /// # Errors
    /// As [`context_if_signed_in`](Self::context_if_signed_in).
    pub async fn observe_if_signed_in(&self) -> Result<Option<Arc<SessionContext>>, Problem> {
        or_nobody(self.observe().await)
    }

    /// Looks at the row once more, if somebody is signed in: a body may have taken its time, and
    /// meanwhile the session may have ended, its user lost the role that a guard has asked for, or
    /// the authentication grown old. [`JsonBody`](crate::JsonBody) does so by itself.
    ///
    /// # Errors
    /// As [`context`](Self::context), and what the guards of this request answer.
    pub async fn look_again(&self) -> Result<(), Problem> {
        if self.read_context().is_none() {
            return Ok(());
        }
        let now = Arc::new(self.load(false).await.inspect_err(|_| self.write().context = None)?);
        self.write().context = Some(Arc::clone(&now));
        let demands = self.0.demands.read().unwrap_or_else(PoisonError::into_inner).clone();
        demands.iter().try_for_each(|demand| demand.check(self.manager(), &now))
    }

    /// Asks for more than a session, now and whenever this request looks again.
    ///
    /// # Errors
    /// What the demand answers.
    pub(crate) fn demand(&self, demand: Demand, context: &SessionContext) -> Result<(), Problem> {
        self.0.demands.write().unwrap_or_else(PoisonError::into_inner).push(demand);
        demand.check(self.manager(), context)
    }

    /// Whether the browser sent a session cookie, good or not.
    #[must_use]
    pub fn cookie_was_sent(&self) -> bool {
        !matches!(self.0.cookie, SessionCookie::Missing)
    }

    /// The session is under a new token, which the answer brings to the browser.
    pub fn renew(&self, token: SessionToken, context: SessionContext) {
        let max_age = self.cookie_age(&context);
        let mut current = self.write();
        current.cookie = CookieChange::Set(token, max_age);
        current.context = Some(Arc::new(context));
    }

    /// The session changed; later readers in this request see how it is now.
    pub fn update(&self, context: SessionContext) {
        self.write().context = Some(Arc::new(context));
    }

    /// The session is over; the answer takes the cookie away.
    pub fn forget(&self) {
        let mut current = self.write();
        current.cookie = CookieChange::Clear;
        current.context = None;
    }

    /// The context, if it was loaded and is good. Opens no database.
    #[must_use]
    pub fn read_context(&self) -> Option<Arc<SessionContext>> {
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).context.clone()
    }

    /// What the answer does to the cookie: what the handler asked for, else a rotation when the
    /// token is due for one. A rotation that fails leaves the old token good, so it can wait.
    pub(crate) async fn finish(&self) -> CookieChange {
        let asked = std::mem::take(&mut self.write().cookie);
        let CookieChange::Keep = asked else { return asked };
        let Some(context) = self.read_context() else { return CookieChange::Keep };
        match self.manager().rotate_session(&context, self.client()).await {
            Ok(Some(token)) => CookieChange::Set(token, self.cookie_age(&context)),
            Ok(None) => CookieChange::Keep,
            Err(error) => {
                tracing::warn!("the token is not rotated yet: {error}");
                CookieChange::Keep
            }
        }
    }

    async fn load(&self, may_be_cached: bool) -> Result<SessionContext, SessionError> {
        let (manager, client) = (self.manager(), self.client());
        match &self.0.cookie {
            SessionCookie::Token(token) if may_be_cached => {
                manager.get_session_context(token, client).await
            }
            SessionCookie::Token(token) => {
                manager.get_uncached_session_context(token, client).await
            }
            SessionCookie::Missing | SessionCookie::Unusable => Err(SessionNotFoundError.into()),
        }
    }

    /// A remembered session's cookie stays until the absolute end, any other until the browser
    /// closes.
    fn cookie_age(&self, context: &SessionContext) -> Option<Duration> {
        let session = &context.session;
        session.remembered.then(|| session.expires_at.since(self.manager().now()))
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Current> {
        self.0.current.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody is an answer; a database that cannot say is an error.
fn or_nobody(
    context: Result<Arc<SessionContext>, Problem>,
) -> Result<Option<Arc<SessionContext>>, Problem> {
    match context {
        Ok(context) => Ok(Some(context)),
        Err(problem) if problem.asks_to_sign_in() => Ok(None),
        Err(problem) => Err(problem),
    }
}
