use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use sessrum_core::{Accounts, Reauthenticated, Renewed, SessionContext};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::documented::{Sending, TooMany};
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
    TooMany,
    Sending,
))]
pub(super) async fn reauthenticate(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    State(accounts): State<Arc<Accounts>>,
    JsonBody(input): JsonBody<ReauthenticateInput>,
) -> Result<JsonBody<SignedInState>, Problem> {
    let context = prove_again(&accounts, &context, &session, &input.password).await?;
    Ok(JsonBody(SignedInState::of(&context, accounts.manager())?))
}

/// Proves again who the user is, for the API and for the pages: the answer to this request brings
/// the new token.
///
/// # Errors
/// 403 [`Code::InvalidCredentials`] when the password is another, [`Code::RateLimited`] after too
/// many of those, or what a database's failure is.
pub async fn prove_again(
    accounts: &Accounts,
    context: &SessionContext,
    session: &RequestSession,
    password: &str,
) -> Result<SessionContext, Problem> {
    match accounts.reauthenticate(context, password, session.client()).await? {
        Reauthenticated::Renewed(renewed) => {
            let Renewed { token, context, .. } = *renewed;
            session.renew(token, context.clone());
            Ok(context)
        }
        Reauthenticated::Wrong => Err(wrong_password()),
        Reauthenticated::TooManyFailures { wait } => Err(Problem::too_many_failures(wait)),
    }
}

/// The password of somebody who is signed in is wrong: that is no reason to sign in again.
pub(super) fn wrong_password() -> Problem {
    Problem::new(Code::InvalidCredentials)
        .with_status(axum::http::StatusCode::FORBIDDEN)
        .with_detail("The password is not right.")
}
