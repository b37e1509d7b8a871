//! The one gate: where an unsafe request comes from, and its token.

use serde_json::json;

use crate::support::{Browser, Call, HTTP, HTTPS, MINUTE, PASSWORD, Plan, Site};

/// Every unsafe route, with a body that would do.
fn unsafe_calls(browser: &Browser) -> Vec<Call> {
    let own = PASSWORD;
    vec![
        browser.call("POST", "/api/logout"),
        browser.call("POST", "/api/session/heartbeat"),
        browser.call("POST", "/api/session/platform").json(&json!({"platform_id": 2})),
        browser.call("POST", "/api/session/reauthenticate").json(&json!({"password": own})),
        browser.call("PUT", "/api/session/data/k").json(&json!(1)),
        browser.call("DELETE", "/api/session/data/k"),
        browser.call("DELETE", "/api/sessions/some-handle"),
        browser.call("POST", "/api/sessions/revoke-others"),
        browser.call("POST", "/api/platforms").json(&json!({
            "name": "n", "platform_type": "t", "instance_url": "https://i.example", "username": "u"
        })),
        browser.call("PATCH", "/api/platforms/1").json(&json!({"name": "n"})),
        browser.call("DELETE", "/api/platforms/1"),
        browser.call("POST", "/api/platforms/2/default"),
        browser.call("POST", "/api/account/password").json(&json!({
            "current_password": own, "new_password": "a new secret"
        })),
    ]
}

/// N5.1: nothing unsafe happens without the token, and nothing has changed after.
#[tokio::test]
async fn every_unsafe_route_stands_behind_the_gate() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let before = site.changes().await;
    for call in unsafe_calls(&browser) {
        let answer = call.without("x-csrf-token").send().await;
        answer.problem(403, "csrf_failed").keeps_cookie();
    }
    for call in unsafe_calls(&browser) {
        let answer = call.with("sec-fetch-site", "cross-site").send().await;
        answer.problem(403, "origin_rejected").keeps_cookie();
    }
    assert_eq!(site.changes().await, before);
    browser.state_of().await.ok();
}

/// 3.5.1, abuse 29 and 30: who sends `Sec-Fetch-Site` is judged by it, who does not by `Origin`.
#[tokio::test]
async fn the_matrix_of_sites_and_origins() {
    const OTHERS: &[&str] = &[
        "http://sessions.example",
        "https://sessions.example:8443",
        "https://user@sessions.example",
        "https://user:pass@sessions.example",
        "https://sessions.example/",
        "https://sessions.example.evil.example",
        "https://evil.example/https://sessions.example",
        "HTTPS://SESSIONS.EXAMPLE",
        "https://sessions.example, https://evil.example",
        "null",
        "",
        "é",
    ];
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let sites = [Some("same-origin"), Some("same-site"), Some("cross-site"), Some("none"), None];
    let origins = OTHERS.iter().map(|origin| Some(*origin)).chain([Some(HTTPS), None]);
    for origin in origins {
        for fetch in sites.iter().copied().chain([Some(""), Some("Same-Origin")]) {
            let call = browser.call("POST", "/api/session/heartbeat");
            let call = match origin {
                Some(origin) => call.with("origin", origin),
                None => call.without("origin"),
            };
            let call = match fetch {
                Some(fetch) => call.with("sec-fetch-site", fetch),
                None => call.without("sec-fetch-site"),
            };
            let answer = call.send().await;
            match (fetch, origin) {
                (Some("same-origin"), _) | (None, Some(HTTPS)) => answer.ok(),
                _ => answer.problem(403, "origin_rejected"),
            };
        }
    }
}

/// Abuse 33: the origin is the configured one, whatever a proxy or the request says of itself.
#[tokio::test]
async fn headers_of_proxies_move_no_origin() {
    let site = Site::of(Plan { origin: HTTP, ..Plan::default() }).await;
    let browser = site.signed_in("ada").await;
    let call = || browser.call("POST", "/api/session/heartbeat").without("sec-fetch-site");
    call().send().await.ok();
    for (name, value) in [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("host", "evil.example"),
    ] {
        let foreign = call().with("origin", "https://evil.example").with(name, value);
        foreign.send().await.problem(403, "origin_rejected");
        call().with(name, value).send().await.ok();
    }
}

