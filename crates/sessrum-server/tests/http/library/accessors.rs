//! The accessors for code below a handler.

use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use sessrum_web::Problem;
use sessrum_web::access::{
    current_platform_id, current_platform_info, current_session_context, current_session_id,
    current_user_id, current_user_info, is_session_authenticated, update_session_platform,
};

use super::application;
use crate::support::Site;

/// What code far below a handler can know.
async fn everything() -> Result<Json<Value>, Problem> {
    Ok(Json(json!({
        "session": current_session_id().await?,
        "user_id": current_user_id().await?,
        "user": current_user_info().await?,
        "platform_id": current_platform_id().await?,
        "platform": current_platform_info().await?.map(|platform| platform.name),
        "revision": current_session_context().await?.session.revision,
    })))
}

async fn switched() -> Result<Json<Value>, Problem> {
    update_session_platform(&2.into()).await?;
    everything().await
}

async fn strangers() -> Result<(), Problem> {
    update_session_platform(&3.into()).await
}

async fn spawned() -> Json<bool> {
    let task = tokio::spawn(async { is_session_authenticated().await.unwrap() });
    Json(task.await.unwrap())
}

async fn site() -> Site {
    let authenticated = || async { is_session_authenticated().await.map(Json) };
    let routes = Router::new()
        .route("/everything", get(everything))
        .route("/authenticated", get(authenticated))
        .route("/switched", post(switched))
        .route("/strangers", post(strangers))
        .route("/spawned", get(spawned));
    application(routes).await
}

#[tokio::test]
async fn they_know_the_session_of_the_request() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    let known = browser.get("/everything").await.ok().json();
    assert_eq!(
        known,
        json!({
            "session": browser.handle().await,
            "user_id": 1,
            "user": {
                "id": 1, "username": "ada", "email": "ada@example.org", "role": "reviewer"
            },
            "platform_id": 1,
            "platform": "Photos",
            "revision": 1,
        })
    );
}

#[tokio::test]
async fn a_switch_is_seen_by_later_readers_of_the_request_and_by_the_next() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    let known = browser.press("/switched").await.ok().json();
    assert_eq!((&known["platform"], &known["revision"]), (&json!("News"), &json!(2)));
    assert_eq!(browser.state_of().await.at("/platform/name"), "News");
    browser.press("/strangers").await.problem(404, "platform_not_found");
    assert_eq!(browser.state_of().await.at("/platform/name"), "News");
}

#[tokio::test]
async fn concurrent_requests_know_their_own_session_each() {
    let site = site().await;
    let (ada, bob) = (site.signed_in("ada").await, site.signed_in("bob").await);
    let (of_ada, of_bob) = tokio::join!(ada.get("/everything"), bob.get("/everything"));
    assert_eq!((of_ada.at("/user_id"), of_bob.at("/user_id")), ("1".into(), "2".into()));
}

#[tokio::test]
async fn without_a_session_they_say_so() {
    let site = site().await;
    let stranger = site.browser();
    stranger.get("/everything").await.problem(401, "session_not_found");
    assert_eq!(stranger.get("/authenticated").await.ok().text(), "false");
    assert_eq!(site.signed_in("ada").await.get("/authenticated").await.ok().text(), "true");
}

#[tokio::test]
async fn an_outage_is_neither_yes_nor_no() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    site.store().fail();
    browser.get("/authenticated").await.problem(503, "store_unavailable").keeps_cookie();
}

#[tokio::test]
async fn outside_of_the_request_there_is_no_session() {
    let site = site().await;
    assert_eq!(site.signed_in("ada").await.get("/spawned").await.ok().text(), "false");
    assert!(!is_session_authenticated().await.unwrap());
    let problem = update_session_platform(&1.into()).await.unwrap_err();
    assert_eq!(problem.code.as_str(), "session_not_found");
}
