//! Health, as it is: the database is asked, the jobs' last success is looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use sessrum_core::UnifiedSessionManager;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::jobs::JobHealth;

#[derive(Clone)]
struct HealthState {
    manager: Arc<UnifiedSessionManager>,
    jobs: Arc<JobHealth>,
}

pub(crate) fn router(manager: Arc<UnifiedSessionManager>, jobs: Arc<JobHealth>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(live))
        .routes(routes!(ready))
        .with_state(HealthState { manager, jobs })
}

/// Health of the whole.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `live`, `ready` or `not_ready`.
    status: &'static str,
    /// `ok` or what is wrong, by part.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    components: BTreeMap<String, String>,
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses(
    (status = 200, description = "It lives.", body = Health),
))]
async fn live() -> Json<Health> {
    Json(Health { status: "live", components: BTreeMap::new() })
}

/// The server can do its work: the database answers and can be written, and every job has
/// succeeded lately. Whether it hears of changes at once is told, and no condition.
#[utoipa::path(get, path = "/readyz", tag = "health", responses(
    (status = 200, description = "It is ready.", body = Health),
    (status = 503, description = "Something is wrong.", body = Health),
))]
async fn ready(
    State(HealthState { manager, jobs }): State<HealthState>,
) -> (StatusCode, Json<Health>) {
    let mut components = BTreeMap::new();
    let mut all_good = true;
    let database = match manager.store().check().await {
        Ok(()) => "ok".to_owned(),
        Err(error) => {
            all_good = false;
            error.to_string()
        }
    };
    components.insert("database".to_owned(), database);
    // Without it each request asks the database, and open pages hear of this instance alone.
    let hears = manager.store().feed().hears();
    let feed = if hears { "ok" } else { "has heard nothing for a lease: the cache is not used" };
    components.insert("feed".to_owned(), feed.to_owned());
    for (job, late) in jobs.late(manager.now()) {
        all_good &= late.is_none();
        let state = late.map_or_else(|| "ok".to_owned(), |late| late.to_string());
        components.insert(format!("job:{job}"), state);
    }
    let (code, status) = if all_good {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not_ready")
    };
    (code, Json(Health { status, components }))
}
