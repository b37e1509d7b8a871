use std::sync::Arc;

use axum::Json;
use axum::extract::State as FromState;
use sessrum_core::UnifiedSessionManager;

use super::documented::Changing;
use super::state::State;
use crate::extract::CurrentSession;

/// Keeps the session alive: counts as activity.
#[utoipa::path(post, path = "/api/session/heartbeat", tag = "session", responses(
    (status = 200, body = State),
    Changing,
))]
pub(super) async fn heartbeat(
    session: CurrentSession,
    FromState(manager): FromState<Arc<UnifiedSessionManager>>,
) -> Json<State> {
    Json(State::of(&session, &manager))
}
