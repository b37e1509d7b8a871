use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use sessrum_core::{Accounts, PasswordChanged, SessionContext};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::documented::{Sending, TooMany};
use super::reauthenticate::wrong_password;
use super::state::SignedInState;
use crate::extract::CurrentSession;
use crate::json::JsonBody;
use crate::problem::{Code, Problem};
use crate::request_session::RequestSession;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordInput {
    #[schema(value_type = String, format = Password)]
    current_password: Zeroizing<String>,
    /// 8 to 256 characters, and not easy to guess.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256)]
    new_password: Zeroizing<String>,
}

/// Changes the user's own password. Their other sessions end; this one gets a new token.
#[utoipa::path(post, path = "/api/account/password", tag = "account",
request_body = PasswordInput, responses(
    (status = 200, body = SignedInState,
        headers(("Set-Cookie" = String, description = "The new token"))),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    TooMany,
    Sending,
))]
pub(super) async fn change(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    State(accounts): State<Arc<Accounts>>,
    JsonBody(input): JsonBody<PasswordInput>,
) -> Result<JsonBody<SignedInState>, Problem> {
    let (current, new) = (&input.current_password, &input.new_password);
    let context = change_password(&accounts, &context, &session, current, new).await?;
    Ok(JsonBody(SignedInState::of(&context, accounts.manager())?))
}

/// Changes the user's own password, for the API and for the pages: the answer to this request
/// brings the new token.
///
/// # Errors
/// 403 [`Code::InvalidCredentials`](crate::Code::InvalidCredentials) when the current password is
/// another, 429 after too many of those, 422 when the new one may not be chosen, 404 when the
/// application keeps passwords itself.
pub async fn change_password(
    accounts: &Accounts,
    context: &SessionContext,
    session: &RequestSession,
    current: &str,
    new: &str,
) -> Result<SessionContext, Problem> {
    match accounts.change_password(context, current, new, session.client()).await? {
        PasswordChanged::Changed(renewed) => {
            let context = renewed.context.clone();
            session.renew(renewed.token, renewed.context);
            Ok(context)
        }
        PasswordChanged::Wrong => Err(wrong_password()),
        PasswordChanged::TooManyFailures { wait } => Err(Problem::too_many_failures(wait)),
        PasswordChanged::Unfit(rule) => Err(Problem::field("new_password", rule.to_string())),
        PasswordChanged::NotKeptHere => Err(Problem::new(Code::NotFound)
            .with_detail("Passwords are managed by the application itself.")),
    }
}
