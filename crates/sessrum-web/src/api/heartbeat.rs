use std::sync::Arc;

use axum::extract::State as FromState;
use sessrum_core::UnifiedSessionManager;

use super::documented::Changing;
use super::state::State;
use crate::extract::CurrentSession;
use crate::json::JsonBody;

/// Keeps the session alive: counts as activity.
#[utoipa::path(post, path = "/api/session/heartbeat", tag = "session", responses(
    (status = 200, body = State),
    Changing,
))]
pub(super) async fn heartbeat(
    session: CurrentSession,
    FromState(manager): FromState<Arc<UnifiedSessionManager>>,
) -> JsonBody<State> {
    JsonBody(State::of(&session, &manager))
}
