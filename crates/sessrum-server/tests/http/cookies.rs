//! Each whole `Set-Cookie` line, and what browsers make of it.

use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Answer, HOUR, HTTP, HTTPS, PASSWORD, Plan, Site};

/// The lines of an answer, with a name in the place of the token.
fn lines(answer: &Answer) -> String {
    let lines = answer.set_cookies().join("\n");
    answer.token().map_or(lines.clone(), |token| lines.replace(&token, "[token]"))
}

/// 3.3.1 to 3.3.4, abuse 32.
#[tokio::test]
async fn every_line() {
    let mut all = String::new();
    for origin in [HTTPS, HTTP] {
        let site = Site::of(Plan { origin, ..Plan::default() }).await;
        let (browser, phone) = (site.browser(), site.browser());
        let mut note = |what: &str, answer: &Answer| {
            writeln!(all, "{origin} {what}:\n{}", lines(answer)).unwrap();
        };
        note("sign-in", &browser.sign_in("ada").await);
        note("remembered", &phone.sign_in_remembered("ada").await);
        site.pass(HOUR / 4);
        note("re-authentication", &browser.reauthenticate().await);
        note("remembered, re-authentication", &phone.reauthenticate().await);
        note("sign-out", &browser.log_out().await);
        phone.state_of().await.ok();
        site.pass(HOUR);
        note("remembered, rotation", &phone.state_of().await);
        note("remembered, sign-out", &phone.log_out().await);
        let dead = site.signed_in("ada").await;
        site.pass(HOUR);
        note("page of a dead session", &dead.open("/account/sessions").await);
        let own = site.signed_in("ada").await;
        let path = format!("/api/sessions/{}", own.handle().await);
        note("ending the own session", &own.delete(&path).await);
        let browser = site.signed_in("ada").await;
        let change = json!({"current_password": PASSWORD, "new_password": "a new secret"});
        note("password change", &browser.post("/api/account/password", change).await);
    }
    assert_snapshot!(all);
}

#[tokio::test]
async fn a_deletion_is_one_that_browsers_follow() {
    for origin in [HTTPS, HTTP] {
        let site = Site::of(Plan { origin, ..Plan::default() }).await;
        let browser = site.signed_in("ada").await;
        assert!(browser.token().is_some());
        browser.log_out().await.ok();
        assert_eq!(browser.token(), None);
    }
}

/// N5.1, abuse 33: a token of https is not taken under the name that plain http has, nor the other
/// way, whatever a proxy's header says.
#[tokio::test]
async fn the_name_goes_with_the_scheme_alone() {
    for (origin, other) in [(HTTPS, "session_id"), (HTTP, "__Host-session_id")] {
        let site = Site::of(Plan { origin, ..Plan::default() }).await;
        let token = site.signed_in("ada").await.token().unwrap();
        for scheme in ["http", "https"] {
            let call = site.browser().call("GET", "/api/session/state");
            let call = call.with("cookie", &format!("{other}={token}"));
            let answer = call.with("x-forwarded-proto", scheme).send().await;
            answer.problem(401, "session_not_found").keeps_cookie();
            let login = site.browser().call("POST", "/api/login").with("x-forwarded-proto", scheme);
            let input = json!({"username": "ada", "password": PASSWORD});
            // The invariants know which name and attributes there must be.
            login.json(&input).send().await.ok().sets_cookie();
        }
    }
}

/// Fault 2: two cookies of the same name, and the other one won.
#[tokio::test]
async fn cookies_of_the_application_are_no_hindrance() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let ours = format!("{}={}", site.cookie_name(), browser.token().unwrap());
    let others = format!("session=eyJhbGciOi; {ours}; Session_Id=x; session_id=flask; theme=dark");
    let call = browser.call("GET", "/api/session/state").with("cookie", &others);
    call.send().await.is(200);
}

/// N5.1.1: the row decides, not the cookie's age.
#[tokio::test]
async fn a_cookie_that_a_browser_should_have_dropped_is_refused_by_the_row() {
    let site = Site::new().await;
    let browser = site.browser();
    browser.sign_in_remembered("ada").await.ok();
    for _ in 0..14 {
        site.pass(23 * HOUR);
        browser.state_of().await.ok();
        browser.heartbeat().await.ok();
    }
    let kept = browser.copied();
    site.pass(15 * HOUR);
    kept.state_of().await.problem(401, "session_expired").keeps_cookie();
}

/// 7.2.3.
#[tokio::test]
async fn tokens_do_not_repeat() {
    let site = Site::of(Plan { in_memory: true, ..Plan::default() }).await;
    let browser = site.browser();
    for _ in 0..200 {
        browser.sign_in("ada").await.ok();
    }
    assert_eq!(site.tokens().len(), 200);
}
