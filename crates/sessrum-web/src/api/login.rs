use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use sessrum_core::{Accounts, PasswordSignIn, PlatformId, SignInOutcome, SignedIn};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::documented::{Sending, TooMany};
use super::state::{Key, SignedInState};
use crate::json::JsonBody;
use crate::problem::{Code, Problem};
use crate::request_session::RequestSession;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginInput {
    username: String,
    #[schema(value_type = String, format = Password)]
    password: Zeroizing<String>,
    /// Stay signed in for the longer lifetime.
    #[serde(default)]
    remember: bool,
    /// Start with this platform instead of the default one.
    #[schema(value_type = Option<Key>)]
    platform_id: Option<PlatformId>,
}

/// Signs in: creates one session and sets the one cookie. A session that the browser held ends.
#[utoipa::path(post, path = "/api/login", tag = "session", security(()),
request_body = LoginInput, responses(
    (status = 200, body = SignedInState,
        headers(("Set-Cookie" = String, description = "The new token"))),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    TooMany,
    Sending,
))]
pub(super) async fn login(
    session: RequestSession,
    State(accounts): State<Arc<Accounts>>,
    JsonBody(input): JsonBody<LoginInput>,
) -> Result<JsonBody<SignedInState>, Problem> {
    let form = PasswordSignIn {
        username: input.username,
        password: input.password,
        platform_id: input.platform_id,
        remember: input.remember,
    };
    let context = sign_in(&accounts, form, &session).await?;
    Ok(JsonBody(SignedInState::of(&context, accounts.manager())?))
}

/// Signs in with a name and a password, for the API and for the sign-in page: the answer to this
/// request sets the cookie.
///
/// # Errors
/// [`Code::InvalidCredentials`], [`Code::RateLimited`], [`Code::PlatformNotFound`], or what a
/// database's failure is.
pub async fn sign_in(
    accounts: &Accounts,
    form: PasswordSignIn,
    session: &RequestSession,
) -> Result<sessrum_core::SessionContext, Problem> {
    let current = session.observe_if_signed_in().await?;
    match accounts.sign_in(form, current.as_deref(), session.client()).await? {
        SignInOutcome::SignedIn(signed_in) => {
            let SignedIn { token, context, .. } = *signed_in;
            session.renew(token, context.clone());
            Ok(context)
        }
        SignInOutcome::Refused => Err(Problem::new(Code::InvalidCredentials)),
        SignInOutcome::TooManyFailures { wait } => Err(Problem::too_many_failures(wait)),
        SignInOutcome::PlatformNotFound => Err(Problem::new(Code::PlatformNotFound)),
    }
}
