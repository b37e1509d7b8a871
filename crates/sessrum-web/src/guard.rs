//! Guards: extractors that ask for more than being signed in.

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use sessrum_core::{PlatformInfo, Role, SessionContext, SwitchOutcome};

use crate::problem::{Code, Problem};
use crate::request_session::{Demand, RequestSession};

/// A signed-in user who acts in a platform. Where none is chosen the session is put into the
/// default one, else the first; a user without any is sent to connect one.
#[derive(Clone, Debug)]
pub struct RequirePlatform {
    /// The session.
    pub session: Arc<SessionContext>,
    /// The platform it is in.
    pub platform: PlatformInfo,
}

impl RequirePlatform {
    /// Passes if the platform is of this type, such as `pixelfed`.
    ///
    /// # Errors
    /// [`Code::PlatformRequired`] otherwise.
    pub fn of_type(self, platform_type: &str) -> Result<Self, Problem> {
        if self.platform.platform_type == platform_type {
            return Ok(self);
        }
        let detail = format!("This needs a platform of the type {platform_type}.");
        Err(Problem::new(Code::PlatformRequired).with_detail(detail))
    }

    /// Passes if the platform is at this instance.
    ///
    /// # Errors
    /// [`Code::PlatformRequired`] otherwise.
    pub fn at_instance(self, instance_url: &str) -> Result<Self, Problem> {
        if self.platform.instance_url == instance_url {
            return Ok(self);
        }
        let detail = format!("This needs a platform at {instance_url}.");
        Err(Problem::new(Code::PlatformRequired).with_detail(detail))
    }
}

impl<S: Sync> FromRequestParts<S> for RequirePlatform {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let request =
            <RequestSession as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let session = request.context().await?;
        if let Some(platform) = session.platform.clone() {
            return Ok(Self { session, platform });
        }
        let manager = request.manager();
        let platforms = manager.directory().platforms(session.user_id()).await?;
        let Some(first) = platforms.into_iter().next() else {
            return Err(Problem::new(Code::PlatformRequired));
        };
        let revision = Some(session.session.revision);
        let outcome = manager
            .update_platform_context(&session, &first.id, revision, request.client())
            .await?;
        let (SwitchOutcome::Switched(now) | SwitchOutcome::Conflict(now)) = outcome else {
            return Err(Problem::new(Code::PlatformRequired));
        };
        let platform = now.platform.clone().ok_or_else(|| Problem::new(Code::PlatformRequired))?;
        request.update(SessionContext::clone(&now));
        Ok(Self { session: Arc::new(*now), platform })
    }
}

/// A role that [`RequireRole`] asks for.
pub trait RequiredRole: Send + Sync + 'static {
    /// The least role.
    const ROLE: Role;
}

macro_rules! required_role {
    ($($name:ident),+) => {$(
        #[doc = concat!("At least [`Role::", stringify!($name), "`].")]
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl RequiredRole for $name {
            const ROLE: Role = Role::$name;
        }
    )+};
}
required_role!(Viewer, Reviewer, Moderator, Admin);

/// A signed-in user with at least the role `R`, as the directory has it now.
///
/// ```
/// use sessrum_web::{Moderator, RequireRole};
///
/// async fn close_thread(session: RequireRole<Moderator>) -> String {
///     format!("closed by {}", session.user.username)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct RequireRole<R>(Arc<SessionContext>, PhantomData<R>);

impl<R> Deref for RequireRole<R> {
    type Target = SessionContext;

    fn deref(&self) -> &SessionContext {
        &self.0
    }
}

impl<R: RequiredRole, S: Sync> FromRequestParts<S> for RequireRole<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let request =
            <RequestSession as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let session = request.context().await?;
        let Err(refusal) = request.demand(Demand::Role(R::ROLE), &session) else {
            return Ok(Self(session, PhantomData));
        };
        let (manager, client) = (request.manager(), request.client());
        tracing::warn!(
            session = %session.session.handle,
            address = client.ip_address.map(tracing::field::display),
            needed = R::ROLE.as_str(),
            "a role was not enough"
        );
        if let Err(error) = manager.record_refused_access(&session, R::ROLE, client).await {
            tracing::error!("a refusal could not be recorded: {error}");
        }
        Err(refusal)
    }
}

/// A signed-in user who proved a short while ago who they are. Guards changes, never reading.
#[derive(Clone, Debug)]
pub struct RequireFreshLogin(Arc<SessionContext>);

impl Deref for RequireFreshLogin {
    type Target = SessionContext;

    fn deref(&self) -> &SessionContext {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for RequireFreshLogin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let request =
            <RequestSession as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let session = request.context().await?;
        request.demand(Demand::Fresh, &session)?;
        Ok(Self(session))
    }
}