/// 4.1.3: the audited address is the peer's.
#[tokio::test]
async fn a_forged_forwarding_header_changes_no_audited_address() {
    let site = Site::new().await;
    let input = json!({"username": "ada", "password": PASSWORD});
    let call = site.browser().call("POST", "/api/login").json(&input);
    let call = call.with("x-forwarded-for", "203.0.113.9").with("forwarded", "for=203.0.113.9");
    call.with("x-real-ip", "203.0.113.9").send().await.ok();
    let signed_in = site.trail().await.pop().unwrap();
    assert_eq!(signed_in.ip_address, Some("192.0.2.1".parse().unwrap()));
}

/// Abuse 11, 30 and 31.
#[tokio::test]
async fn only_a_token_of_this_very_session_passes() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let (own, earlier) = (browser.csrf(), browser.csrf());
    let other_session = site.signed_in("ada").await.csrf();
    let other_user = site.signed_in("bob").await.csrf();
    let handle = browser.handle().await;
    let first = if own.starts_with('A') { "B" } else { "A" };
    for wrong in [
        String::new(),
        own[1..].to_owned(),
        format!("{own}A"),
        format!("{first}{}", &own[1..]),
        own.replace(|c: char| c.is_ascii_digit(), "!"),
        "é".repeat(43),
        "A".repeat(86),
        "A".repeat(100_000),
        browser.token().unwrap(),
        handle,
        other_session,
        other_user,
    ] {
        let call = browser.call("POST", "/api/session/heartbeat").with("x-csrf-token", &wrong);
        call.send().await.problem(403, "csrf_failed").keeps_cookie();
    }
    browser.heartbeat().await.ok();
    // A new sign-in has new tokens, signing out ends the old.
    browser.sign_in("ada").await.ok();
    let call = browser.call("POST", "/api/session/heartbeat").with("x-csrf-token", &earlier);
    call.send().await.problem(403, "csrf_failed");
}

#[tokio::test]
async fn the_token_outlives_a_rotation_of_the_cookie() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for _ in 0..3 {
        site.pass(25 * MINUTE);
        browser.heartbeat().await.ok();
    }
    browser.reauthenticate().await.ok();
    let answer = browser.heartbeat().await.ok();
    assert_eq!(answer.at("/session/handle"), browser.handle().await);
}

/// A token in a form opens the gate, and the API still takes JSON alone.
#[tokio::test]
async fn a_form_gets_through_the_gate_and_no_further() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let form = |body: String| {
        let call = browser.call("POST", "/api/session/platform").without("x-csrf-token");
        call.body("application/x-www-form-urlencoded", body)
    };
    let with_token = form(format!("platform_id=2&csrf_token={}", browser.csrf()));
    with_token.send().await.problem(415, "unsupported_media_type");
    form("platform_id=2".to_owned()).send().await.problem(403, "csrf_failed");
    form("x".repeat(70_000)).send().await.problem(413, "payload_too_large");
    assert_eq!(browser.state_of().await.at("/platform/id"), "1");
}

/// Abuse 30: methods are compared as they are; what is not known to be safe is not.
#[tokio::test]
async fn lower_case_get_is_no_safe_method() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for method in ["get", "Get", "head", "CONNECT", "PROPFIND"] {
        let call = browser.call(method, "/api/session/state").without("x-csrf-token");
        call.send().await.problem(403, "csrf_failed");
        let call = browser.call(method, "/api/session/state").with("sec-fetch-site", "cross-site");
        call.send().await.problem(403, "origin_rejected");
    }
}

/// Without a session there is nothing to forge, and the problem is the true one.
#[tokio::test]
async fn who_is_not_signed_in_is_told_that_and_not_of_tokens() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.pass(31 * MINUTE);
    for call in unsafe_calls(&browser).into_iter().skip(1) {
        call.without("x-csrf-token").send().await.problem(401, "session_expired").keeps_cookie();
    }
    let stranger = site.browser();
    for call in unsafe_calls(&stranger).into_iter().skip(1) {
        call.send().await.problem(401, "session_not_found").keeps_cookie();
    }
}
