use serde::Serialize;
use sessrum_core::store::NewEvent;
use sessrum_core::{CleanupReport, EventKind};
use utoipa::ToSchema;

use super::FreshAdmin;
use crate::api::documented::Changing;
use crate::json::JsonBody;
use crate::problem::Problem;
use crate::request_session::RequestSession;

/// What a clean-up did.
#[derive(Serialize, ToSchema)]
pub(super) struct Cleaned {
    /// Sessions ended because they were over.
    expired: usize,
    /// Rows removed because they had ended long ago.
    purged: usize,
    /// Events whose address and user agent were shortened.
    shortened: usize,
}

/// Ends what has expired, removes what ended long ago and shortens old events, as the server does by itself every now
/// and then. Needs a fresh authentication.
#[utoipa::path(post, path = "/api/admin/cleanup", tag = "admin", responses(
    (status = 200, body = Cleaned),
    Changing,
))]
pub(super) async fn cleanup(
    (admin, _): FreshAdmin,
    session: RequestSession,
) -> Result<JsonBody<Cleaned>, Problem> {
    let manager = session.manager();
    // First, so that nothing is removed that nobody is known to have asked for.
    let event = NewEvent {
        kind: EventKind::CleanUpStarted,
        user_id: None,
        session: None,
        detail: String::new(),
    };
    manager.store().record(event, &manager.change_by(&admin, session.client())).await?;
    let CleanupReport { expired, purged, shortened } = manager.cleanup_expired_sessions().await?;
    Ok(JsonBody(Cleaned { expired, purged, shortened }))
}
