use serde::{Deserialize, Serialize};
use sessrum_core::store::{EventFilter, Page};
use sessrum_core::{EventKind, RecordedKind, SessionEvent, SessionHandle, Timestamp, UserId};
use utoipa::openapi::schema::{Object, Type};
use utoipa::{IntoParams, ToSchema};

use super::user_by_name;
use crate::api::documented::Listing;
use crate::api::paging;
use crate::api::state::Key;
use crate::guard::{Admin, RequireRole};
use crate::json::JsonBody;
use crate::problem::Problem;
use crate::query::QueryInput;
use crate::request_session::RequestSession;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// Only events that concern the user with this name.
    user: Option<String>,
    /// Only events of this kind, such as `sign_in_failed`.
    #[param(schema_with = kinds)]
    kind: Option<String>,
    /// Only events at or after this moment, as in `2026-11-23T21:00:00Z`.
    #[param(format = DateTime)]
    since: Option<String>,
    /// The `next_cursor` of the page before.
    #[param(pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

fn kinds() -> Object {
    let names = EventKind::ALL.iter().map(|kind| kind.as_str());
    Object::builder().schema_type(Type::String).enum_values(Some(names)).build()
}

/// An event of the audit trail.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditEvent {
    /// Later events have larger ones.
    id: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What happened, such as `signed_in`.
    #[schema(value_type = String)]
    kind: RecordedKind,
    /// Whom it concerns; null when that is nobody known.
    #[schema(value_type = Option<Key>)]
    user_id: Option<UserId>,
    /// The session it concerns.
    #[schema(value_type = Option<String>)]
    session: Option<SessionHandle>,
    /// Who did it: `user` and a key, `operator`, `system` or `anonymous`.
    actor: String,
    /// From where: the address, or after some time its network, such as `192.0.2.0/24`.
    ip_address: Option<String>,
    /// With what; null after some time.
    user_agent: Option<String>,
    /// Such as "Firefox on Linux".
    device: Option<String>,
    /// What the kind adds.
    detail: String,
}

impl From<SessionEvent> for AuditEvent {
    fn from(event: SessionEvent) -> Self {
        let SessionEvent { id, at, kind, user_id, session, actor, detail, .. } = event;
        let SessionEvent { ip_address, user_agent, device, .. } = event;
        Self { id, at, kind, user_id, session, actor, ip_address, user_agent, device, detail }
    }
}

/// A page of the audit trail.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditEvents {
    events: Vec<AuditEvent>,
    /// For the page after this; null on the last.
    next_cursor: Option<String>,
}

/// The audit trail, newest first.
#[utoipa::path(get, path = "/api/admin/audit", tag = "admin", params(AuditQuery), responses(
    (status = 200, body = AuditEvents),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    Listing,
))]
pub(super) async fn list(
    _: RequireRole<Admin>,
    session: RequestSession,
    QueryInput(query): QueryInput<AuditQuery>,
) -> Result<JsonBody<AuditEvents>, Problem> {
    let manager = session.manager();
    let rows = paging::rows(query.limit)?;
    let before = paging::number(query.cursor.as_deref())?;
    let kind = query.kind.map(|kind| kind.parse()).transpose();
    let kind = kind.map_err(|_| Problem::field("kind", "is not the kind of any event"))?;
    let since = query.since.map(|since| Timestamp::parse(&since).ok_or_else(no_moment));
    let user_id = match &query.user {
        Some(name) => Some(user_by_name(manager, name).await?),
        None => None,
    };
    let filter = EventFilter { user_id, kind, since: since.transpose()?, without_routine: false };
    let page = Page { before, limit: rows + 1 };
    let mut found = manager.store().events(&filter, page).await?;
    let next_cursor = paging::cut(&mut found, rows, |event| event.id.to_string());
    Ok(JsonBody(AuditEvents {
        events: found.into_iter().map(AuditEvent::from).collect(),
        next_cursor,
    }))
}

fn no_moment() -> Problem {
    Problem::field("since", "must be a moment such as 2026-11-23T21:00:00Z")
}
