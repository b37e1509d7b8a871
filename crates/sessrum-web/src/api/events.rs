use axum::Json;
use serde::{Deserialize, Serialize};
use sessrum_core::store::{EventFilter, Page};
use sessrum_core::{Actor, EventKind, SessionEvent, SessionHandle, Timestamp, UserId};
use utoipa::{IntoParams, ToSchema};

use super::documented::Reading;
use super::paging;
use crate::extract::ObservedSession;
use crate::problem::Problem;
use crate::query::QueryInput;
use crate::request_session::RequestSession;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventQuery {
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// Who did something, as the user it concerns is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnActor {
    /// The user.
    You,
    /// Another user, who may do that.
    Administrator,
    /// Whoever runs the server.
    Operator,
    /// The server by itself.
    System,
    /// Nobody who was signed in.
    Anonymous,
}

impl OwnActor {
    /// Who did it, as `user` is told.
    #[must_use]
    pub fn of(event: &SessionEvent, user: &UserId) -> Self {
        let is = |actor: Actor| event.actor == actor.to_string();
        if is(Actor::User(user.clone())) {
            Self::You
        } else if is(Actor::Operator) {
            Self::Operator
        } else if is(Actor::System) {
            Self::System
        } else if is(Actor::Anonymous) {
            Self::Anonymous
        } else {
            Self::Administrator
        }
    }
}

/// Something that happened to the user's account.
#[derive(Serialize, ToSchema)]
pub(super) struct OwnEvent {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What happened, such as `signed_in`.
    #[schema(value_type = String)]
    kind: EventKind,
    /// The device that asked for it, such as "Firefox on Linux".
    device: Option<String>,
    /// From where: the address, or after some time its network, such as `192.0.2.0/24`.
    ip_address: Option<String>,
    /// The session it concerns.
    #[schema(value_type = Option<String>)]
    session: Option<SessionHandle>,
    actor: OwnActor,
    /// What the kind adds, such as `new_device` or why a session ended.
    detail: String,
}

/// A page of what happened to the user's account.
#[derive(Serialize, ToSchema)]
pub(super) struct OwnEvents {
    events: Vec<OwnEvent>,
    /// For the page after this; null on the last.
    next_cursor: Option<String>,
}

/// What happened to the user's account, newest first.
#[utoipa::path(get, path = "/api/account/events", tag = "account", params(EventQuery), responses(
    (status = 200, body = OwnEvents),
    (status = 422, body = Problem, content_type = "application/problem+json"),
    Reading,
))]
pub(super) async fn list(
    ObservedSession(context): ObservedSession,
    session: RequestSession,
    QueryInput(query): QueryInput<EventQuery>,
) -> Result<Json<OwnEvents>, Problem> {
    let rows = paging::rows(query.limit)?;
    let before = paging::number(query.cursor.as_deref())?;
    let user = context.user_id();
    let filter = EventFilter { user_id: Some(user.clone()), ..EventFilter::default() };
    let page = Page { before, limit: rows + 1 };
    let mut found = session.manager().store().events(&filter, page).await?;
    let next_cursor = paging::cut(&mut found, rows, |event| event.id.to_string());
    let own = |event: SessionEvent| OwnEvent {
        actor: OwnActor::of(&event, user),
        at: event.at,
        kind: event.kind,
        device: event.device,
        ip_address: event.ip_address,
        session: event.session,
        detail: event.detail,
    };
    Ok(Json(OwnEvents { events: found.into_iter().map(own).collect(), next_cursor }))
}
