use axum::http::StatusCode;
use serde::Serialize;
use sessrum_core::{Client, EndReason, SessionHandle, Timestamp};
use utoipa::ToSchema;

use super::documented::{Changing, Reading};
use crate::extract::{ObservedSession, PathText};
use crate::guard::RequireFreshLogin;
use crate::json::JsonBody;
use crate::problem::{Code, Problem};
use crate::request_session::RequestSession;

/// One of the user's sessions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Device {
    /// The session's public name.
    #[schema(value_type = String)]
    pub handle: SessionHandle,
    /// A name that its user recognises, such as "Firefox on Linux".
    pub device: String,
    /// Where the session began.
    pub ip_address: Option<String>,
    /// When the session began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last used.
    #[schema(value_type = String, format = DateTime)]
    pub last_activity: Timestamp,
    /// When it ends in any case.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// The user's sessions.
#[derive(Serialize, ToSchema)]
pub(super) struct Devices {
    sessions: Vec<Device>,
}

/// How many sessions ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Revoked {
    pub(super) revoked: usize,
}

/// The user's live sessions, most recently used first. A user has so few that they are one page.
#[utoipa::path(get, path = "/api/sessions", tag = "sessions", responses(
    (status = 200, body = Devices),
    Reading,
))]
pub(super) async fn list(
    ObservedSession(_): ObservedSession,
    session: RequestSession,
) -> Result<JsonBody<Devices>, Problem> {
    Ok(JsonBody(Devices { sessions: devices(&session).await? }))
}

/// The sessions of the request's user, for the API and for the pages.
///
/// # Errors
/// The [`Problem`] of a request without a good session, or of a database that cannot say.
pub async fn devices(session: &RequestSession) -> Result<Vec<Device>, Problem> {
    let context = session.observe().await?;
    let sessions = session.manager().list_user_sessions(context.user_id()).await?;
    Ok(sessions
        .into_iter()
        .map(|found| Device {
            handle: found.handle,
            device: Client::device_name(found.user_agent.as_deref()),
            ip_address: found.ip_address.map(|address| address.to_string()),
            created_at: found.created_at,
            last_activity: found.last_activity,
            expires_at: found.expires_at,
            is_current: found.id == context.session.id,
        })
        .collect())
}

/// Ends one of the user's sessions. Needs a fresh authentication.
#[utoipa::path(delete, path = "/api/sessions/{handle}", tag = "sessions",
params(("handle" = String, Path, description = "The session's public name")), responses(
    (status = 204, description = "It is over."),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    Changing,
))]
pub(super) async fn end(
    _: RequireFreshLogin,
    session: RequestSession,
    PathText(handle): PathText,
) -> Result<StatusCode, Problem> {
    end_device(&session, &handle).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one of the user's own sessions, for the API and for the pages. Ending the current one is
/// signing out.
///
/// # Errors
/// [`Code::NotFound`] when it is not the user's or already over.
pub async fn end_device(session: &RequestSession, handle: &str) -> Result<(), Problem> {
    let missing =
        || Problem::new(Code::NotFound).with_detail("You have no such session. It may be over.");
    let context = session.context().await?;
    let handle = SessionHandle::parse(handle).ok_or_else(missing)?;
    let ended = session
        .manager()
        .end_own_session(&context, &handle, session.client())
        .await?
        .ok_or_else(missing)?;
    if ended.id == context.session.id {
        session.forget();
    }
    Ok(())
}

/// Ends all of the user's sessions but this one. Needs a fresh authentication.
#[utoipa::path(post, path = "/api/sessions/revoke-others", tag = "sessions", responses(
    (status = 200, body = Revoked),
    Changing,
))]
pub(super) async fn revoke_others(
    _: RequireFreshLogin,
    session: RequestSession,
) -> Result<JsonBody<Revoked>, Problem> {
    Ok(JsonBody(Revoked { revoked: end_other_devices(&session).await? }))
}

/// Ends all of the user's sessions but the request's own, for the API and for the pages.
///
/// # Errors
/// The [`Problem`] of a request without a good session, or of a database that fails.
pub async fn end_other_devices(session: &RequestSession) -> Result<usize, Problem> {
    let context = session.context().await?;
    let manager = session.manager();
    let change = manager.change_by(&context, session.client());
    let reason = EndReason::RevokedByUser;
    let user = context.user_id();
    let ended = manager.cleanup_user_sessions(user, Some(&context), reason, &change).await?;
    Ok(ended.len())
}
