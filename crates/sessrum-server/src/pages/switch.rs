use axum::response::Redirect;
use serde::Deserialize;
use sessrum_core::SwitchOutcome;
use sessrum_web::{CurrentSession, Problem, RequestSession};

use super::form::FormBody;
use super::platforms::platform_id;

#[derive(Deserialize)]
pub(super) struct SwitchForm {
    platform_id: String,
    revision: i64,
}

/// Switches the session's platform and goes back to the home page, which says if it did not.
pub(super) async fn submit(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    FormBody(form): FormBody<SwitchForm>,
) -> Result<Redirect, Problem> {
    let platform = platform_id(&form.platform_id);
    let outcome = session
        .manager()
        .update_platform_context(&context, &platform, Some(form.revision), session.client())
        .await?;
    Ok(Redirect::to(match outcome {
        SwitchOutcome::Switched(_) => "/",
        SwitchOutcome::Conflict(_) => "/?failed=changed_elsewhere",
        SwitchOutcome::PlatformNotFound => "/?failed=platform_not_found",
    }))
}
