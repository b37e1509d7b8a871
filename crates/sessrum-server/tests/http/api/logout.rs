//! `POST /api/logout`.

use crate::support::{MINUTE, Site};

/// Security: 7.4.1, 14.3.1
#[tokio::test]
async fn signing_out_ends_the_row_and_takes_the_cookie_away_7_4_1() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let copy = browser.copied();
    let answer = browser.log_out().await.is(204).clears_cookie();
    assert_eq!(answer.header("clear-site-data"), Some("\"cache\""));
    assert_eq!(browser.token(), None);
    assert_eq!(site.live().await, 0);
    for path in ["/api/session/state", "/api/session/data", "/api/sessions", "/api/platforms"] {
        copy.get(path).await.ended("logout").keeps_cookie();
    }
    for path in ["/api/session/heartbeat", "/api/sessions/revoke-others"] {
        copy.press(path).await.ended("logout").keeps_cookie();
    }
}

/// Security: abuse 34
#[tokio::test]
async fn after_a_revocation_elsewhere_it_still_takes_the_cookie_away() {
    let site = Site::new().await;
    let (browser, other) = (site.signed_in("ada").await, site.signed_in("ada").await);
    other.press("/api/sessions/revoke-others").await.ok();
    browser.log_out().await.is(204).clears_cookie();
    assert_eq!(browser.token(), None);
}

/// Where an end is acknowledged only when it holds everywhere, so it is to whoever finds that it has come.
///
/// Security: 7.4.1, abuse 34
#[tokio::test]
async fn nobody_is_told_that_a_session_is_over_before_its_end_holds() {
    let site = Site::new().await;
    let (browser, other) = (site.signed_in("ada").await, site.signed_in("ada").await);
    other.press("/api/sessions/revoke-others").await.ok();
    site.store().fail_at("until_ends_hold");
    browser.log_out().await.problem(503, "store_unavailable").keeps_cookie();
    site.store().recover();
    browser.log_out().await.is(204).clears_cookie();
    assert_eq!(site.store().asked().iter().filter(|verb| **verb == "until_ends_hold").count(), 2);
    // Without a cookie there is nothing to wait for.
    site.browser().log_out().await.is(204);
    assert!(!site.store().asked().contains(&"until_ends_hold"));
}

/// Security: abuse 23
#[tokio::test]
async fn it_is_idempotent() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let copy = browser.copied();
    browser.log_out().await.is(204);
    copy.log_out().await.is(204).clears_cookie();
    site.browser().log_out().await.is(204);
    let ends = site.trail().await.iter().filter(|event| event.detail == "logout").count();
    assert_eq!(ends, 1);
}

/// Security: 3.5.3, trap logout by GET
#[tokio::test]
async fn a_logout_by_get_does_nothing_fault_11() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for method in ["GET", "HEAD"] {
        let answer = browser.call(method, "/api/logout").send().await.is(405).keeps_cookie();
        assert_eq!(answer.header("allow"), Some("POST"));
    }
    browser.state_of().await.ok();
}

/// Security: 3.5.1
#[tokio::test]
async fn a_logout_from_another_site_is_refused() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let call = browser.call("POST", "/api/logout").with("sec-fetch-site", "cross-site");
    call.send().await.problem(403, "origin_rejected").keeps_cookie();
    let call = browser.call("POST", "/api/logout").without("x-csrf-token");
    call.send().await.problem(403, "csrf_failed").keeps_cookie();
    browser.state_of().await.ok();
}

/// Security: abuse 34
#[tokio::test]
async fn an_expired_session_signs_out_like_any_other() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.pass(31 * MINUTE);
    browser.log_out().await.is(204).clears_cookie();
}
