use serde::Deserialize;
use utoipa::ToSchema;

use super::{FreshAdmin, user_by_key};
use crate::api::documented::{Changing, Sending};
use crate::api::sessions::Revoked;
use crate::extract::PathText;
use crate::json::JsonBody;
use crate::problem::Problem;
use crate::request_session::RequestSession;

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EveryoneInput {
    /// Ends the session that asks, too.
    #[serde(default)]
    include_own: bool,
}

/// Ends all sessions of a user. Of the administrator who asks, all too: that is signing out. Needs
/// a fresh authentication.
#[utoipa::path(post, path = "/api/admin/users/{id}/revoke-sessions", tag = "admin",
params(("id" = String, Path, description = "The user's key")), responses(
    (status = 200, body = Revoked),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    Changing,
))]
pub(super) async fn user(
    (admin, _): FreshAdmin,
    session: RequestSession,
    PathText(id): PathText,
) -> Result<JsonBody<Revoked>, Problem> {
    let manager = session.manager();
    let user = user_by_key(manager, &id).await?;
    let change = manager.change_by(&admin, session.client());
    let revoked = manager.revoke_user_sessions(&user, &change).await?.len();
    if user == admin.user.id {
        session.forget();
    }
    Ok(JsonBody(Revoked { revoked }))
}

/// Ends everyone's sessions. The session that asks is spared, unless `include_own` says otherwise;
/// without a body it is spared. Needs a fresh authentication.
#[utoipa::path(post, path = "/api/admin/revoke-all", tag = "admin",
request_body = Option<EveryoneInput>, responses(
    (status = 200, body = Revoked),
    Sending,
))]
pub(super) async fn everyone(
    (admin, _): FreshAdmin,
    session: RequestSession,
    input: Option<JsonBody<EveryoneInput>>,
) -> Result<JsonBody<Revoked>, Problem> {
    let include_own = input.is_some_and(|JsonBody(input)| input.include_own);
    let manager = session.manager();
    let change = manager.change_by(&admin, session.client());
    let spared = (!include_own).then_some(&*admin);
    let revoked = manager.revoke_all_sessions(spared, &change).await?;
    if include_own {
        session.forget();
    }
    Ok(JsonBody(Revoked { revoked }))
}
