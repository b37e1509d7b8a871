//! The one gate: where an unsafe request comes from, and its token.

use serde_json::json;
use sessrum_core::Role;

use crate::support::{
    Answer, Browser, Call, HTTP, HTTPS, MINUTE, Mutation, PASSWORD, Plan, Site, mutations,
};

const FORM: &str = "application/x-www-form-urlencoded";

/// A way to send a header: not at all, once, or several times.
type Sent = &'static [&'static str];

const SITES: [Sent; 10] = [
    &[],
    &["same-origin"],
    &["same-site"],
    &["cross-site"],
    &["none"],
    &[""],
    &["Same-Origin"],
    &["same-origin, cross-site"],
    &["same-origin", "cross-site"],
    &["same-origin", "same-origin"],
];

const ORIGINS: [Sent; 16] = [
    &[],
    &[HTTPS],
    &["http://sessions.example"],
    &["https://sessions.example:8443"],
    &["https://user@sessions.example"],
    &["https://user:pass@sessions.example"],
    &["https://sessions.example/"],
    &["https://sessions.example.evil.example"],
    &["https://evil.example/https://sessions.example"],
    &["HTTPS://SESSIONS.EXAMPLE"],
    &["https://sessions.example, https://evil.example"],
    &["null"],
    &[""],
    &["é"],
    &[HTTPS, "https://evil.example"],
    &[HTTPS, HTTPS],
];

fn call(browser: &Browser, route: &Mutation) -> Call {
    browser.call(&route.method, &route.path)
}

fn sent(call: Call, name: &'static str, values: Sent) -> Call {
    values.iter().fold(call.without(name), |call, value| call.also(name, value))
}

/// The sign-in page has a refusal of its own: its form once more.
fn is_refused_by_the_gate(answer: &Answer) -> bool {
    let is_problem = answer.header("content-type") == Some("application/problem+json");
    is_problem && matches!(answer.at("/code").as_str(), "csrf_failed" | "origin_rejected")
}

/// A site with an administrator, who may call every route.
async fn site() -> Site {
    let site = Site::new().await;
    site.add_user("root", Role::Admin, &["Art", "Films"]).await;
    site
}

/// Who sends `Sec-Fetch-Site` is judged by it, who does not by `Origin`.
///
/// Security: 3.5.1, N5.1, abuse 29, abuse 30, parameter CSRF, trap no origin
#[tokio::test]
async fn the_matrix_of_sites_and_origins_at_every_route() {
    let site = site().await;
    let browser = site.signed_in("root").await;
    let before = site.changes().await;
    for route in mutations(&site) {
        for (fetch, origin) in SITES.iter().flat_map(|fetch| ORIGINS.map(|it| (*fetch, it))) {
            let call = sent(call(&browser, &route), "sec-fetch-site", fetch);
            let call = sent(call, "origin", origin).without("x-csrf-token");
            let answer = call.send().await.keeps_cookie();
            let is_from_here = matches!((fetch, origin), (["same-origin"], _) | ([], [HTTPS]));
            if !is_from_here {
                answer.problem(403, "origin_rejected");
            } else if route.needs_session() {
                answer.problem(403, "csrf_failed");
            } else {
                assert!(!is_refused_by_the_gate(&answer), "{answer:?}");
            }
        }
    }
    assert_eq!(site.changes().await, before);
    browser.heartbeat().await.ok();
}

/// Security: 3.5.1, N5.1, abuse 29, abuse 30, trap no origin
#[tokio::test]
async fn the_right_token_does_not_make_up_for_another_site() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    for (fetch, origin) in SITES.iter().flat_map(|fetch| ORIGINS.map(|it| (*fetch, it))) {
        let call = browser.call("POST", "/api/session/heartbeat");
        let answer = sent(sent(call, "sec-fetch-site", fetch), "origin", origin).send().await;
        if matches!((fetch, origin), (["same-origin"], _) | ([], [HTTPS])) {
            answer.is(200);
        } else {
            answer.problem(403, "origin_rejected").keeps_cookie();
        }
    }
}

