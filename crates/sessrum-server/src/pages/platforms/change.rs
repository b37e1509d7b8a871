use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sessrum_core::SessionContext;
use sessrum_core::store::PlatformChange;
use sessrum_web::api::{change_platform, disconnect_platform};
use sessrum_web::{Code, CurrentSession, PathText, Problem, RequestSession};

use super::{Listed, list, platform_id};
use crate::pages::layout::Notice;

/// Makes a platform the default.
pub(in crate::pages) async fn make_default(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(id): PathText,
) -> Result<Response, Problem> {
    let what = PlatformChange { is_default: Some(true), ..PlatformChange::default() };
    let changed = change_platform(&session, &context, &platform_id(&id), what).await;
    tell(&session, &context, changed.map(drop), "default").await
}

/// Makes a platform one that can be chosen.
pub(in crate::pages) async fn activate(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(id): PathText,
) -> Result<Response, Problem> {
    let what = PlatformChange { is_active: Some(true), ..PlatformChange::default() };
    let changed = change_platform(&session, &context, &platform_id(&id), what).await;
    tell(&session, &context, changed.map(drop), "activated").await
}

/// Makes a platform one that cannot be chosen.
pub(in crate::pages) async fn deactivate(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(id): PathText,
) -> Result<Response, Problem> {
    let what = PlatformChange { is_active: Some(false), ..PlatformChange::default() };
    let changed = change_platform(&session, &context, &platform_id(&id), what).await;
    tell(&session, &context, changed.map(drop), "deactivated").await
}

/// Removes a platform.
pub(in crate::pages) async fn remove(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(id): PathText,
) -> Result<Response, Problem> {
    let removed = disconnect_platform(&session, &context, &platform_id(&id)).await;
    tell(&session, &context, removed, "removed").await
}

async fn tell(
    session: &RequestSession,
    context: &SessionContext,
    outcome: Result<(), Problem>,
    done: &str,
) -> Result<Response, Problem> {
    match outcome {
        Ok(()) => Ok(Redirect::to(&format!("/account/platforms?done={done}")).into_response()),
        Err(problem) if problem.code == Code::PlatformNotFound => {
            let text = "Nothing has changed: you have no such active platform any more.";
            let notice = Some(Notice::failed(text));
            list(session, context, Listed { status: StatusCode::NOT_FOUND, notice, ..Listed::ok() })
                .await
        }
        Err(problem) => Err(problem),
    }
}
