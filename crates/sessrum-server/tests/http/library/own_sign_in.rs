//! An application that signs people in by its own means, and sets headers of its own.

use axum::body::Body;
use axum::http::{HeaderName, Request, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use sessrum_core::{SignIn, SignInOutcome, UserId};
use sessrum_web::access::current_user_id;
use sessrum_web::{CsrfGate, CurrentSession, Problem, RequestSession};
use tower::ServiceExt as _;

use super::application;
use crate::support::{MINUTE, Site};

/// Signs ada in as if she had proved herself elsewhere, and asks who is signed in.
async fn joined(session: RequestSession) -> Result<Json<UserId>, Problem> {
    assert!(session.observe_if_signed_in().await?.is_none());
    let manager = session.manager();
    let ada = manager.directory().find_for_sign_in("ada").await?.unwrap().user.info;
    let sign_in = SignIn {
        user: ada,
        password_changed_at: None,
        platform_id: None,
        remember: false,
        replaces: None,
    };
    let SignInOutcome::SignedIn(signed_in) =
        manager.create_session(sign_in, session.client()).await?
    else {
        panic!("nobody stands in the way");
    };
    session.renew(signed_in.token, signed_in.context);
    Ok(Json(current_user_id().await?))
}

async fn public(_: CurrentSession) -> [(HeaderName, &'static str); 1] {
    [(header::CACHE_CONTROL, "public, max-age=600")]
}

async fn site() -> Site {
    application(Router::new().route("/join", post(joined)).route("/public", get(public))).await
}

#[tokio::test]
async fn a_session_made_in_a_request_is_known_to_the_rest_of_it() {
    let site = site().await;
    let browser = site.browser();
    assert_eq!(browser.press("/join").await.ok().sets_cookie().text(), "1");
    browser.state_of().await.ok();
}

#[tokio::test]
async fn an_answer_with_a_token_is_never_kept_by_a_cache() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    let answer = browser.get("/public").await.ok();
    assert_eq!(answer.header("cache-control"), Some("public, max-age=600"));
    for _ in 0..2 {
        site.pass(25 * MINUTE);
        browser.heartbeat().await.ok();
    }
    site.pass(25 * MINUTE);
    let rotated = browser.get("/public").await.ok().sets_cookie();
    assert_eq!(rotated.header("cache-control"), Some("no-store"));
}

/// A gate that does not know the session refuses: it cannot tell whose token it sees.
#[tokio::test]
async fn a_gate_outside_of_the_sessions_lets_nothing_unsafe_through() {
    let site = site().await;
    let gate = CsrfGate::new(site.origin().clone(), &[]);
    let app = Router::new().route("/", post(|| async { "done" })).layer(gate);
    let request = Request::post("/").header(header::ORIGIN, site.origin().to_string());
    let answer = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 500);
}
