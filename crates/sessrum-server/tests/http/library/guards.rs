//! Extractors and guards, in the handlers of an application.

use axum::routing::{get, post};
use axum::{Json, Router};
use sessrum_core::Role;
use sessrum_core::store::NewPlatform;
use sessrum_web::{
    Admin, CurrentSession, Moderator, ObservedSession, Problem, RequireFreshLogin, RequirePlatform,
    RequireRole, Reviewer, Viewer,
};

use super::application;
use crate::support::{MINUTE, SECOND, Site};

async fn site() -> Site {
    let name = |session: Option<CurrentSession>| match session {
        Some(session) => session.user.username.clone(),
        None => "nobody".to_owned(),
    };
    let in_type = |platform: RequirePlatform| async move {
        platform.of_type("pixelfed").map(|chosen| chosen.platform.name)
    };
    let at_instance = |platform: RequirePlatform| async move {
        platform.at_instance("https://photos.example").map(|chosen| chosen.platform.name)
    };
    let routes = Router::new()
        .route("/maybe", get(move |session: Option<CurrentSession>| async move { name(session) }))
        .route("/peek", get(|session: ObservedSession| async move { session.user.email.clone() }))
        .route("/use", get(|session: CurrentSession| async move { session.user.email.clone() }))
        .route("/platform", get(|chosen: RequirePlatform| async move { chosen.platform.name }))
        .route("/pixelfed", get(in_type))
        .route("/photos", get(at_instance))
        .route("/viewer", get(|_: RequireRole<Viewer>| async {}))
        .route("/reviewer", get(|_: RequireRole<Reviewer>| async {}))
        .route("/moderator", get(|_: RequireRole<Moderator>| async {}))
        .route("/admin", get(|_: RequireRole<Admin>| async {}))
        .route("/fresh", post(|_: RequireFreshLogin| async {}))
        .route(
            "/twice",
            get(|session: CurrentSession, chosen: RequirePlatform| async move {
                let same = session.session.handle == chosen.session.session.handle;
                Ok::<_, Problem>(Json(same))
            }),
        );
    application(routes).await
}

/// Security: 16.5.3, abuse 27
#[tokio::test]
async fn an_optional_session_lets_anyone_in_and_an_outage_is_no_anonymity() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    assert_eq!(browser.get("/maybe").await.ok().text(), "ada");
    assert_eq!(site.browser().get("/maybe").await.ok().text(), "nobody");
    site.store().fail();
    browser.get("/maybe").await.problem(503, "store_unavailable").keeps_cookie();
    // Without a cookie there is nothing to ask.
    assert_eq!(site.browser().get("/maybe").await.ok().text(), "nobody");
    site.store().recover();
    site.pass(31 * MINUTE);
    assert_eq!(browser.get("/maybe").await.ok().keeps_cookie().text(), "nobody");
}

#[tokio::test]
async fn using_is_activity_and_observing_is_not() {
    let site = site().await;
    let (seen, used) = (site.signed_in("ada").await, site.signed_in("ada").await);
    site.pass(29 * MINUTE);
    seen.get("/peek").await.ok();
    used.get("/use").await.ok();
    site.pass(2 * MINUTE);
    seen.get("/peek").await.problem(401, "session_expired");
    used.get("/peek").await.ok();
}

/// Security: 8.2.1
#[tokio::test]
async fn roles_include_those_below_them_8_2_1() {
    let site = site().await;
    let order = ["/viewer", "/reviewer", "/moderator", "/admin"];
    for (rank, role) in Role::ALL.iter().enumerate() {
        let name = format!("user{rank}");
        site.add_user(&name, *role, &[]).await;
        let browser = site.signed_in(&name).await;
        for (level, path) in order.iter().enumerate() {
            let answer = browser.get(path).await;
            if level <= rank {
                answer.is(200)
            } else {
                answer.problem(403, "forbidden")
            };
        }
    }
    for path in order {
        site.browser().get(path).await.problem(401, "session_not_found");
    }
}

/// Security: 8.3.2
#[tokio::test]
async fn a_role_counts_with_the_next_request_8_3_2() {
    let site = site().await;
    site.add_user("root", Role::Admin, &[]).await;
    let browser = site.signed_in("root").await;
    let (store, root) = (site.manager().store(), site.user("root").await);
    browser.get("/admin").await.is(200);
    store.set_role(&root, Role::Reviewer, &site.change()).await.unwrap();
    browser.get("/admin").await.problem(403, "forbidden");
    browser.get("/reviewer").await.is(200);
    store.set_role(&root, Role::Admin, &site.change()).await.unwrap();
    browser.get("/admin").await.is(200);
}

#[tokio::test]
async fn a_platform_is_chosen_for_who_has_none_chosen() {
    let site = site().await;
    let carol = site.add_user("carol", Role::Viewer, &[]).await;
    let browser = site.signed_in("carol").await;
    browser.get("/platform").await.problem(403, "platform_required").keeps_cookie();
    for (name, is_default) in [("First", false), ("Another", false), ("Second", true)] {
        let new = NewPlatform {
            name: name.to_owned(),
            platform_type: "pixelfed".to_owned(),
            instance_url: format!("https://{name}.example"),
            username: "carol".to_owned(),
            credentials: None,
            is_default,
        };
        site.manager().store().add_platform(&carol, new, &site.change()).await.unwrap();
    }
    assert_eq!(browser.get("/platform").await.ok().text(), "Second");
    // The choice is the session's now.
    let state = browser.state_of().await.ok();
    assert_eq!(state.at("/platform/name"), "Second");
    assert_eq!(state.at("/session/revision"), "2");
    browser.get("/platform").await.ok();
    assert_eq!(browser.state_of().await.at("/session/revision"), "2");
}

#[tokio::test]
async fn without_a_default_the_first_by_name_is_chosen() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    for path in ["/api/platforms/1", "/api/platforms/2"] {
        browser.patch(path, serde_json::json!({"is_active": false})).await.ok();
    }
    browser.get("/platform").await.problem(403, "platform_required");
    for path in ["/api/platforms/1", "/api/platforms/2"] {
        browser.patch(path, serde_json::json!({"is_active": true})).await.ok();
    }
    assert_eq!(browser.get("/platform").await.ok().text(), "News");
}

#[tokio::test]
async fn a_platform_of_another_kind_is_refused() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    for path in ["/pixelfed", "/photos"] {
        assert_eq!(browser.get(path).await.ok().text(), "Photos");
    }
    let switch = serde_json::json!({"platform_id": 2});
    browser.post("/api/session/platform", switch).await.ok();
    for path in ["/pixelfed", "/photos"] {
        browser.get(path).await.problem(403, "platform_required");
    }
}

/// Security: 7.5.1, parameter profiles
#[tokio::test]
async fn a_fresh_login_is_seconds_exact_7_5_1() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    site.pass(10 * MINUTE - SECOND);
    browser.press("/fresh").await.is(200);
    site.pass(SECOND);
    browser.press("/fresh").await.problem(403, "reauthentication_required").keeps_cookie();
    browser.reauthenticate().await.ok();
    browser.press("/fresh").await.is(200);
    site.browser().press("/fresh").await.problem(401, "session_not_found");
}

/// The context is loaded once a request, however many ask.
#[tokio::test]
async fn a_request_reads_its_session_once() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    site.store().asked();
    assert_eq!(browser.get("/twice").await.ok().text(), "true");
    assert_eq!(site.store().asked(), ["load_by_token"]);
}
