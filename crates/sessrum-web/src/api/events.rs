use serde::{Deserialize, Serialize};
use sessrum_core::store::{EventFilter, Page};
use sessrum_core::{Actor, RecordedKind, SessionEvent, SessionHandle, Timestamp, UserId};
use utoipa::{IntoParams, ToSchema};

use super::documented::Reading;
use super::paging;
use crate::extract::ObservedSession;
use crate::json::JsonBody;
use crate::problem::Problem;
use crate::query::QueryInput;
use crate::request_session::RequestSession;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventQuery {
    /// The `next_cursor` of the page before.
    #[param(pattern = "^[0-9]{1,18}$")]
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
    fn of(event: &SessionEvent, user: &UserId) -> Self {
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
    kind: RecordedKind,
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
    _: ObservedSession,
    session: RequestSession,
    QueryInput(query): QueryInput<EventQuery>,
) -> Result<JsonBody<OwnEvents>, Problem> {
    let rows = paging::rows(query.limit)?;
    let before = paging::number(query.cursor.as_deref())?;
    let page = Page { before, limit: rows + 1 };
    let mut found = own_events(&session, &EventFilter::default(), page).await?;
    let next_cursor = paging::cut(&mut found, rows, |(event, _)| event.id.to_string());
    let own = |(event, actor): (SessionEvent, OwnActor)| OwnEvent {
        actor,
        at: event.at,
        kind: event.kind,
        device: event.device,
        ip_address: event.ip_address,
        session: event.session,
        detail: event.detail,
    };
    Ok(JsonBody(OwnEvents { events: found.into_iter().map(own).collect(), next_cursor }))
}

/// Events that concern the request's user, for the API and for the pages, with who did it. From
/// where an administrator did something is none of the user's business.
///
/// # Errors
/// The [`Problem`] of a request without a good session, or of a database that cannot say.
pub async fn own_events(
    session: &RequestSession,
    filter: &EventFilter,
    page: Page,
) -> Result<Vec<(SessionEvent, OwnActor)>, Problem> {
    let context = session.observe().await?;
    let own = EventFilter { user_id: Some(context.user_id().clone()), ..filter.clone() };
    let events = session.manager().store().events(&own, page).await?;
    Ok(events
        .into_iter()
        .map(|mut event| {
            let actor = OwnActor::of(&event, context.user_id());
            if actor == OwnActor::Administrator {
                event.forget_client();
            }
            (event, actor)
        })
        .collect())
}