/// A value of any length is compared where it is, and never goes to the database.
///
/// Security: abuse 11
#[tokio::test]
async fn a_token_of_a_hundred_kilobytes_reaches_no_database() {
    let site = Site::new().await;
    let (browser, stranger) = (site.signed_in("ada").await, site.browser());
    let large = "A".repeat(100_000);
    site.store().asked();
    for browser in [&browser, &stranger] {
        let form = format!("csrf_token={large}");
        let call = browser.call("POST", "/logout").without("x-csrf-token").body(FORM, form);
        call.send().await.problem(413, "payload_too_large").keeps_cookie();
    }
    stranger
        .call("POST", "/api/session/heartbeat")
        .with("x-csrf-token", &large)
        .send()
        .await
        .is(401);
    assert_eq!(site.store().asked(), Vec::<&str>::new());
    for _ in 0..3 {
        let call = browser.call("POST", "/api/session/heartbeat").with("x-csrf-token", &large);
        call.send().await.problem(403, "csrf_failed").keeps_cookie();
    }
    // The session that the cookie names is read, and the refusal is noted once.
    let asked = site.store().asked();
    let read = "load_by_token";
    assert_eq!(asked, [read, "record_of_bundled", read, read]);
    let trail = format!("{:?}", site.trail().await);
    assert!(!trail.contains(&large[..100]));
}

/// Security: 3.5.1, N5.1, abuse 11, abuse 30, abuse 31, parameter CSRF
#[tokio::test]
async fn no_wrong_token_passes_at_any_route() {
    let site = site().await;
    let browser = site.signed_in("root").await;
    let others = site.signed_in("ada").await.csrf();
    let own = browser.csrf();
    let before = site.changes().await;
    let wrong = [
        String::new(),
        own[1..].to_owned(),
        own.replace(|c: char| c.is_ascii_lowercase(), "."),
        "A".repeat(100_000),
        others,
    ];
    for route in mutations(&site).iter().filter(|route| route.needs_session()) {
        let without = call(&browser, route).without("x-csrf-token");
        without.send().await.problem(403, "csrf_failed").keeps_cookie();
        for token in &wrong {
            let in_header = call(&browser, route).with("x-csrf-token", token).send().await;
            in_header.problem(403, "csrf_failed").keeps_cookie();
            if route.is_page {
                let fields = [("csrf_token", token)];
                let body = url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(fields)
                    .finish();
                let in_form = call(&browser, route).without("x-csrf-token").body(FORM, body);
                let answer = in_form.send().await.keeps_cookie();
                if token.len() > 64 * 1024 {
                    answer.problem(413, "payload_too_large");
                } else {
                    answer.problem(403, "csrf_failed");
                }
            }
        }
    }
    assert_eq!(site.changes().await, before);
}

/// What the tests above refuse is refused for the token alone.
///
/// Security: N5.1
#[tokio::test]
async fn the_right_token_passes_at_every_route() {
    let site = site().await;
    for route in mutations(&site) {
        let browser = site.signed_in("root").await;
        let media_type = if route.is_page { FORM } else { "application/json" };
        let answer = call(&browser, &route).body(media_type, "").send().await;
        assert!(!is_refused_by_the_gate(&answer), "{route:?}: {answer:?}");
    }
}

/// The origin is the configured one, whatever a proxy or the request says of itself.
///
/// Security: 3.5.1, abuse 33
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

/// The audited address is the peer's.
///
/// Security: 4.1.3
#[tokio::test]
async fn a_forged_forwarding_header_changes_no_audited_address() {
    let site = Site::new().await;
    let input = json!({"username": "ada", "password": PASSWORD});
    let call = site.browser().call("POST", "/api/login").json(&input);
    let call = call.with("x-forwarded-for", "203.0.113.9").with("forwarded", "for=203.0.113.9");
    call.with("x-real-ip", "203.0.113.9").send().await.ok();
    let signed_in = site.changes().await.pop().unwrap();
    assert_eq!(signed_in.ip_address, Some("192.0.2.1".parse().unwrap()));
}

/// Security: N5.1, abuse 11, abuse 30, abuse 31, parameter CSRF
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

/// Methods are compared as they are; what is not known to be safe is not.
///
/// Security: 3.5.3, abuse 30
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
///
/// Security: 7.4.1
#[tokio::test]
async fn who_is_not_signed_in_is_told_that_and_not_of_tokens() {
    let site = site().await;
    let browser = site.signed_in("root").await;
    site.pass(31 * MINUTE);
    let routes = mutations(&site);
    let signs_out = |route: &Mutation| route.path.ends_with("/logout");
    for route in routes.iter().filter(|route| route.needs_session() && !signs_out(route)) {
        let late = call(&browser, route).without("x-csrf-token").send().await;
        late.problem(401, "session_expired").keeps_cookie();
        let stranger = call(&site.browser(), route).send().await;
        stranger.problem(401, "session_not_found").keeps_cookie();
    }
}
