//! Every problem code that the API has, as a whole answer.

use std::fmt::Write as _;
use std::path::Path;

use axum::Router;
use axum::routing::get;
use insta::{Settings, assert_snapshot};
use serde_json::json;
use sessrum_core::{EndReason, Role, SessionHandle};
use sessrum_web::{Admin, RequirePlatform, RequireRole};

use crate::support::{Answer, HOUR, Log, Plan, Site};

/// A snapshot under the code's own name.
#[track_caller]
fn shows(code: &str, answer: &Answer) {
    assert_eq!(answer.at("/code"), code);
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| assert_snapshot!(format!("problem_{code}"), answer.shown()));
}

#[tokio::test]
async fn of_who_is_not_signed_in() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let phone = site.signed_in("ada").await;
    shows("session_not_found", &site.browser().state_of().await);
    browser.press("/api/sessions/revoke-others").await.ok();
    shows("session_ended", &phone.state_of().await);
    let wrong = json!({"username": "ada", "password": "wrong one"});
    shows("invalid_credentials", &phone.post("/api/login", wrong).await);
    for _ in 0..4 {
        let wrong = json!({"username": "ada", "password": "wrong one"});
        phone.post("/api/login", wrong).await.problem(401, "invalid_credentials");
    }
    shows("rate_limited", &phone.sign_in("ada").await);
    site.pass(HOUR);
    shows("session_expired", &browser.state_of().await);
}

#[tokio::test]
async fn of_refusals() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let call = || browser.call("POST", "/api/session/heartbeat");
    shows("csrf_failed", &call().without("x-csrf-token").send().await);
    shows("origin_rejected", &call().with("sec-fetch-site", "cross-site").send().await);
    site.pass(HOUR / 4);
    let stale = browser.press("/api/sessions/revoke-others").await;
    shows("reauthentication_required", &stale);
}

#[tokio::test]
async fn of_guards() {
    let routes = Router::new()
        .route("/admin", get(|_: RequireRole<Admin>| async {}))
        .route("/platform", get(|_: RequirePlatform| async {}));
    let site = Site::of(Plan { routes: Some(routes), ..Plan::default() }).await;
    site.add_user("carol", Role::Viewer, &[]).await;
    let browser = site.signed_in("carol").await;
    shows("forbidden", &browser.get("/admin").await);
    shows("platform_required", &browser.get("/platform").await);
}

/// The form that comes with the current state is shown where platforms are switched.
#[tokio::test]
async fn of_what_changed_meanwhile() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    browser.put("/api/session/data/k", json!(1)).await.is(201);
    let stale =
        browser.call("PUT", "/api/session/data/k").json(&json!(2)).with("if-match", "\"7\"");
    shows("revision_conflict", &stale.send().await.is(412));
}

#[tokio::test]
async fn of_plain_http() {
    let site = Site::of(Plan { proxies: &["192.0.2.1"], ..Plan::default() }).await;
    let call = site.browser().call("GET", "/api/session/state").with("x-forwarded-proto", "http");
    shows("https_required", &call.send().await);
}

#[tokio::test]
async fn of_input() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let switch = |body| browser.post("/api/session/platform", body);
    shows("platform_not_found", &switch(json!({"platform_id": 3})).await);
    shows("validation_failed", &switch(json!({"platform_id": [3]})).await);
    let text = browser.call("POST", "/api/session/platform").body("text/plain", "{}");
    shows("unsupported_media_type", &text.send().await);
    let large = json!("x".repeat(300_000));
    shows("payload_too_large", &browser.put("/api/session/data/k", large).await);
}

#[tokio::test]
async fn of_addresses() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    shows("not_found", &browser.get("/api/nothing").await);
    shows("method_not_allowed", &browser.get("/api/logout").await);
}

/// Security: 16.5.1
#[tokio::test]
async fn of_an_outage() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.store().fail();
    let answer = browser.state_of().await;
    shows("store_unavailable", &answer);
    assert!(!answer.text().contains("secret detail"));
}

#[tokio::test]
async fn each_code_is_shown() {
    let site = Site::empty().await;
    let codes = &site.document().unwrap()["components"]["schemas"]["Code"]["enum"];
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http/snapshots");
    for code in codes.as_array().unwrap().iter().map(|code| code.as_str().unwrap()) {
        let is_shown = snapshots.join(format!("problem_{code}.snap")).exists();
        assert!(is_shown, "{code}");
    }
}

/// Each end reason is told in words of its own, and no page can be sent words by a link.
#[tokio::test]
async fn each_end_reason_has_its_sentence() {
    let site = Site::new().await;
    let mut sentences = String::new();
    for reason in EndReason::ALL {
        let browser = site.signed_in("ada").await;
        let row = site.manager().store().list_for_user(&site.user("ada").await).await.unwrap();
        site.manager().store().end(row[0].id, *reason, &site.change()).await.unwrap();
        let answer = browser.state_of().await.keeps_cookie();
        let (code, detail) = (answer.at("/code"), answer.at("/detail"));
        writeln!(sentences, "{reason}: {code} {detail}").unwrap();
    }
    assert_snapshot!(sentences);
}

/// What is damaged is refused and recorded, and tells nobody how.
///
/// Security: 16.5.1, 16.5.3, abuse 14
#[tokio::test]
async fn of_damage() {
    let site = Site::on_sqlite().await;
    let (browser, bob) = (site.signed_in("ada").await, site.signed_in("bob").await);
    browser.put("/api/session/data/k", json!("kept")).await.ok();
    site.change_by_hand("UPDATE session_data SET value = 'canary'", []).await;
    shows("internal_error", &browser.get("/api/session/data").await);
    let handle = browser.handle().await;
    let log = Log::default();
    let _guard = log.start();
    for damage in [
        "UPDATE user_sessions SET ended_at = updated_at, end_reason = 'canary' WHERE user_id = 1",
        "UPDATE user_sessions SET ended_at = NULL, ip_address = 'canary' WHERE user_id = 1",
        "UPDATE user_sessions SET ip_address = '192.0.2.1', handle = x'ca' WHERE user_id = 1",
    ] {
        let before = site.trail().await.len();
        site.change_by_hand(damage, []).await;
        for _ in 0..3 {
            let answer = browser.state_of().await.problem(503, "store_unavailable").keeps_cookie();
            assert!(!answer.text().contains("canary"));
            browser.heartbeat().await.problem(503, "store_unavailable").keeps_cookie();
        }
        let trail = site.trail().await;
        let [event] = &trail[before..] else { panic!("{trail:?}") };
        assert_eq!((event.kind.as_str(), event.actor.as_str()), ("damage_found", "system"));
        assert_eq!(
            (event.at, event.ip_address.as_deref()),
            (site.manager().now(), Some("192.0.2.1"))
        );
        bob.state_of().await.ok();
        site.run_jobs().await;
    }
    assert!(log.text().contains("ERROR") && log.text().contains("the database is damaged"));
    // What is mended is as it was.
    let mend = "UPDATE user_sessions SET end_reason = NULL, handle = ?1 WHERE user_id = 1";
    site.change_by_hand(mend, [SessionHandle::parse(&handle).unwrap().as_bytes()]).await;
    assert_eq!(browser.handle().await, handle);
}
