//! What a browser brought before a sign-in, and what the session holds that nobody proved.

use serde_json::json;
use sessrum_core::Role;

use crate::support::{MINUTE, PASSWORD, Site, mutations, reading};

/// Every cookie that somebody could have put into a browser before its owner signs in: the jar of
/// before opens nothing afterwards, and the new token is none of them.
///
/// Security: 7.2.4, WSTG-SESS-03, abuse 8
#[tokio::test]
async fn a_jar_from_before_the_sign_in_opens_nothing_after_it() {
    let site = Site::new().await;
    let ended = site.signed_in("ada").await;
    let own_ended = ended.token().unwrap();
    ended.log_out().await.ok();
    let attacker = site.signed_in("bob").await;
    for planted in ["A".repeat(43), "attacker".to_owned(), own_ended, attacker.token().unwrap()] {
        let browser = site.browser();
        browser.hold(&planted);
        browser.call("GET", "/").with("accept", "text/html").send_and_lose_the_answer().await;
        let before = browser.copied();
        browser.sign_in("ada").await.ok().sets_cookie();
        assert_ne!(browser.token().unwrap(), planted);
        before.state_of().await.is(401).keeps_cookie();
        before.press("/api/sessions/revoke-others").await.is(401).keeps_cookie();
        assert_eq!(browser.state_of().await.at("/user/username"), "ada");
    }
    // The session that was planted ended when somebody else signed in over it.
    attacker.state_of().await.ended("logout");
}

/// A host beside this one, or plain http, can set a cookie of another name, or one beside ours.
///
/// Security: WSTG-SESS-03, abuse 13
#[tokio::test]
async fn a_cookie_that_is_forced_upon_a_browser_is_never_taken_for_ours() {
    let site = Site::new().await;
    let (browser, attacker) = (site.signed_in("ada").await, site.signed_in("bob").await);
    let (own, forced) = (browser.token().unwrap(), attacker.token().unwrap());
    let name = site.cookie_name();
    for other in ["session_id", "__host-session_id", "__Secure-session_id", "Session_id"] {
        for line in [format!("{other}={forced}"), format!("{other}={forced}; {name}={own}")] {
            let call = browser.call("GET", "/api/session/state").with("cookie", &line);
            let answer = call.send().await.keeps_cookie();
            if line.contains(&own) {
                assert_eq!(answer.ok().at("/user/username"), "ada");
            } else {
                answer.problem(401, "session_not_found");
            }
        }
    }
    for line in [format!("{name}={forced}; {name}={own}"), format!("{name}={own}; {name}={forced}")]
    {
        let call = browser.call("GET", "/api/session/state").with("cookie", &line);
        call.send().await.problem(401, "session_not_found").keeps_cookie();
    }
}

/// Every public address, and every protected one half-way, in one browser: that makes no session.
///
/// Security: 7.6.2, WSTG-SESS-08, abuse 9
#[tokio::test]
async fn no_way_through_the_public_pages_signs_anybody_in() {
    let site = Site::new().await;
    let browser = site.browser();
    let (api, pages) = reading(&site);
    let steps = ["/login", "/login?next=/account/security", "/login?username=ada", "/healthz"];
    for path in steps.iter().map(|path| (*path).to_owned()).chain(pages.clone()) {
        browser.open(&path).await.keeps_cookie();
    }
    let form = site.manager().csrf_key().form_token(site.manager().now());
    browser.set_csrf(&form);
    for password in ["", "wrong one"] {
        let body = format!("username=ada&password={password}&csrf_token={form}");
        let call = browser.call("POST", "/login").with("accept", "text/html");
        let call = call.body("application/x-www-form-urlencoded", body);
        call.send().await.is(401).keeps_cookie();
    }
    for route in mutations(&site).iter().filter(|route| route.needs_session()) {
        browser.call(&route.method, &route.path).send_and_lose_the_answer().await;
    }
    for path in api {
        browser.get(&path).await.problem(401, "session_not_found").keeps_cookie();
    }
    for path in pages {
        browser.open(&path).await.is(303).keeps_cookie();
    }
    assert_eq!((browser.token(), site.live().await), (None, 0));
}

/// A session's data belongs to the application. Whatever it is called, it is no fact of the session.
///
/// Security: 7.5.1, 8.2.1, WSTG-SESS-08
#[tokio::test]
async fn data_that_is_named_like_a_fact_of_the_session_changes_none() {
    let site = Site::new().await;
    let root = site.add_user("root", Role::Admin, &[]).await;
    let browser = site.signed_in("ada").await;
    site.pass(11 * MINUTE);
    let before = browser.state_of().await.ok().json();
    for (key, value) in [
        ("role", json!("admin")),
        ("user_id", json!(root.to_string().parse::<i64>().unwrap())),
        ("user", json!({"id": 3, "username": "root", "role": "admin"})),
        ("is_admin", json!(true)),
        ("authenticated", json!(true)),
        ("authenticated_at", json!("2099-01-01T00:00:00Z")),
        ("expires_at", json!("2099-01-01T00:00:00Z")),
        ("active_platform_id", json!(3)),
        ("csrf_token", json!("x")),
    ] {
        browser.put(&format!("/api/session/data/{key}"), value).await.ok();
        let mut after = browser.state_of().await.ok().json();
        for activity in ["idle_expires_at", "expiring_at", "last_activity"] {
            after["session"][activity] = before["session"][activity].clone();
        }
        assert_eq!(after, before, "{key}");
    }
    browser.get("/api/admin/users").await.problem(403, "forbidden");
    browser.press("/api/sessions/revoke-others").await.problem(403, "reauthentication_required");
    let elsewhere = site.browser();
    let input = json!({"username": "ada", "password": PASSWORD, "role": "admin"});
    elsewhere.post("/api/login", input).await.invalid("role").keeps_cookie();
}
