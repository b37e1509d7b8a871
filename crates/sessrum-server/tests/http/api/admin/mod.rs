//! `/api/admin`, a file a resource.

mod audit;
mod cleanup;
mod own_directory;
mod revoke_all;
mod sessions;
mod users;

use sessrum_core::Role;

use crate::support::{Browser, MINUTE, Site, mutations};

/// A site with the administrator `root`.
async fn site() -> Site {
    let site = Site::new().await;
    site.add_user("root", Role::Admin, &[]).await;
    site
}

/// It, and the administrator's browser.
async fn administered() -> (Site, Browser) {
    let site = site().await;
    let root = site.signed_in("root").await;
    (site, root)
}

const LISTS: [&str; 3] = ["/api/admin/audit", "/api/admin/sessions", "/api/admin/users"];

/// Security: 7.4.5, 8.2.1
#[tokio::test]
async fn nobody_but_an_administrator_gets_in() {
    let site = site().await;
    site.add_user("mod", Role::Moderator, &[]).await;
    for name in ["ada", "bob", "mod"] {
        let browser = site.signed_in(name).await;
        let before = site.changes().await;
        for path in LISTS {
            browser.get(path).await.problem(403, "forbidden").keeps_cookie();
        }
        let all = mutations(&site);
        let admins: Vec<_> =
            all.iter().filter(|route| route.path.starts_with("/api/admin/")).collect();
        assert!(admins.len() >= 6, "{admins:?}");
        for route in admins {
            let answer = browser.call(&route.method, &route.path).send().await;
            answer.problem(403, "forbidden").keeps_cookie();
            let stranger = site.browser().call(&route.method, &route.path).send().await;
            stranger.problem(401, "session_not_found");
        }
        assert_eq!(site.changes().await, before);
    }
}

/// Reading does not need it.
///
/// Security: 7.5.3
#[tokio::test]
async fn every_change_needs_a_fresh_authentication() {
    let (site, root) = administered().await;
    site.pass(10 * MINUTE);
    let before = site.changes().await;
    for path in LISTS {
        root.get(path).await.is(200);
    }
    let all = mutations(&site);
    let admins = || all.iter().filter(|route| route.path.starts_with("/api/admin/"));
    for route in admins() {
        let answer = root.call(&route.method, &route.path).send().await;
        answer.problem(403, "reauthentication_required").keeps_cookie();
    }
    assert_eq!(site.changes().await, before);
    root.reauthenticate().await.ok();
    for route in admins() {
        let answer = root.call(&route.method, &route.path).send().await;
        assert_ne!(answer.status, 403, "{route:?}: {answer:?}");
        // Some of them end the own session.
        root.sign_in("root").await.ok();
    }
}

/// Security: 16.5.3, abuse 27
#[tokio::test]
async fn nobody_is_let_in_while_the_database_is_down() {
    let (site, root) = administered().await;
    site.store().fail();
    for path in LISTS {
        root.get(path).await.problem(503, "store_unavailable").keeps_cookie();
    }
    for route in mutations(&site).iter().filter(|route| route.path.starts_with("/api/admin/")) {
        let answer = root.call(&route.method, &route.path).send().await;
        answer.problem(503, "store_unavailable").keeps_cookie();
    }
    site.store().recover();
    root.get(LISTS[0]).await.is(200);
}

/// Security: 8.3.2
#[tokio::test]
async fn a_demotion_counts_with_the_next_request() {
    let (site, root) = administered().await;
    let other = site.add_user("other", Role::Admin, &[]).await;
    let demoted = site.signed_in("other").await;
    demoted.get("/api/admin/users").await.is(200);
    let input = serde_json::json!({"role": "moderator"});
    root.patch(&format!("/api/admin/users/{other}"), input).await.is(200);
    demoted.get("/api/admin/users").await.problem(403, "forbidden");
    demoted.press("/api/admin/revoke-all").await.problem(403, "forbidden");
    demoted.state_of().await.ok();
}
