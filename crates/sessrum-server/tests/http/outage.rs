//! A database that cannot be asked: 503, and nothing is known of the session.

use serde_json::json;

use crate::support::{Answer, Browser, Call, HOUR, MINUTE, PASSWORD, Site};

/// Which verbs fail.
type Fails = fn(&str) -> bool;

#[track_caller]
fn is_outage(answer: Answer) {
    let answer = answer.problem(503, "store_unavailable").keeps_cookie();
    assert_eq!(answer.header("retry-after"), Some("1"));
}

/// Something on each resource.
fn calls(browser: &Browser) -> Vec<Call> {
    vec![
        browser.call("GET", "/api/session/state"),
        browser.call("GET", "/api/session/csrf-token"),
        browser.call("GET", "/api/session/data"),
        browser.call("GET", "/api/session/data/k"),
        browser.call("GET", "/api/sessions"),
        browser.call("GET", "/api/platforms"),
        browser.call("POST", "/api/login").json(&json!({"username": "ada", "password": PASSWORD})),
        browser.call("POST", "/api/logout"),
        browser.call("POST", "/api/session/heartbeat"),
        browser.call("POST", "/api/session/platform").json(&json!({"platform_id": 2})),
        browser.call("POST", "/api/session/reauthenticate").json(&json!({"password": PASSWORD})),
        browser.call("PUT", "/api/session/data/k").json(&json!(1)),
        browser.call("POST", "/api/sessions/revoke-others"),
        browser.call("PATCH", "/api/platforms/1").json(&json!({"name": "n"})),
    ]
}

/// Security: 16.5.3, abuse 27
#[tokio::test]
async fn nobody_is_anonymous_because_the_database_is_down() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    browser.state_of().await.ok();
    site.store().fail();
    for call in calls(&browser) {
        is_outage(call.send().await);
    }
    is_outage(site.browser().sign_in("ada").await);
    site.store().recover();
    // By itself, and as if nothing had been.
    let state = browser.state_of().await.ok().keeps_cookie();
    assert_eq!((state.at("/session/revision"), state.at("/platform/id")), ("1".into(), "1".into()));
    assert_eq!(site.live().await, 1);
}

/// What was read shortly before may still be looked at, until it is certain that nothing is heard of
/// the database any more.
///
/// Security: 16.5.3, abuse 27
#[tokio::test]
async fn at_the_beginning_of_an_outage_pages_may_be_read_and_nothing_changed() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let before = browser.state_of().await.ok().json();
    site.store().fail_when(|_| true);
    assert_eq!(browser.state_of().await.ok().keeps_cookie().json(), before);
    let changes = calls(&browser).into_iter().skip(6);
    for call in changes {
        is_outage(call.send().await);
    }
    site.store().fail();
    is_outage(browser.state_of().await);
    site.store().recover();
    assert_eq!(browser.state_of().await.ok().json(), before);
}

/// Security: 16.5.3, abuse 27
#[tokio::test]
async fn a_logout_that_is_not_certain_keeps_the_cookie() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let fails: [Fails; 2] = [|_| true, |verb| verb == "end"];
    for fails in fails {
        site.store().fail_when(fails);
        is_outage(browser.log_out().await);
        site.store().recover();
        browser.state_of().await.ok();
    }
    browser.log_out().await.is(204).clears_cookie();
}

/// Fault 3: a failure in the middle has changed nothing that is seen.
///
/// Security: 16.5.3, abuse 27
#[tokio::test]
async fn a_verb_that_fails_is_not_half_done() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let before = browser.state_of().await.ok().json();
    let cases: [(Fails, Call); 6] = [
        (
            |verb| verb == "switch_platform_if",
            browser.call("POST", "/api/session/platform").json(&json!({"platform_id": 2})),
        ),
        (
            |verb| verb == "rotate",
            browser
                .call("POST", "/api/session/reauthenticate")
                .json(&json!({"password": PASSWORD})),
        ),
        (
            |verb| verb == "change_password",
            browser
                .call("POST", "/api/account/password")
                .json(&json!({"current_password": PASSWORD, "new_password": "a new secret"})),
        ),
        (
            |verb| verb == "create",
            browser
                .call("POST", "/api/login")
                .json(&json!({"username": "bob", "password": PASSWORD})),
        ),
        (|verb| verb == "end_for_user", browser.call("POST", "/api/sessions/revoke-others")),
        (
            |verb| verb == "record_of_bundled",
            browser
                .call("POST", "/api/session/reauthenticate")
                .json(&json!({"password": "wrong one"})),
        ),
    ];
    for (fails, call) in cases {
        site.store().fail_when(fails);
        is_outage(call.send().await);
        site.store().recover();
        assert_eq!(browser.state_of().await.ok().keeps_cookie().json(), before);
    }
    site.signed_in("ada").await.state_of().await.ok();
}

