use axum::http::{HeaderName, StatusCode};

use super::documented::Changing;
use crate::problem::Problem;
use crate::request_session::RequestSession;

/// What a browser drops of this site after signing out: pages that it would show again without
/// asking. Not `"cookies"`, which would take those of a newer sign-in and of sibling hosts along, nor
/// `"storage"`, which is the application's: what pages keep there, their script takes away.
pub const CLEAR_SITE_DATA: (HeaderName, &str) =
    (HeaderName::from_static("clear-site-data"), "\"cache\"");

/// Signs out: ends the session and takes the cookie away. Also when it was over already.
#[utoipa::path(post, path = "/api/logout", tag = "session",
security((), ("session" = [], "csrf_token" = [])), responses(
    (status = 204, description = "The session is over.", headers(
        ("Set-Cookie" = String, description = "Takes the cookie away"),
        ("Clear-Site-Data" = String, description = "What the browser drops"),
    )),
    Changing,
))]
pub(super) async fn logout(
    session: RequestSession,
) -> Result<(StatusCode, [(HeaderName, &'static str); 1]), Problem> {
    sign_out(&session).await?;
    Ok((StatusCode::NO_CONTENT, [CLEAR_SITE_DATA]))
}

/// Signs out, for the API and for the pages: the answer to this request takes the cookie away.
///
/// # Errors
/// [`Code::StoreUnavailable`](crate::Code::StoreUnavailable): the session may live, here or
/// elsewhere, and so the cookie stays.
pub async fn sign_out(session: &RequestSession) -> Result<(), Problem> {
    if let Some(context) = session.observe_if_signed_in().await? {
        session.manager().destroy_session(&context, session.client()).await?;
    } else if session.cookie_was_sent() {
        // Somebody else may have ended it a moment ago.
        session.manager().store().until_ends_hold().await?;
    }
    session.forget();
    Ok(())
}
