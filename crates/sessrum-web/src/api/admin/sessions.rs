use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sessrum_core::store::{Page, SessionFilter};
use sessrum_core::{
    Client, EndReason, PlatformId, SessionHandle, Timestamp, UnifiedSessionManager, UserId,
    UserSession,
};
use utoipa::{IntoParams, ToSchema};

use super::{FreshAdmin, user_by_name};
use crate::api::documented::{Changing, Listing};
use crate::api::paging;
use crate::api::state::Key;
use crate::extract::PathText;
use crate::guard::{Admin, RequireRole};
use crate::json::JsonBody;
use crate::problem::{Code, Problem};
use crate::query::QueryInput;
use crate::request_session::RequestSession;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SessionQuery {
    /// Only the sessions of the user with this name.
    user: Option<String>,
    /// Ended sessions too, as long as they are kept.
    #[serde(default)]
    #[param(default = false)]
    include_ended: bool,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// Anyone's session, as administrators see it.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionRow {
    /// The session's public name.
    #[schema(value_type = String)]
    handle: SessionHandle,
    #[schema(value_type = Key)]
    user_id: UserId,
    /// Null when the user is gone.
    username: Option<String>,
    #[schema(value_type = Option<Key>)]
    platform_id: Option<PlatformId>,
    /// Such as "Firefox on Linux".
    device: String,
    /// Where the session began.
    ip_address: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_activity: Timestamp,
    /// When the user last proved who they are.
    #[schema(value_type = String, format = DateTime)]
    authenticated_at: Timestamp,
    /// When it ends in any case.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Whether the user asked to stay signed in.
    remembered: bool,
    /// Whether it opens anything. What is over by time does not, even before it is ended.
    is_live: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    #[schema(value_type = Option<String>)]
    end_reason: Option<EndReason>,
    /// Whether it is the one that asks.
    is_current: bool,
}

/// A page of sessions.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionRows {
    sessions: Vec<SessionRow>,
    /// For the page after this; null on the last.
    next_cursor: Option<String>,
}

/// Everyone's sessions, newest first.
#[utoipa::path(get, path = "/api/admin/sessions", tag = "admin", params(SessionQuery), responses(
    (status = 200, body = SessionRows),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    Listing,
))]
pub(super) async fn list(
    admin: RequireRole<Admin>,
    session: RequestSession,
    QueryInput(query): QueryInput<SessionQuery>,
) -> Result<JsonBody<SessionRows>, Problem> {
    let manager = session.manager();
    let rows = paging::rows(query.limit)?;
    let filter = SessionFilter {
        user_id: match &query.user {
            Some(name) => Some(user_by_name(manager, name).await?),
            None => None,
        },
        include_ended: query.include_ended,
    };
    let before = match &query.cursor {
        Some(cursor) => Some(key_of(manager, cursor).await?),
        None => None,
    };
    let mut found = manager.list_sessions(&filter, Page { before, limit: rows + 1 }).await?;
    let next_cursor = paging::cut(&mut found, rows, |session| session.handle.to_string());
    let names = names(manager, &found).await?;
    let row = |session: UserSession| SessionRow {
        handle: session.handle,
        username: names.get(&session.user_id).cloned(),
        platform_id: session.active_platform_id.clone(),
        device: Client::device_name(session.user_agent.as_deref()),
        ip_address: session.ip_address.map(|address| address.to_string()),
        created_at: session.created_at,
        last_activity: session.last_activity,
        authenticated_at: session.authenticated_at,
        expires_at: session.expires_at,
        remembered: session.remembered,
        is_live: manager.is_live(&session),
        ended_at: session.ended.map(|ended| ended.at),
        end_reason: session.ended.map(|ended| ended.reason),
        is_current: session.id == admin.session.id,
        user_id: session.user_id,
    };
    Ok(JsonBody(SessionRows { sessions: found.into_iter().map(row).collect(), next_cursor }))
}

/// The key of the row that a cursor names: rows are known outside by their public names alone.
async fn key_of(manager: &UnifiedSessionManager, cursor: &str) -> Result<i64, Problem> {
    let handle = SessionHandle::parse(cursor).ok_or_else(paging::bad_cursor)?;
    let last = manager.store().find_by_handle(&handle).await?;
    last.map(|session| session.id.0).ok_or_else(paging::bad_cursor)
}

/// What the users of these sessions are called.
async fn names(
    manager: &UnifiedSessionManager,
    sessions: &[UserSession],
) -> Result<BTreeMap<UserId, String>, Problem> {
    let mut names = BTreeMap::new();
    for session in sessions {
        if !names.contains_key(&session.user_id)
            && let Some(facts) = manager.directory().user(&session.user_id).await?
        {
            names.insert(session.user_id.clone(), facts.info.username);
        }
    }
    Ok(names)
}

/// Ends anyone's session; also when it was over already. Ending the own one is signing out. Needs
/// a fresh authentication.
#[utoipa::path(delete, path = "/api/admin/sessions/{handle}", tag = "admin",
params(("handle" = String, Path, description = "The session's public name")), responses(
    (status = 204, description = "It is over."),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    Changing,
))]
pub(super) async fn end(
    (admin, _): FreshAdmin,
    session: RequestSession,
    PathText(handle): PathText,
) -> Result<StatusCode, Problem> {
    let missing = || Problem::new(Code::NotFound).with_detail("There is no such session.");
    let manager = session.manager();
    let handle = SessionHandle::parse(&handle).ok_or_else(missing)?;
    manager.store().find_by_handle(&handle).await?.ok_or_else(missing)?;
    manager.revoke_session(&handle, &manager.change_by(&admin, session.client())).await?;
    if handle == admin.session.handle {
        session.forget();
    }
    Ok(StatusCode::NO_CONTENT)
}
