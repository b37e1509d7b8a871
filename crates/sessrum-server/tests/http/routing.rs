//! Addresses and methods that are not there.

use sessrum_core::Role;

use crate::support::{Mutation, Site, mutations};

/// Security: 7.6.2, 3.5.3, trap logout by GET
#[tokio::test]
async fn safe_methods_change_nothing() {
    let site = Site::new().await;
    site.add_user("root", Role::Admin, &["Art", "Films"]).await;
    let browser = site.signed_in("root").await;
    let before = site.trail().await;
    for Mutation { method, path, safe, .. } in mutations(&site) {
        for asked in ["GET", "HEAD"] {
            let answer = browser.call(asked, &path).send().await.keeps_cookie();
            if safe.contains(&asked) {
                assert_ne!(answer.status, 405, "{asked} {path}");
            } else {
                let allowed = answer.is(405).header("allow").unwrap().to_owned();
                assert!(allowed.split(',').any(|allowed| allowed == method), "{path}: {allowed}");
            }
        }
    }
    assert_eq!(site.trail().await, before);
    assert_eq!(browser.state_of().await.ok().at("/session/revision"), "1");
}

/// A method is what the request line says.
///
/// Security: 3.5.3, abuse 30
#[tokio::test]
async fn no_header_or_field_makes_another_method() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let before = site.trail().await;
    for name in ["x-http-method-override", "x-http-method", "x-method-override", "_method"] {
        for (method, path) in [("GET", "/api/platforms/1"), ("GET", "/api/session/data")] {
            let call = browser.call(method, path).with(name, "DELETE");
            call.send().await.is(200);
        }
        let query = format!("/api/platforms/1?{name}=DELETE&method=DELETE");
        browser.get(&query).await.is(200);
        let post = browser.call("POST", "/api/platforms/1").with(name, "DELETE");
        post.send().await.problem(405, "method_not_allowed");
    }
    let form = format!("_method=DELETE&csrf_token={}", browser.csrf());
    let media_type = "application/x-www-form-urlencoded";
    let call = browser.call("POST", "/account/sessions").body(media_type, form);
    call.send().await.problem(405, "method_not_allowed");
    assert_eq!(site.trail().await, before);
}

/// Security: 3.3.4, 14.2.1
#[tokio::test]
async fn a_token_in_an_address_opens_nothing() {
    let site = Site::new().await;
    let token = site.signed_in("ada").await.token().unwrap();
    let stranger = site.browser();
    for name in ["session_id", "__Host-session_id", "token", "sid"] {
        let path = format!("/api/session/state?{name}={token}");
        stranger.get(&path).await.problem(401, "session_not_found").keeps_cookie();
        // Whoever is signed in goes on from there.
        stranger.get(&format!("/login?{name}={token}")).await.is(200).keeps_cookie();
    }
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

/// One site, and no other reads from it: a browser that asks is given no permission.
///
/// Security: 3.5.2
#[tokio::test]
async fn a_preflight_gets_no_permission() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let reading = ["/api/session/state", "/api/sessions", "/openapi.json", "/"].map(str::to_owned);
    let changing = mutations(&site).into_iter().map(|route| route.path);
    for path in changing.chain(reading) {
        for origin in ["https://evil.example", "null", crate::support::HTTPS] {
            let call = browser.call("OPTIONS", &path).with("origin", origin);
            let call = call.with("sec-fetch-site", "cross-site");
            let call = call.with("access-control-request-method", "PUT");
            let call = call.with("access-control-request-headers", "x-csrf-token");
            // That no answer has a header of CORS is checked of all answers of all tests.
            call.send().await.is(405).keeps_cookie();
        }
    }
}
