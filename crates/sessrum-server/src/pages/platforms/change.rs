use axum::response::Redirect;
use sessrum_core::store::PlatformChange;
use sessrum_web::api::{change_platform, disconnect_platform};
use sessrum_web::{Code, CurrentSession, PathText, Problem, RequestSession};

use super::platform_id;

/// Makes a platform the default.
pub(in crate::pages) async fn make_default(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(id): PathText,
) -> Result<Redirect, Problem> {
    let what = PlatformChange { is_default: Some(true), ..PlatformChange::default() };
    let changed = change_platform(&session, &context, &platform_id(&id), what).await;
    told(changed.map(drop), "default")
}

/// Makes a platform one that can be chosen.
pub(in crate::pages) async fn activate(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(id): PathText,
) -> Result<Redirect, Problem> {
    let what = PlatformChange { is_active: Some(true), ..PlatformChange::default() };
    let changed = change_platform(&session, &context, &platform_id(&id), what).await;
    told(changed.map(drop), "activated")
}

/// Makes a platform one that cannot be chosen.
pub(in crate::pages) async fn deactivate(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(id): PathText,
) -> Result<Redirect, Problem> {
    let what = PlatformChange { is_active: Some(false), ..PlatformChange::default() };
    let changed = change_platform(&session, &context, &platform_id(&id), what).await;
    told(changed.map(drop), "deactivated")
}

/// Removes a platform.
pub(in crate::pages) async fn remove(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(id): PathText,
) -> Result<Redirect, Problem> {
    let removed = disconnect_platform(&session, &context, &platform_id(&id)).await;
    told(removed, "removed")
}

/// Goes back to the list, which says what came of it.
fn told(outcome: Result<(), Problem>, done: &str) -> Result<Redirect, Problem> {
    match outcome {
        Ok(()) => Ok(Redirect::to(&format!("/account/platforms?done={done}"))),
        Err(problem) if problem.code == Code::PlatformNotFound => {
            Ok(Redirect::to("/account/platforms?failed=platform_not_found"))
        }
        Err(problem) => Err(problem),
    }
}
