//! Accessors for code below a handler, which has no request at hand.
//!
//! They work anywhere in the task of a request that passed
//! [`DatabaseSessionLayer`](crate::DatabaseSessionLayer), and not in tasks that it spawns: hand
//! those what they need. Outside of a request there is simply no session. Using one counts as
//! activity, as the extractor does.

use std::future::Future;
use std::sync::Arc;

use sessrum_core::{
    PlatformId, PlatformInfo, SessionContext, SessionHandle, SwitchOutcome, UserId, UserInfo,
};

use crate::problem::{Code, Problem};
use crate::request_session::RequestSession;

tokio::task_local! {
    static CURRENT: RequestSession;
}

pub(crate) fn scope<F: Future>(
    session: RequestSession,
    future: F,
) -> impl Future<Output = F::Output> {
    CURRENT.scope(session, future)
}

/// The context of the current request.
///
/// # Errors
/// The [`Problem`] of a request without a good session, or of a database that cannot say.
pub async fn current_session_context() -> Result<Arc<SessionContext>, Problem> {
    match CURRENT.try_with(Clone::clone) {
        Ok(session) => session.context().await,
        Err(_) => Err(Problem::new(Code::SessionNotFound)),
    }
}

/// The public name of the current session.
///
/// # Errors
/// As [`current_session_context`].
pub async fn current_session_id() -> Result<SessionHandle, Problem> {
    Ok(current_session_context().await?.session.handle)
}

/// The key of the signed-in user.
///
/// # Errors
/// As [`current_session_context`].
pub async fn current_user_id() -> Result<UserId, Problem> {
    Ok(current_session_context().await?.user_id().clone())
}

/// The signed-in user.
///
/// # Errors
/// As [`current_session_context`].
pub async fn current_user_info() -> Result<UserInfo, Problem> {
    Ok(current_session_context().await?.user.clone())
}

/// The key of the platform the user acts in, if one is chosen.
///
/// # Errors
/// As [`current_session_context`].
pub async fn current_platform_id() -> Result<Option<PlatformId>, Problem> {
    Ok(current_session_context().await?.platform_id().cloned())
}

/// The platform the user acts in, if one is chosen.
///
/// # Errors
/// As [`current_session_context`].
pub async fn current_platform_info() -> Result<Option<PlatformInfo>, Problem> {
    Ok(current_session_context().await?.platform.clone())
}

/// Whether somebody is signed in.
///
/// # Errors
/// The [`Problem`] of a database that cannot say: that is not the same as nobody.
pub async fn is_session_authenticated() -> Result<bool, Problem> {
    match CURRENT.try_with(Clone::clone) {
        Ok(session) => Ok(session.context_if_signed_in().await?.is_some()),
        Err(_) => Ok(false),
    }
}

/// Switches the platform of the current session. Later readers in this request see the new one.
///
/// # Errors
/// As [`current_session_context`]; [`Code::PlatformNotFound`] when the platform is not the user's.
pub async fn update_session_platform(platform: &PlatformId) -> Result<(), Problem> {
    let Ok(session) = CURRENT.try_with(Clone::clone) else {
        return Err(Problem::new(Code::SessionNotFound));
    };
    let context = session.context().await?;
    let switched = session
        .manager()
        .update_platform_context(&context, platform, None, session.client())
        .await?;
    match switched {
        SwitchOutcome::Switched(context) | SwitchOutcome::Conflict(context) => {
            session.update(*context);
            Ok(())
        }
        SwitchOutcome::PlatformNotFound => Err(Problem::new(Code::PlatformNotFound)),
    }
}
