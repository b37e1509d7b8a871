use axum::response::{IntoResponse, Redirect, Response};
use sessrum_web::api::{CLEAR_SITE_DATA, sign_out};
use sessrum_web::{Problem, RequestSession};

/// Signs out, also when the session was over already, and says so on the sign-in page.
pub(super) async fn submit(session: RequestSession) -> Result<Response, Problem> {
    sign_out(&session).await?;
    Ok(([CLEAR_SITE_DATA], Redirect::to("/login?reason=logout")).into_response())
}
