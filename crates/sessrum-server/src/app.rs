//! The whole site: the session API, the pages, health, and what stands around them.

use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use sessrum_core::{Accounts, OsRandom};
use sessrum_web::api::{self, ApiState};
use sessrum_web::{
    Answers, Code, CsrfGate, DatabaseSessionLayer, Origin, Problem, ProxyGate, SecurityHeaders,
    SessionCookieManager, TrustedProxies,
};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::jobs::JobHealth;
use crate::{health, pages};

/// Whoever signs in has no session token yet.
const SIGN_IN_PATHS: &[&str] = &["/api/login", "/login"];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sessrum",
        description = "One session system for a web application. A browser is signed in by its \
            cookie. Unsafe requests need `X-CSRF-Token` (`POST /api/login` does not) and must come \
            from the site itself: a client that is no browser sends `Origin` with the public URL."
    ),
    tags(
        (name = "session", description = "The session of the request"),
        (name = "data", description = "The session's own data, a key at a time"),
        (name = "sessions", description = "The user's devices"),
        (name = "platforms", description = "The user's platform connections"),
        (name = "account", description = "The user's own account"),
        (name = "admin", description = "For administrators; changes need a fresh authentication"),
        (name = "health", description = "For whoever watches the server"),
    )
)]
struct Document;

/// The site at `origin` behind these proxies, ready to be served.
pub fn app(
    accounts: Arc<Accounts>,
    jobs: Arc<JobHealth>,
    origin: &Origin,
    proxies: TrustedProxies,
) -> Router {
    let manager = Arc::clone(accounts.manager());
    let (api, document) = described(&accounts, jobs);
    let document = serde_json::to_value(document).map(Json);
    let document = document.map_err(|error| {
        tracing::error!("the OpenAPI document cannot be written: {error}");
        Problem::new(Code::InternalError)
    });
    let gate = CsrfGate::new(origin.clone(), SIGN_IN_PATHS).with_media_types(&[pages::FORM]);
    let proxies = ProxyGate::new(origin.clone(), proxies);
    let sessions = DatabaseSessionLayer::new(manager, SessionCookieManager::new(origin));
    let answers = Answers::new(Arc::new(OsRandom), pages::problem_page);
    // At once: the router gives each layer that is added for itself a service of its own for each request.
    let around = (SecurityHeaders::new(origin), answers, proxies, sessions, gate);
    api.merge(pages::router(accounts))
        .route("/openapi.json", get(|| async move { document }))
        .layer(around)
}

/// The routes that programs use, and their description.
fn described(accounts: &Arc<Accounts>, jobs: Arc<JobHealth>) -> (Router, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(api::router(ApiState { accounts: Arc::clone(accounts) }))
        .merge(health::router(Arc::clone(accounts.manager()), jobs))
        .split_for_parts()
}

/// The OpenAPI document of the routes that programs use.
#[must_use]
pub fn openapi(accounts: &Arc<Accounts>, jobs: Arc<JobHealth>) -> utoipa::openapi::OpenApi {
    described(accounts, jobs).1
}
