//! `POST /api/login`.

use serde_json::json;
use sessrum_core::Role;
use sessrum_core::store::NewUser;
use tokio::task::JoinSet;

use crate::support::{PASSWORD, Site};

#[tokio::test]
async fn signing_in_gives_one_session_one_cookie_and_the_state() {
    let site = Site::new().await;
    let browser = site.browser();
    let answer = browser.sign_in("ada").await.is(200).sets_cookie();
    assert_eq!(answer.at("/user/username"), "ada");
    assert_eq!(site.live().await, 1);
    let state = browser.state_of().await.ok().json();
    assert_eq!(state["session"], answer.json()["session"]);
    assert_eq!(state["platform"]["name"], "Photos");
}

/// Whoever is refused gets the same answer for the same work: status, headers, text, one hash.
///
/// Security: 6.3.8, abuse 26
#[tokio::test]
async fn all_refusals_look_alike_and_take_one_hash_6_3_8() {
    let site = Site::new().await;
    let store = site.manager().store();
    store.set_user_active(&site.user("bob").await, false, &site.change()).await.unwrap();
    let elsewhere = NewUser {
        username: "eve".to_owned(),
        email: "eve@example.org".to_owned(),
        role: Role::Viewer,
        password_hash: None,
    };
    store.add_user(elsewhere, &site.change()).await.unwrap();
    let hashed = || site.accounts().hasher().hashed();
    let mut answers = Vec::new();
    for (name, password) in [
        ("ada", "wrong password"),
        ("ada", ""),
        ("nobody", PASSWORD),
        ("nobody", ""),
        ("", PASSWORD),
        ("bob", PASSWORD),
        ("bob", "wrong password"),
        ("eve", PASSWORD),
        ("eve", ""),
    ] {
        let before = hashed();
        let input = json!({"username": name, "password": password});
        let answer = site.browser().post("/api/login", input).await;
        assert_eq!(hashed() - before, 1, "{name} {password}");
        answers.push(answer.problem(401, "invalid_credentials").keeps_cookie().shown());
    }
    let [first, others @ ..] = &answers[..] else { panic!() };
    let without_id = |shown: &str| {
        let lines = shown.lines().filter(|line| !line.contains("request_id"));
        lines.collect::<Vec<_>>().join("\n")
    };
    for other in others {
        assert_eq!(without_id(first), without_id(other));
    }
    assert_eq!(site.live().await, 0);
}

/// Security: 7.2.4, trap same user
#[tokio::test]
async fn signing_in_again_replaces_the_session_and_its_token_7_2_4() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let (token, before) = (browser.token().unwrap(), browser.copied());
    browser.sign_in("ada").await.ok();
    assert_ne!(browser.token().unwrap(), token);
    assert_eq!(site.live().await, 1);
    before.state_of().await.ended("logout");
}

/// Security: WSTG-SESS-03, abuse 20
#[tokio::test]
async fn signing_in_as_another_user_starts_empty() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    browser.put("/api/session/data/draft", json!("ada's")).await.is(201);
    let (old, handle) = (browser.copied(), browser.handle().await);
    browser.sign_in("bob").await.ok();
    assert_eq!(browser.state_of().await.at("/user/username"), "bob");
    assert_ne!(browser.handle().await, handle);
    assert_eq!(browser.get("/api/session/data").await.json(), json!({"entries": []}));
    old.state_of().await.ended("logout");
}

#[tokio::test]
async fn a_refused_sign_in_leaves_the_session_of_the_browser_alone() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let input = json!({"username": "bob", "password": "wrong password"});
    let answer = browser.post("/api/login", input).await;
    answer.problem(401, "invalid_credentials").keeps_cookie();
    assert_eq!(browser.state_of().await.at("/user/username"), "ada");
}

#[tokio::test]
async fn a_platform_can_be_chosen_and_must_be_ones_own() {
    let site = Site::new().await;
    let browser = site.browser();
    let mut input = json!({"username": "ada", "password": PASSWORD, "platform_id": 3});
    let answer = browser.post("/api/login", input.clone()).await;
    answer.problem(404, "platform_not_found").keeps_cookie();
    assert_eq!(site.live().await, 0);
    input["platform_id"] = json!(2);
    assert_eq!(browser.post("/api/login", input).await.ok().at("/platform/name"), "News");
}

#[tokio::test]
async fn a_user_without_platforms_has_none_chosen() {
    let site = Site::new().await;
    site.add_user("carol", Role::Viewer, &[]).await;
    let browser = site.signed_in("carol").await;
    assert!(browser.state_of().await.json()["platform"].is_null());
}

/// Security: 7.4.2, 6.3.8
#[tokio::test]
async fn a_disabled_user_is_refused_like_an_unknown_one_7_4_2() {
    let site = Site::new().await;
    let ada = site.user("ada").await;
    let store = site.manager().store();
    store.set_user_active(&ada, false, &site.change()).await.unwrap();
    let answer = site.browser().sign_in("ada").await;
    answer.problem(401, "invalid_credentials").keeps_cookie();
}

