//! What was refused is in the trail, and cannot fill it.

use axum::Router;
use axum::routing::get;
use sessrum_core::{EventKind, SessionEvent};
use sessrum_web::{Admin, Moderator, RequireRole};

use crate::library::application;
use crate::support::{Log, Site};

async fn site() -> Site {
    let routes = Router::new()
        .route("/admin", get(|_: RequireRole<Admin>| async {}))
        .route("/moderator", get(|_: RequireRole<Moderator>| async {}));
    application(routes).await
}

async fn of(site: &Site, kind: EventKind) -> Vec<SessionEvent> {
    let mut trail = site.trail().await;
    trail.retain(|event| event.kind == kind);
    trail
}

/// Security: 16.3.2
#[tokio::test]
async fn refused_access_is_recorded_with_who_and_from_where() {
    let site = site().await;
    let log = Log::default();
    let _guard = log.start();
    let browser = site.signed_in("ada").await;
    let answer = browser.get("/admin").await.problem(403, "forbidden");
    let [event] = of(&site, EventKind::AccessRefused).await.try_into().unwrap();
    assert_eq!((event.actor.as_str(), event.detail.as_str()), ("user 1", "admin"));
    assert_eq!(event.user_id, Some(1.into()));
    assert_eq!(event.session.unwrap().to_string(), browser.handle().await);
    assert_eq!(event.ip_address.as_deref(), Some("192.0.2.1"));
    assert_eq!(event.at, site.manager().now());
    let text = log.text();
    let line = text.lines().find(|line| line.contains("a role was not enough")).unwrap();
    for part in ["WARN", "192.0.2.1", "admin", answer.header("x-request-id").unwrap()] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

/// Security: 16.3.2
#[tokio::test]
async fn a_session_fills_no_trail_with_refusals() {
    let site = site().await;
    let (ada, bob) = (site.signed_in("ada").await, site.signed_in("bob").await);
    for _ in 0..10 {
        ada.get("/admin").await.problem(403, "forbidden");
        bob.get("/moderator").await.problem(403, "forbidden");
    }
    assert_eq!(of(&site, EventKind::AccessRefused).await.len(), 2);
    site.run_jobs().await;
    ada.get("/admin").await.problem(403, "forbidden");
    assert_eq!(of(&site, EventKind::AccessRefused).await.len(), 3);
}

#[tokio::test]
async fn a_refusal_stays_one_when_it_cannot_be_recorded() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    site.store().fail_at("record_of_bundled");
    browser.get("/admin").await.problem(403, "forbidden");
    browser
        .call("POST", "/api/session/heartbeat")
        .with("x-csrf-token", "x")
        .send()
        .await
        .problem(403, "csrf_failed");
    site.store().recover();
    browser.get("/admin").await.problem(403, "forbidden");
    assert_eq!(of(&site, EventKind::AccessRefused).await.len(), 1);
}

/// Security: 16.3.3
#[tokio::test]
async fn a_request_that_is_not_of_the_site_is_recorded_once() {
    let site = Site::new().await;
    for (name, value, code) in [
        ("sec-fetch-site", "cross-site", "origin_rejected"),
        ("x-csrf-token", "forged", "csrf_failed"),
    ] {
        let browser = site.signed_in("ada").await;
        for _ in 0..5 {
            let call = browser.call("POST", "/api/session/heartbeat").with(name, value);
            call.send().await.problem(403, code).keeps_cookie();
        }
        let event = of(&site, EventKind::ForgeryRefused).await.pop().unwrap();
        assert_eq!((event.actor.as_str(), event.detail.as_str()), ("anonymous", code));
        assert_eq!(event.session.unwrap().to_string(), browser.handle().await);
        assert_eq!(event.ip_address.as_deref(), Some("192.0.2.1"));
    }
    assert_eq!(of(&site, EventKind::ForgeryRefused).await.len(), 2);
}

/// Security: 16.3.3, abuse 9
#[tokio::test]
async fn what_nobody_signed_in_sends_is_in_the_log_alone() {
    let site = Site::new().await;
    let before = site.trail().await;
    let log = Log::default();
    let _guard = log.start();
    site.store().asked();
    let mut ids = Vec::new();
    for _ in 0..20 {
        let call = site.browser().call("POST", "/api/login").with("sec-fetch-site", "cross-site");
        let answer = call.send().await.problem(403, "origin_rejected").keeps_cookie();
        ids.push(answer.header("x-request-id").unwrap().to_owned());
    }
    assert!(site.store().asked().is_empty());
    assert_eq!(site.trail().await, before);
    let text = log.text();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("was refused")).collect();
    assert_eq!(lines.len(), 20);
    for (line, id) in lines.iter().zip(ids) {
        assert!(
            line.contains("WARN") && line.contains("192.0.2.1") && line.contains(&id),
            "{line}"
        );
    }
}
