//! What the library leaves alone in the answers of an application, and what it sends people.

use axum::Router;
use axum::body::Bytes;
use axum::http::header::LINK;
use axum::http::{StatusCode, header};
use axum::response::AppendHeaders;
use axum::routing::{get, post};
use sessrum_web::{CurrentSession, RequireFreshLogin, RequirePlatform};

use super::application;
use crate::support::{Answer, Browser, HOUR, Site};

async fn site() -> Site {
    let own_policy = [(header::CONTENT_SECURITY_POLICY, "script-src 'self'")];
    let cached = [(header::CACHE_CONTROL, "max-age=60")];
    let routes = Router::new()
        .route("/own-404", get(|| async { (StatusCode::NOT_FOUND, "no such article") }))
        .route("/own-405", get(|| async { (StatusCode::METHOD_NOT_ALLOWED, "not today") }))
        .route("/scripted", get(move || async move { (own_policy, "page") }))
        .route("/upload", post(|_: CurrentSession, body: Bytes| async move { body }))
        .route("/cached", get(move |_: CurrentSession| async move { (cached, "text") }))
        .route("/article", get(|_: CurrentSession| async { "text" }))
        .route("/linked", get(|| async { AppendHeaders([(LINK, "</a>"), (LINK, "</b>")]) }))
        .route("/platform", get(|_: RequirePlatform| async { "text" }))
        .route("/fresh", get(|_: RequireFreshLogin| async { "text" }));
    application(routes).await
}

async fn visit(browser: &Browser, path: &str) -> Answer {
    browser.call("GET", path).with("accept", "text/html,*/*;q=0.8").send().await
}

#[tokio::test]
async fn an_applications_own_refusals_keep_their_words() {
    let site = site().await;
    let browser = site.browser();
    assert_eq!(browser.get("/own-404").await.is(404).text(), "no such article");
    assert_eq!(browser.get("/own-405").await.is(405).text(), "not today");
    browser.get("/nothing").await.problem(404, "not_found");
}

#[tokio::test]
async fn all_of_an_applications_own_headers_are_there() {
    let answer = site().await.browser().get("/linked").await.ok();
    assert_eq!(answer.headers("link"), ["</a>", "</b>"]);
}

#[tokio::test]
async fn an_application_says_itself_what_may_be_cached() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    let answer = browser.get("/cached").await.ok();
    assert_eq!(answer.header("cache-control"), Some("max-age=60"));
    assert_eq!(browser.get("/article").await.ok().header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn an_application_says_itself_what_its_pages_may_load() {
    let site = site().await;
    let answer = site.browser().get("/scripted").await.is(200);
    assert_eq!(answer.header("content-security-policy"), Some("script-src 'self'"));
    // What it does not say is as always.
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    let other = site.browser().get("/own-404").await.is(404);
    assert!(other.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
}

/// Security: 3.5.2
#[tokio::test]
async fn an_application_says_itself_what_a_body_may_be() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    let upload = |path, media_type| browser.call("POST", path).body(media_type, "--x--");
    let multipart = "multipart/form-data; boundary=x";
    assert_eq!(upload("/upload", multipart).send().await.is(200).text(), "--x--");
    let without = upload("/upload", multipart).without("x-csrf-token").send().await;
    without.problem(403, "csrf_failed");
    for media_type in ["text/plain", "application/x-www-form-urlencoded"] {
        upload("/upload", media_type).send().await.problem(415, "unsupported_media_type");
    }
    let api = upload("/api/session/heartbeat", multipart).send().await;
    api.problem(415, "unsupported_media_type");
}

/// A page's redirect takes the dead cookie away; the answer to a program never does.
#[tokio::test]
async fn people_are_sent_to_sign_in_and_back() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    assert_eq!(visit(&browser, "/article?page=2").await.ok().text(), "text");
    site.pass(HOUR);
    browser.get("/article?page=2").await.problem(401, "session_expired").keeps_cookie();
    let sent = visit(&browser, "/article?page=2").await.is(303).clears_cookie();
    let target = "/login?reason=session_expired&next=%2Farticle%3Fpage%3D2";
    assert_eq!(sent.header("location"), Some(target));
    assert_eq!(browser.token(), None);
    // Without a cookie there is none to take away.
    let sent = visit(&browser, "/article").await.is(303).keeps_cookie();
    let target = "/login?reason=session_not_found&next=%2Farticle";
    assert_eq!(sent.header("location"), Some(target));
}

#[tokio::test]
async fn people_are_told_why_their_session_ended() {
    let site = site().await;
    let (browser, other) = (site.signed_in("ada").await, site.signed_in("ada").await);
    other.press("/api/sessions/revoke-others").await.ok();
    let sent = visit(&browser, "/article").await.is(303).clears_cookie();
    assert_eq!(sent.header("location"), Some("/login?reason=revoked_by_user&next=%2Farticle"));
}

#[tokio::test]
async fn an_outage_sends_nobody_to_sign_in() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    site.store().fail();
    visit(&browser, "/article").await.keeps_cookie();
    site.store().recover();
    visit(&browser, "/article").await.is(200);
}

/// A page asked for with the cookie that is judged dead, after another tab signed in anew: the
/// answer is to the old cookie, and browsers apply it to the new one.
#[tokio::test]
async fn a_person_with_a_good_session_loses_no_cookie() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    visit(&browser, "/fresh").await.is(200);
    site.pass(HOUR / 4);
    visit(&browser, "/fresh").await.keeps_cookie();
    visit(&browser, "/nothing").await.keeps_cookie();
    browser.state_of().await.ok();
}

#[tokio::test]
async fn people_without_a_platform_are_sent_to_connect_one() {
    let site = site().await;
    site.add_user("carol", sessrum_core::Role::Viewer, &[]).await;
    let browser = site.signed_in("carol").await;
    let sent = visit(&browser, "/platform").await.is(303).keeps_cookie();
    assert_eq!(
        sent.header("location"),
        Some("/account/platforms?reason=platform_required&next=%2Fplatform")
    );
}
