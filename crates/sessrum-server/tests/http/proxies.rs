//! Proxies in front: whom they are believed about, and when.

use serde_json::json;

use crate::support::{Browser, HTTP, PASSWORD, Plan, SECOND, Site};

const PROXY: [u8; 4] = [10, 0, 0, 1];

/// A site behind a proxy at 10.0.0.1.
async fn behind_a_proxy() -> Site {
    Site::of(Plan { proxies: &["10.0.0.0/8"], ..Plan::default() }).await
}

/// Fails to sign in; the address that the trail has.
async fn address_of_a_failure(site: &Site, browser: &Browser, forwarded_for: &str) -> String {
    let input = json!({"username": "ada", "password": "wrong one"});
    let call = browser.call("POST", "/api/login").json(&input);
    call.with("x-forwarded-for", forwarded_for).send().await.problem(401, "invalid_credentials");
    site.trail().await.pop().unwrap().ip_address.unwrap()
}

/// Security: 4.1.3, abuse 33
#[tokio::test]
async fn a_forged_header_changes_nothing() {
    for site in [Site::new().await, behind_a_proxy().await] {
        let browser = site.browser();
        let found = address_of_a_failure(&site, &browser, "203.0.113.9").await;
        assert_eq!(found, "192.0.2.1");
        let forged = browser.call("GET", "/api/session/state").with("x-forwarded-proto", "http");
        forged.send().await.problem(401, "session_not_found");
        browser.sign_in("ada").await.is(200);
        let call = browser.call("GET", "/api/sessions").with("x-forwarded-for", "203.0.113.9");
        let list = call.with("x-forwarded-proto", "http").send().await.is(200);
        assert_eq!(list.at("/sessions/0/ip_address"), "192.0.2.1");
    }
}

/// Security: 4.1.3
#[tokio::test]
async fn a_trusted_proxy_tells_who_is_calling() {
    let site = behind_a_proxy().await;
    let browser = site.browser().at(PROXY);
    for (header, address) in [
        ("198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.8", "198.51.100.8"),
        ("198.51.100.9, 10.2.3.4", "198.51.100.9"),
        ("nonsense", "10.0.0.1"),
    ] {
        assert_eq!(address_of_a_failure(&site, &browser, header).await, address);
    }
}

/// Security: 4.1.3, 6.1.1, abuse 25
#[tokio::test]
async fn people_behind_a_trusted_proxy_do_not_wait_for_each_other() {
    let site = behind_a_proxy().await;
    let proxy = site.browser().at(PROXY);
    let sign_in = |password: &str, from: &str| {
        let input = json!({"username": "ada", "password": password});
        proxy.call("POST", "/api/login").json(&input).with("x-forwarded-for", from).send()
    };
    for number in 0..5 {
        // What stands before the last hop is the attacker's own invention.
        let forged = format!("203.0.113.{number}, 198.51.100.66");
        sign_in("wrong one", &forged).await.problem(401, "invalid_credentials");
    }
    let answer = sign_in(PASSWORD, "203.0.113.99, 198.51.100.66").await;
    answer.problem(429, "rate_limited");
    sign_in(PASSWORD, "198.51.100.7").await.is(200);
    site.pass(SECOND);
    sign_in(PASSWORD, "198.51.100.66").await.is(200);
}

/// Security: N5.1, abuse 33
#[tokio::test]
async fn a_session_is_not_opened_by_plain_http() {
    let site = behind_a_proxy().await;
    let browser = site.signed_in("ada").await.at(PROXY);
    site.store().asked();
    let plain = |method, path| browser.call(method, path).with("x-forwarded-proto", "http");
    for (method, path) in [
        ("GET", "/api/session/state"),
        ("POST", "/api/session/heartbeat"),
        ("DELETE", "/api/session/data/k"),
    ] {
        plain(method, path).send().await.problem(403, "https_required").keeps_cookie();
    }
    let input = json!({"username": "ada", "password": PASSWORD});
    let sign_in = plain("POST", "/api/login").json(&input).send().await;
    sign_in.problem(403, "https_required").keeps_cookie();
    assert_eq!(site.store().asked(), Vec::<&str>::new());
    let call = browser.call("GET", "/api/session/state").with("x-forwarded-proto", "https");
    call.send().await.is(200);
    browser.state_of().await.is(200);
}

/// Security: N5.1
#[tokio::test]
async fn a_person_is_sent_to_https_with_their_address_whole() {
    let site = behind_a_proxy().await;
    let browser = site.browser().at(PROXY);
    let plain = |method, path| {
        let call = browser.call(method, path).with("accept", "text/html");
        call.with("x-forwarded-proto", "http").with("host", "evil.example").send()
    };
    for path in ["/", "/account/sessions?page=2", "//evil.example/x", "/%0d%0ax"] {
        let answer = plain("GET", path).await.is(308);
        let there = format!("https://sessions.example{path}");
        assert_eq!(answer.header("location"), Some(&*there));
    }
    let posted = plain("POST", "/login").await.is(403);
    assert!(posted.text().contains("served by https alone"), "{posted:?}");
}

#[tokio::test]
async fn a_site_on_plain_http_stays_on_it() {
    let site = Site::of(Plan { origin: HTTP, proxies: &["10.0.0.1"], ..Plan::default() }).await;
    let browser = site.browser().at(PROXY);
    let call = browser.call("GET", "/api/session/state").with("x-forwarded-proto", "http");
    call.send().await.problem(401, "session_not_found");
}
