//! Addresses and methods that are not there.

use crate::support::Site;

/// Every address that changes something, with its methods as `Allow` has them.
const MUTATIONS: &[(&str, &str)] = &[
    ("/api/login", "POST"),
    ("/api/logout", "POST"),
    ("/api/session/heartbeat", "POST"),
    ("/api/session/platform", "POST"),
    ("/api/session/reauthenticate", "POST"),
    ("/api/sessions/some-handle", "DELETE"),
    ("/api/sessions/revoke-others", "POST,DELETE"),
    ("/api/platforms/1/default", "POST"),
    ("/api/account/password", "POST"),
];

#[tokio::test]
async fn safe_methods_change_nothing_3_5_3() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let before = site.trail().await;
    for (path, methods) in MUTATIONS {
        for method in ["GET", "HEAD"] {
            let answer = browser.call(method, path).send().await.is(405).keeps_cookie();
            let allowed = answer.header("allow").unwrap();
            assert!(methods.split(',').any(|method| method == allowed), "{path}: {allowed}");
        }
    }
    assert_eq!(site.trail().await, before);
    assert_eq!(browser.state_of().await.ok().at("/session/revision"), "1");
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_work() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for (method, path, allowed) in [
        ("POST", "/api/session/state", "GET,HEAD"),
        ("DELETE", "/api/session/data", "GET,HEAD"),
        ("POST", "/api/session/data/k", "GET,HEAD,PUT,DELETE"),
        ("PUT", "/api/platforms", "GET,HEAD,POST"),
        ("OPTIONS", "/api/login", "POST"),
        ("TRACE", "/api/login", "POST"),
        ("BREW", "/api/session/state", "GET,HEAD"),
        ("POST", "/healthz", "GET,HEAD"),
    ] {
        let answer = browser.call(method, path).send().await;
        let answer = answer.problem(405, "method_not_allowed").keeps_cookie();
        let mut found: Vec<_> = answer.header("allow").unwrap().split(',').collect();
        let mut wanted: Vec<_> = allowed.split(',').collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{method} {path}");
    }
}

#[tokio::test]
async fn unknown_addresses_are_told_as_problems_and_touch_no_store() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.store().asked();
    for path in ["/api", "/api/", "/api/nothing", "/nothing.css", "/api/session/state/", "/.env"] {
        browser.get(path).await.problem(404, "not_found").keeps_cookie();
    }
    assert_eq!(site.store().asked(), Vec::<&str>::new());
}

#[tokio::test]
async fn an_address_that_is_no_text_is_told_as_a_problem() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for (method, path) in [
        ("GET", "/api/session/data/%FF"),
        ("PUT", "/api/session/data/%FF"),
        ("DELETE", "/api/session/data/%FF"),
        ("DELETE", "/api/sessions/%C3"),
        ("GET", "/api/platforms/%FF"),
        ("PATCH", "/api/platforms/%FF"),
        ("POST", "/api/platforms/%FF/default"),
    ] {
        let answer = browser.call(method, path).json(&serde_json::json!({})).send().await;
        answer.problem(404, "not_found").keeps_cookie();
    }
}

/// Kept from what the front-end of another application would need: one site, no cross-origin reading.
#[tokio::test]
async fn a_preflight_gets_no_permission_3_5_2() {
    let site = Site::new().await;
    let call = site.browser().call("OPTIONS", "/api/session/data/k");
    let call = call.with("origin", "https://evil.example").with("sec-fetch-site", "cross-site");
    let answer = call.with("access-control-request-method", "PUT").send().await;
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
}
