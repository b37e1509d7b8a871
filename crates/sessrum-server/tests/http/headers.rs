//! The headers that tell browsers to be careful. That every answer of the server has its security
//! headers is checked of all answers of all tests, in `support/invariants.rs`.

use serde_json::json;

use crate::support::{Answer, Browser, HOUR, HTTP, HTTPS, PASSWORD, Plan, Site, mutations};

const FORM: &str = "application/x-www-form-urlencoded";

async fn visit(browser: &Browser, path: &str) -> Answer {
    browser.call("GET", path).with("accept", "text/html").send().await
}

async fn sign_in_by_form(site: &Site, browser: &Browser) -> Answer {
    let token = site.manager().csrf_key().form_token(site.manager().now());
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("username", "ada"), ("password", PASSWORD), ("csrf_token", &token)])
        .finish();
    browser.call("POST", "/login").body(FORM, form).send().await
}

/// Answers of every kind, with their status: that they are there is what makes the check of all
/// answers one of all kinds.
///
/// Security: 3.4.1, 3.5.8
#[tokio::test]
async fn answers_of_every_kind_have_the_security_headers() {
    for origin in [HTTPS, HTTP] {
        let site = Site::of(Plan { origin, ..Plan::default() }).await;
        let (browser, stranger) = (site.signed_in("ada").await, site.browser());
        let login = visit(&stranger, "/login").await.is(200).text();
        let asset = login.split('"').find(|text| text.starts_with("/assets/")).unwrap();
        for (path, status) in [
            (asset, 200),
            ("/assets/nothing.css", 404),
            ("/nothing", 404),
            ("/", 303),
            ("/logout", 303),
            ("/api/session/state", 401),
            ("/healthz", 200),
            ("/readyz", 200),
            ("/openapi.json", 200),
        ] {
            visit(&stranger, path).await.is(status);
            stranger.call("HEAD", path).send().await;
        }
        stranger.call("OPTIONS", "/").send().await.is(405);
        visit(&browser, "/account/sessions").await.is(200);
        let large = "x".repeat(600 * 1024);
        let call = browser.call("PUT", "/api/session/data/k").body("application/json", large);
        call.send().await.is(413);
        browser.call("POST", "/api/platforms").body("text/plain", "{}").send().await.is(415);
        browser.post("/api/platforms", json!({})).await.is(422);
        browser.call("POST", "/logout").with("sec-fetch-site", "none").send().await.is(403);
        sign_in_by_form(&site, &stranger).await.is(303).sets_cookie();
        site.store().fail();
        visit(&browser, "/").await.is(503);
        browser.state_of().await.is(503);
        visit(&browser, "/readyz").await.is(503);
        site.store().recover();
        browser.log_out().await.is(204);
    }
}

/// Security: 14.3.2
#[tokio::test]
async fn no_cache_keeps_an_answer_of_a_session() {
    let site = Site::new().await;
    site.add_user("root", sessrum_core::Role::Admin, &["Art", "Films"]).await;
    let browser = site.signed_in("root").await;
    let document = site.document().unwrap()["paths"].as_object().unwrap();
    let read = document.iter().filter(|(_, item)| item.get("get").is_some());
    let read = read.map(|(template, _)| crate::support::given(template));
    let pages = ["/", "/login", "/account/sessions", "/account/platforms", "/account/security"];
    let mut seen = 0;
    // A stream has no end; its own tests look at its header.
    let ends = |path: &String| !path.ends_with('z') && path != "/api/session/events";
    for path in read.chain(pages.map(str::to_owned)).filter(ends) {
        for answer in [browser.get(&path).await, visit(&browser, &path).await] {
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}: {answer:?}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
    for route in mutations(&site) {
        let browser = site.signed_in("root").await;
        let media_type = if route.is_page { FORM } else { "application/json" };
        let call = browser.call(&route.method, &route.path).body(media_type, "");
        let answer = call.send().await;
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{route:?}: {answer:?}");
    }
    site.pass(HOUR);
    let sent_away = visit(&browser, "/").await.is(303).clears_cookie();
    assert_eq!(sent_away.header("cache-control"), Some("no-store"));
    let signed_in = sign_in_by_form(&site, &browser).await.is(303);
    assert_eq!(signed_in.header("cache-control"), Some("no-store"));
}

/// The cache, and neither the cookies of sibling hosts nor what the application keeps.
///
/// Security: 14.3.1
#[tokio::test]
async fn signing_out_clears_what_the_browser_would_show_again() {
    let site = Site::new().await;
    for path in ["/api/logout", "/logout"] {
        let browser = site.signed_in("ada").await;
        let answer = browser.press(path).await.clears_cookie();
        assert_eq!(answer.header("clear-site-data"), Some("\"cache\""), "{path}");
    }
    // A late answer to an old cookie must not touch the newer sign-in.
    let browser = site.signed_in("ada").await;
    site.pass(HOUR);
    for answer in [browser.state_of().await, visit(&browser, "/").await] {
        assert_eq!(answer.header("clear-site-data"), None);
    }
}
