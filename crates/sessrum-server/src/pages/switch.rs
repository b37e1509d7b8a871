use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sessrum_core::SwitchOutcome;
use sessrum_web::{CurrentSession, Problem, RequestSession};

use super::form::FormBody;
use super::home::home;
use super::layout::Notice;
use super::platforms::platform_id;

const CHANGED: &str =
    "Your session was changed elsewhere meanwhile. This is how it is now: please choose again.";
const GONE: &str = "That platform is not among your active ones any more. Please choose another.";

#[derive(Deserialize)]
pub(super) struct SwitchForm {
    platform_id: String,
    revision: i64,
}

/// Switches the session's platform and goes back to the home page.
pub(super) async fn submit(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    FormBody(form): FormBody<SwitchForm>,
) -> Result<Response, Problem> {
    let platform = platform_id(&form.platform_id);
    let outcome = session
        .manager()
        .update_platform_context(&context, &platform, Some(form.revision), session.client())
        .await?;
    match outcome {
        SwitchOutcome::Switched(now) => {
            session.update(*now);
            Ok(Redirect::to("/").into_response())
        }
        SwitchOutcome::Conflict(now) => {
            let notice = Notice::failed(CHANGED);
            session.update((*now).clone());
            home(&session, &now, StatusCode::CONFLICT, Some(notice)).await
        }
        SwitchOutcome::PlatformNotFound => {
            let notice = Notice::failed(GONE);
            home(&session, &context, StatusCode::NOT_FOUND, Some(notice)).await
        }
    }
}