/// Security: 7.6.2, 3.5.1, parameter CSRF
#[tokio::test]
async fn the_origin_is_all_the_proof_it_needs() {
    let site = Site::new().await;
    let browser = site.browser();
    let input = json!({"username": "ada", "password": PASSWORD});
    let call = || browser.call("POST", "/api/login").json(&input).without("sec-fetch-site");
    call().send().await.ok();
    // Signed in, and without a token.
    call().without("x-csrf-token").send().await.ok();
    let foreign = call().with("origin", "https://evil.example").send().await;
    foreign.problem(403, "origin_rejected").keeps_cookie();
}

/// What a browser brought before signing in is worth nothing after.
///
/// Security: WSTG-SESS-03, abuse 8
#[tokio::test]
async fn an_unknown_token_is_not_adopted() {
    let site = Site::new().await;
    let browser = site.browser();
    let planted = "A".repeat(43);
    browser.hold(&planted);
    browser.state_of().await.problem(401, "session_not_found").keeps_cookie();
    browser.sign_in("ada").await.ok().sets_cookie();
    assert_ne!(browser.token().unwrap(), planted);
    let attacker = site.browser();
    attacker.hold(&planted);
    attacker.state_of().await.problem(401, "session_not_found");
}

/// Security: 7.1.2, abuse 28, parameter cap
#[tokio::test]
async fn the_eleventh_device_signs_out_the_one_used_least_recently() {
    let site = Site::new().await;
    let mut devices = Vec::new();
    for _ in 0..10 {
        devices.push(site.signed_in("ada").await);
        site.pass(crate::support::SECOND);
    }
    devices[0].heartbeat().await.ok();
    site.run_jobs().await;
    devices.push(site.signed_in("ada").await);
    devices[1].state_of().await.ended("evicted");
    for index in [0, 2, 9, 10] {
        devices[index].state_of().await.ok();
    }
    assert_eq!(site.live().await, 10);
}

/// However many sign in at the same moment.
///
/// Security: 7.1.2, 15.4.2, abuse 28, parameter cap
#[tokio::test]
async fn concurrent_sign_ins_keep_to_the_cap() {
    let site = Site::new().await;
    let mut sign_ins = JoinSet::new();
    for _ in 0..25 {
        let browser = site.browser();
        sign_ins.spawn(async move {
            browser.sign_in("ada").await.ok();
            browser
        });
    }
    let (mut live, mut evicted) = (0, 0);
    for browser in sign_ins.join_all().await {
        let answer = browser.state_of().await.keeps_cookie();
        if answer.status == 200 {
            live += 1;
        } else {
            answer.ended("evicted");
            evicted += 1;
        }
    }
    assert_eq!((live, evicted, site.live().await), (10, 15, 10));
}

/// Security: 7.6.2
#[tokio::test]
async fn no_method_but_post_signs_in_7_6_2() {
    let site = Site::new().await;
    let browser = site.browser();
    let path = format!("/api/login?username=ada&password={}", PASSWORD.replace(' ', "+"));
    for method in ["GET", "HEAD", "PUT"] {
        let answer = browser.call(method, &path).send().await.is(405).keeps_cookie();
        assert_eq!(answer.header("allow"), Some("POST"));
    }
    for method in ["GET", "HEAD"] {
        let path = path.replace("/api/login", "/login");
        browser.call(method, &path).with("accept", "text/html").send().await.is(200).keeps_cookie();
    }
    assert_eq!(site.live().await, 0);
}

/// Security: abuse 36
#[tokio::test]
async fn randomness_that_repeats_gives_nobody_anothers_session() {
    let site = Site::new().await;
    site.repeat_randomness();
    let ada = site.signed_in("ada").await;
    site.repeat_randomness();
    let bob = site.signed_in("bob").await;
    assert_eq!(site.store().asked().iter().filter(|verb| **verb == "create").count(), 3);
    assert_ne!(ada.token(), bob.token());
    assert_eq!(ada.state_of().await.at("/user/username"), "ada");
    assert_eq!(bob.state_of().await.at("/user/username"), "bob");
    assert_ne!(ada.handle().await, bob.handle().await);
}

/// Security: 6.3.2
#[tokio::test]
async fn a_fresh_database_lets_nobody_in_6_3_2() {
    let site = Site::empty().await;
    for (number, name) in ["admin", "root", "sessrum", "reviewer", ""].into_iter().enumerate() {
        let browser = site.browser().at([198, 51, 100, u8::try_from(number).unwrap()]);
        for password in ["admin", "password", "sessrum", "", PASSWORD] {
            let input = json!({"username": name, "password": password});
            let answer = browser.post("/api/login", input).await;
            answer.problem(401, "invalid_credentials").keeps_cookie();
        }
    }
}
