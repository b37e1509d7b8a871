//! Cookies of sessions that are over, sent again to every route.

use sessrum_core::Role;

use crate::support::{Browser, HOUR, MINUTE, PASSWORD, Site, mutations, reading};

/// Sends the cookie of an ended session, and its token, to every route that needs a session.
async fn opens_nothing(site: &Site, replayed: &Browser, code: &str, why: &str) {
    let before = site.changes().await;
    let (api, pages) = reading(site);
    for path in &api {
        replayed.get(path).await.problem(401, code).keeps_cookie();
        replayed.call("HEAD", path).send().await.is(401).keeps_cookie();
    }
    let routes = mutations(site);
    let signs_out = |path: &str| path.ends_with("/logout");
    for route in routes.iter().filter(|route| route.needs_session() && !signs_out(&route.path)) {
        let call = replayed.call(&route.method, &route.path);
        call.send_and_lose_the_answer().await.problem(401, code).keeps_cookie();
    }
    for path in &pages {
        let call = replayed.call("GET", path).with("accept", "text/html");
        let answer = call.send_and_lose_the_answer().await.is(303);
        let way = answer.header("location").unwrap();
        assert!(way.starts_with(&format!("/login?reason={why}")), "{path}: {way}");
        assert_eq!(answer.token(), None);
    }
    assert_eq!(site.changes().await, before);
}

/// An administrator, who may call every route, in the second session of two.
async fn administrator() -> (Site, Browser, Browser) {
    let site = Site::new().await;
    site.add_user("root", Role::Admin, &["Art", "Films"]).await;
    let (other, browser) = (site.signed_in("root").await, site.signed_in("root").await);
    (site, other, browser)
}

/// Security: 7.4.1
#[tokio::test]
async fn after_signing_out_no_route_takes_the_cookie() {
    let (site, _, browser) = administrator().await;
    let replayed = browser.copied();
    browser.log_out().await.is(204);
    opens_nothing(&site, &replayed, "session_ended", "logout").await;
    site.run_jobs().await;
    opens_nothing(&site, &replayed, "session_ended", "logout").await;
}

/// Security: 7.3.1, 7.4.1, abuse 16
#[tokio::test]
async fn after_the_time_no_route_takes_the_cookie() {
    let (site, _, browser) = administrator().await;
    site.pass(30 * MINUTE);
    opens_nothing(&site, &browser, "session_expired", "session_expired").await;
    site.run_jobs().await;
    opens_nothing(&site, &browser, "session_expired", "session_expired").await;
    site.pass(8 * 24 * HOUR);
    site.run_jobs().await;
    opens_nothing(&site, &browser, "session_not_found", "session_not_found").await;
}

/// Security: 7.3.2, 7.4.1
#[tokio::test]
async fn after_the_absolute_end_no_route_takes_the_cookie() {
    let (site, _, browser) = administrator().await;
    for _ in 0..24 {
        site.pass(29 * MINUTE);
        browser.heartbeat().await.ok();
    }
    site.pass(24 * MINUTE);
    opens_nothing(&site, &browser, "session_expired", "session_expired").await;
}

/// Security: 7.4.2, 7.4.3, 7.4.5
#[tokio::test]
async fn after_others_ended_it_no_route_takes_the_cookie() {
    let (site, other, browser) = administrator().await;
    other.press("/api/sessions/revoke-others").await.ok();
    opens_nothing(&site, &browser, "session_ended", "revoked_by_user").await;
    let root = site.user("root").await;
    let revoked = site.signed_in("root").await;
    site.manager().revoke_user_sessions(&root, &site.change()).await.unwrap();
    opens_nothing(&site, &revoked, "session_ended", "revoked_by_admin").await;
    let changed = site.signed_in("root").await;
    site.accounts().set_password(&root, PASSWORD, &site.change()).await.unwrap();
    opens_nothing(&site, &changed, "session_ended", "password_changed").await;
    let disabled = site.signed_in("root").await;
    site.manager().store().set_user_active(&root, false, &site.change()).await.unwrap();
    opens_nothing(&site, &disabled, "session_ended", "user_disabled").await;
}

/// Who is forgotten leaves no row that could say why.
///
/// Security: 7.4.2
#[tokio::test]
async fn after_the_user_was_removed_no_route_takes_the_cookie() {
    let (site, other, browser) = administrator().await;
    site.manager().forget_user("root", false, &site.change()).await.unwrap();
    for replayed in [other, browser] {
        opens_nothing(&site, &replayed, "session_not_found", "session_not_found").await;
    }
    site.browser().sign_in("root").await.problem(401, "invalid_credentials");
}