/// The old token stays good: the rotation waits for the next request.
#[tokio::test]
async fn a_rotation_that_fails_disturbs_nobody() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for _ in 0..2 {
        site.pass(29 * MINUTE);
        browser.heartbeat().await.ok();
    }
    site.pass(2 * MINUTE);
    site.store().fail_at("rotate");
    browser.heartbeat().await.ok().keeps_cookie();
    site.store().recover();
    browser.heartbeat().await.ok().sets_cookie();
    site.store().fail_at("confirm_token");
    is_outage(browser.heartbeat().await);
    site.store().recover();
    browser.heartbeat().await.ok();
}

/// Activity waits for the database and is not lost.
#[tokio::test]
async fn activity_of_an_outage_is_written_after_it() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.pass(20 * MINUTE);
    browser.heartbeat().await.ok();
    site.store().fail();
    assert!(site.manager().flush_session_activity().await.is_err());
    site.store().recover();
    site.pass(20 * MINUTE);
    site.run_jobs().await;
    browser.state_of().await.ok();
}

/// Fault 12: anonymous requests open no database, make no row, set no cookie.
///
/// Security: abuse 9
#[tokio::test]
async fn a_flood_of_strangers_leaves_no_trace() {
    let site = Site::new().await;
    let stranger = site.browser();
    let paths =
        ["/api/session/state", "/api/sessions", "/healthz", "/openapi.json", "/nothing.css", "/"];
    for round in 0..50 {
        let path = paths[round % paths.len()];
        stranger.get(path).await.keeps_cookie();
        stranger.call("HEAD", path).send().await.keeps_cookie();
        stranger.press("/api/session/heartbeat").await.keeps_cookie();
        stranger.press("/api/nothing").await.keeps_cookie();
    }
    assert_eq!(site.store().asked(), Vec::<&str>::new());
    assert_eq!(site.live().await, 0);
}

/// Fault 12: a page of many files asks the database for what needs the session, once each.
#[tokio::test]
async fn a_signed_in_browser_opens_the_database_only_where_the_session_is_asked_for() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.store().asked();
    for path in ["/healthz", "/openapi.json", "/nothing.css", "/api/nothing", "/robots.txt"] {
        browser.get(path).await.keeps_cookie();
    }
    browser.get("/api/logout").await.is(405);
    assert_eq!(site.store().asked(), Vec::<&str>::new());
    browser.state_of().await.ok();
    assert_eq!(site.store().asked(), ["load_by_token"]);
    browser.state_of().await.ok();
    assert_eq!(site.store().asked(), Vec::<&str>::new());
    browser.heartbeat().await.ok();
    assert_eq!(site.store().asked(), ["load_by_token"]);
}

/// Whatever changes something goes by the row as it is, not by what was read before.
///
/// Security: 7.4.1
#[tokio::test]
async fn a_request_that_changes_something_goes_by_the_row() {
    let site = Site::on_sqlite().await;
    let browser = site.signed_in("ada").await;
    browser.state_of().await.ok();
    let database = rusqlite::Connection::open(site.database()).unwrap();
    let end = "UPDATE user_sessions SET ended_at = updated_at, end_reason = 'revoked_by_admin'";
    database.execute(end, []).unwrap();
    // Nobody may have told the server by now.
    browser.put("/api/session/data/k", json!(1)).await.ended("revoked_by_admin");
    browser.heartbeat().await.ended("revoked_by_admin");
    browser.press("/api/sessions/revoke-others").await.ended("revoked_by_admin");
}

/// Security: abuse 27
#[tokio::test]
async fn an_outage_longer_than_the_idle_time_is_no_excuse() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.store().fail();
    site.pass(HOUR);
    is_outage(browser.state_of().await);
    site.store().recover();
    browser.state_of().await.problem(401, "session_expired");
}
