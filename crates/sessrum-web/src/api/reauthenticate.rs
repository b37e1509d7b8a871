use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use sessrum_core::Accounts;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::documented::Sending;
use super::state::SignedInState;
use crate::extract::CurrentSession;
use crate::json::JsonBody;
use crate::problem::{Code, Problem};
use crate::request_session::RequestSession;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReauthenticateInput {
    #[schema(value_type = String, format = Password)]
    password: Zeroizing<String>,
}

/// Proves again who the user is: the session is fresh and has a new token. A wrong password is
/// told as 403, since the session itself is good.
#[utoipa::path(post, path = "/api/session/reauthenticate", tag = "session",
request_body = ReauthenticateInput, responses(
    (status = 200, body = SignedInState,
        headers(("Set-Cookie" = String, description = "The new token"))),
    Sending,
))]
pub(super) async fn reauthenticate(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    State(accounts): State<Arc<Accounts>>,
    JsonBody(input): JsonBody<ReauthenticateInput>,
) -> Result<Json<SignedInState>, Problem> {
    let renewed = accounts.reauthenticate(&context, &input.password, session.client()).await?;
    let Some(renewed) = renewed else { return Err(wrong_password()) };
    let state = SignedInState::of(&renewed.context, accounts.manager())?;
    session.renew(renewed.token, renewed.context);
    Ok(Json(state))
}

/// The password of somebody who is signed in is wrong: that is no reason to sign in again.
pub(super) fn wrong_password() -> Problem {
    Problem::new(Code::InvalidCredentials)
        .with_status(axum::http::StatusCode::FORBIDDEN)
        .with_detail("The password is not right.")
}
