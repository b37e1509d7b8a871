//! `POST /api/session/reauthenticate`.

use serde_json::json;

use crate::support::{HOUR, MINUTE, SECOND, Site};

/// Security: 7.2.4
#[tokio::test]
async fn the_session_is_fresh_and_has_a_new_token_7_2_4() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let (old, handle) = (browser.copied(), browser.handle().await);
    site.pass(11 * MINUTE);
    browser.press("/api/sessions/revoke-others").await.problem(403, "reauthentication_required");
    let answer = browser.reauthenticate().await.is(200).sets_cookie();
    assert_eq!(answer.at("/session/authenticated_at"), "2026-11-23T21:11:00Z");
    assert_eq!(answer.at("/session/handle"), handle);
    browser.press("/api/sessions/revoke-others").await.is(200);
    // The old token stays for what is on the way, and is a theft's sign after that.
    site.pass(30 * SECOND);
    old.state_of().await.ok();
    site.pass(SECOND);
    old.state_of().await.ended("token_reuse").keeps_cookie();
    browser.state_of().await.ended("token_reuse");
}

/// Security: N5.2
#[tokio::test]
async fn it_renews_both_limits_n5_2() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.pass(20 * MINUTE);
    let state = browser.reauthenticate().await.ok();
    assert_eq!(state.at("/session/expires_at"), "2026-11-24T09:20:00Z");
    assert_eq!(state.at("/session/idle_expires_at"), "2026-11-23T21:50:00Z");
}

#[tokio::test]
async fn the_old_token_works_until_the_new_one_is_seen() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let call = browser.call("POST", "/api/session/reauthenticate");
    let body = json!({"password": crate::support::PASSWORD});
    call.json(&body).send_and_lose_the_answer().await.ok();
    site.pass(20 * MINUTE);
    browser.state_of().await.ok();
    browser.reauthenticate().await.is(200);
}

/// Security: 7.5.2
#[tokio::test]
async fn a_wrong_password_is_no_reason_to_sign_in_again() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.pass(11 * MINUTE);
    let answer =
        browser.post("/api/session/reauthenticate", json!({"password": "wrong one"})).await;
    answer.problem(403, "invalid_credentials").keeps_cookie();
    browser.press("/api/sessions/revoke-others").await.problem(403, "reauthentication_required");
    let failed = site.trail().await.iter().filter(|e| e.kind.as_str() == "sign_in_failed").count();
    assert_eq!(failed, 1);
}

/// Security: 7.5.2, parameter profiles
#[tokio::test]
async fn freshness_lasts_ten_minutes_to_the_second() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.pass(10 * MINUTE - SECOND);
    browser.press("/api/sessions/revoke-others").await.is(200);
    site.pass(SECOND);
    browser.press("/api/sessions/revoke-others").await.problem(403, "reauthentication_required");
    browser.get("/api/sessions").await.is(200);
}

/// Security: abuse 6
#[tokio::test]
async fn an_ended_session_is_not_renewed() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let copy = browser.copied();
    browser.log_out().await.ok();
    copy.reauthenticate().await.ended("logout").keeps_cookie();
    site.pass(HOUR);
    assert_eq!(site.live().await, 0);
}
