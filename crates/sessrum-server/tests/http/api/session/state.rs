//! `GET /api/session/state`.

use insta::assert_snapshot;

use crate::support::{MINUTE, Site};

#[tokio::test]
async fn the_whole_state() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.pass(MINUTE);
    assert_snapshot!(browser.state_of().await.shown());
}

/// Security: 7.3.1
#[tokio::test]
async fn asking_is_no_activity() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for _ in 0..29 {
        site.pass(MINUTE);
        browser.state_of().await.ok();
    }
    site.run_jobs().await;
    site.pass(MINUTE);
    browser.state_of().await.problem(401, "session_expired");
}

/// Fault 13: a page can warn its user in time.
#[tokio::test]
async fn it_tells_when_the_session_will_end() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.pass(10 * MINUTE);
    browser.heartbeat().await.ok();
    site.pass(5 * MINUTE);
    let state = browser.state_of().await.ok();
    assert_eq!(state.at("/server_time"), "2026-11-23T21:15:00Z");
    assert_eq!(state.at("/session/last_activity"), "2026-11-23T21:10:00Z");
    assert_eq!(state.at("/session/idle_expires_at"), "2026-11-23T21:40:00Z");
    assert_eq!(state.at("/session/expires_at"), "2026-11-24T09:00:00Z");
}

/// Security: 7.2.1
#[tokio::test]
async fn without_a_cookie_nobody_is_signed_in() {
    let site = Site::new().await;
    site.browser().state_of().await.problem(401, "session_not_found").keeps_cookie();
}

/// Security: 14.2.1
#[tokio::test]
async fn a_token_in_the_address_is_ignored_14_2_1() {
    let site = Site::new().await;
    let token = site.signed_in("ada").await.token().unwrap();
    for name in ["session_id", "__Host-session_id", "token"] {
        let answer = site.browser().get(&format!("/api/session/state?{name}={token}")).await;
        answer.problem(401, "session_not_found");
    }
}
