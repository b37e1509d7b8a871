//! Each whole `Set-Cookie` line, and what browsers make of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cookie::{Cookie, SameSite};
use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Answer, Browser, HOUR, HTTP, HTTPS, MINUTE, PASSWORD, Plan, Site};

/// The lines of an answer, with a name in the place of the token.
fn lines(answer: &Answer) -> String {
    let lines = answer.set_cookies().join("\n");
    answer.token().map_or(lines.clone(), |token| lines.replace(&token, "[token]"))
}

/// Security: 3.3.1, 3.3.2, 3.3.3, 3.3.4, abuse 32, parameter cookie
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

/// What every line has, whichever answer brings it.
#[track_caller]
fn is_sound(what: &str, origin: &str, answer: &Answer) {
    let [line] = answer.set_cookies()[..] else { panic!("{what}: {answer:?}") };
    let cookie = Cookie::parse(line).unwrap();
    let is_https = origin == HTTPS;
    let name = if is_https { "__Host-session_id" } else { "session_id" };
    assert_eq!(cookie.name(), name, "{what}: {line}");
    assert_eq!(cookie.secure() == Some(true), is_https, "{what}: {line}");
    assert_eq!(cookie.http_only(), Some(true), "{what}: {line}");
    assert_eq!(cookie.same_site(), Some(SameSite::Lax), "{what}: {line}");
    assert_eq!((cookie.path(), cookie.domain()), (Some("/"), None), "{what}: {line}");
    assert!(cookie.name().len() + cookie.value().len() <= 4096, "{what}: {line}");
    // Every browser reads it alike: no attribute twice, none that is not known.
    let attributes = line.split("; ").skip(1).map(|it| it.split('=').next().unwrap());
    let attributes: Vec<_> = attributes.collect();
    let known = ["Path", "Secure", "HttpOnly", "SameSite", "Max-Age"];
    assert!(attributes.iter().all(|it| known.contains(it)), "{what}: {line}");
    assert_eq!(attributes.iter().collect::<BTreeSet<_>>().len(), attributes.len(), "{line}");
}

/// Each kind of answer that sets the cookie or takes it away.
///
/// Security: 3.3.1, 3.3.2, 3.3.3, 3.3.4, 3.3.5, abuse 32, abuse 34, parameter cookie
#[tokio::test]
async fn every_kind_of_answer_with_a_cookie() {
    for origin in [HTTPS, HTTP] {
        let site = Site::of(Plan { origin, ..Plan::default() }).await;
        let form = |browser: &Browser, path: &str, fields: &[(&str, &str)]| {
            let form_token = site.manager().csrf_key().form_token(site.manager().now());
            let token = if path == "/login" { form_token } else { browser.csrf() };
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            let form = form.extend_pairs(fields).append_pair("csrf_token", &token).finish();
            let call = browser.call("POST", path).with("accept", "text/html");
            call.body("application/x-www-form-urlencoded", form).send()
        };
        let credentials = [("username", "ada"), ("password", PASSWORD)];
        let (browser, phone) = (site.signed_in("ada").await, site.signed_in("ada").await);
        let person = |path| phone.call("GET", path).with("accept", "text/html").send();
        let sets = |what, answer: Answer| is_sound(what, origin, &answer.sets_cookie());
        let clears = |what, answer: Answer| is_sound(what, origin, &answer.clears_cookie());

        sets("a sign-in", site.browser().sign_in("ada").await);
        sets("a sign-in that is remembered", site.browser().sign_in_remembered("ada").await);
        sets("a sign-in over another", browser.sign_in("ada").await);
        sets("a sign-in by a form", form(&site.browser(), "/login", &credentials).await);
        sets("a re-authentication", browser.reauthenticate().await);
        sets("a confirmation", form(&browser, "/account/confirm", &credentials[1..]).await);
        let new = "another long secret";
        let changed = json!({"current_password": PASSWORD, "new_password": new});
        sets("a change of the password", browser.post("/api/account/password", changed).await);
        // The phone's session ended with that.
        clears("a page that sends to sign in", person("/account/sessions").await.is(303));
        let back = json!({"current_password": new, "new_password": PASSWORD});
        browser.post("/api/account/password", back).await.ok();
        for _ in 0..2 {
            site.pass(29 * MINUTE);
            browser.heartbeat().await.ok().keeps_cookie();
        }
        site.pass(2 * MINUTE);
        // The cookie is due, and any answer brings it: also an error.
        let bad = browser.post("/api/session/platform", json!({"platform_id": "none"})).await;
        sets("a rotation with an error", bad.problem(404, "platform_not_found"));
        browser.heartbeat().await.ok();
        clears("a sign-out by a form", form(&browser, "/logout", &[]).await.is(303));
        let own = site.signed_in("ada").await;
        let path = format!("/api/sessions/{}", own.handle().await);
        clears("the end of the own session", own.delete(&path).await.is(204));
        let (remote, other) = (site.signed_in("ada").await, site.signed_in("ada").await);
        other.press("/api/sessions/revoke-others").await.ok();
        clears("a sign-out of what others ended", remote.log_out().await.is(204));
        clears("a sign-out", other.log_out().await.is(204));
        clears("a sign-out of nobody", other.log_out().await.is(204));
    }
}

/// Security: abuse 32
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

/// A token of https is not taken under the name that plain http has, nor the other
/// way, whatever a proxy's header says.
///
/// Security: N5.1, abuse 33
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
///
/// Security: WSTG-SESS-03
#[tokio::test]
async fn cookies_of_the_application_are_no_hindrance() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let ours = format!("{}={}", site.cookie_name(), browser.token().unwrap());
    let others = format!("session=eyJhbGciOi; {ours}; Session_Id=x; session_id=flask; theme=dark");
    let call = browser.call("GET", "/api/session/state").with("cookie", &others);
    call.send().await.is(200);
}

/// The row decides, not the cookie's age.
///
/// Security: 7.3.2, N5.1.1
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
