//! `POST /api/session/heartbeat`.

use crate::support::{MINUTE, Site};

/// Security: N5.2
#[tokio::test]
async fn it_counts_as_activity_n5_2() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.pass(29 * MINUTE);
    let state = browser.heartbeat().await.ok();
    assert_eq!(state.at("/session/idle_expires_at"), "2026-11-23T21:59:00Z");
    site.pass(29 * MINUTE);
    browser.state_of().await.ok();
}

/// Fault 7: a second gate refused the heartbeat, and the client gave it up.
#[tokio::test]
async fn it_passes_the_one_gate_all_day() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for _ in 0..35 {
        site.pass(20 * MINUTE);
        browser.heartbeat().await.is(200);
    }
}

/// Fault 10: a read costs no write.
#[tokio::test]
async fn it_writes_nothing_until_the_flush() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.store().asked();
    for _ in 0..5 {
        browser.heartbeat().await.ok();
    }
    let asked = site.store().asked();
    assert!(asked.iter().all(|verb| *verb == "load_by_token"), "{asked:?}");
}

/// Security: N5.1
#[tokio::test]
async fn it_needs_the_token_of_the_session() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let call = browser.call("POST", "/api/session/heartbeat").without("x-csrf-token");
    call.send().await.problem(403, "csrf_failed");
    site.pass(30 * MINUTE);
    browser.state_of().await.problem(401, "session_expired");
}
