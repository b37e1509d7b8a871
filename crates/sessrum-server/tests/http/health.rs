//! `/healthz` and `/readyz`.

use serde_json::json;

use crate::support::{Call, MINUTE, SECOND, Site};

#[tokio::test]
async fn the_process_lives() {
    let site = Site::new().await;
    let answer = site.browser().get("/healthz").await.is(200).keeps_cookie();
    assert_eq!(answer.json(), json!({"status": "live"}));
    assert!(site.store().asked().is_empty());
}

/// Fault 8: health was hard-coded text.
#[tokio::test]
async fn readiness_follows_the_database() {
    let site = Site::new().await;
    let browser = site.browser();
    let ready = json!({"status": "ready", "components": {
        "database": "ok", "feed": "ok", "job:clean_up": "ok", "job:flush_activity": "ok",
    }});
    site.hears().await;
    assert_eq!(browser.get("/readyz").await.is(200).json(), ready);
    assert_eq!(site.store().asked(), ["check"]);
    site.store().fail();
    let down = browser.get("/readyz").await.is(503);
    assert_eq!(down.at("/status"), "not_ready");
    assert_eq!(down.at("/components/database"), "the database cannot be reached");
    assert!(down.at("/components/feed").starts_with("has heard nothing for a lease"));
    assert!(!down.text().contains("secret detail"));
    browser.get("/healthz").await.is(200);
    site.store().recover();
    site.hears().await;
    assert_eq!(browser.get("/readyz").await.is(200).json(), ready);
}

/// Slower than it could be, and right.
#[tokio::test]
async fn a_server_that_hears_nothing_says_so_and_is_ready() {
    let site = Site::new().await;
    site.store().lose_the_feed();
    let ready = site.browser().get("/readyz").await.is(200);
    assert!(ready.at("/components/feed").starts_with("has heard nothing for a lease"));
}

/// Fault 8.
#[tokio::test]
async fn readiness_follows_the_jobs() {
    let site = Site::new().await;
    let browser = site.browser();
    site.pass(3 * MINUTE);
    browser.get("/readyz").await.is(200);
    site.pass(SECOND);
    let late = browser.get("/readyz").await.is(503);
    assert_eq!(late.at("/components/database"), "ok");
    assert_eq!(late.at("/components/job:clean_up"), "has not succeeded since 2026-11-23T21:00:00Z");
}

#[tokio::test]
async fn a_session_makes_no_difference() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.store().asked();
    let calls = ["/healthz", "/readyz"].map(|path| browser.call("GET", path));
    for call in calls.map(Call::send) {
        call.await.is(200).keeps_cookie();
    }
    assert_eq!(site.store().asked(), ["check"]);
}
