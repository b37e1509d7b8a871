//! `/api/admin/users`.

use serde_json::{Value, json};
use sessrum_core::Role;

use super::administered;
use crate::support::{Answer, Browser, MINUTE, PASSWORD, Site};

const PATH: &str = "/api/admin/users";

fn new_user(name: &str) -> Value {
    json!({"username": name, "email": format!("{name}@example.org"), "password": "a long secret"})
}

async fn change(browser: &Browser, user: impl std::fmt::Display, input: Value) -> Answer {
    browser.patch(&format!("{PATH}/{user}"), input).await
}

/// What a conflict says of which field.
#[track_caller]
fn refuses(answer: Answer, field: &str) {
    let answer = answer.problem(409, "validation_failed").keeps_cookie();
    assert_eq!(answer.at("/errors/0/field"), field);
}

/// Security: 16.2.5
#[tokio::test]
async fn the_list_has_everyone_and_no_password() {
    let (_, root) = administered().await;
    let answer = root.get(PATH).await.is(200);
    insta::assert_snapshot!(format!("{:#}", answer.json()));
    assert!(!answer.text().contains("argon2"));
}

#[tokio::test]
async fn pages_follow_each_other() {
    let (_, root) = administered().await;
    let first = root.get(&format!("{PATH}?limit=2")).await.is(200).json();
    assert_eq!(
        (&first["users"][0]["username"], &first["users"][1]["username"]),
        (&"ada".into(), &"bob".into())
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let last = root.get(&format!("{PATH}?limit=2&cursor={cursor}")).await.is(200).json();
    assert_eq!(last["users"].as_array().unwrap().len(), 1);
    assert!(last["next_cursor"].is_null());
    for (query, field) in [("limit=0", "limit"), ("cursor=x", "cursor"), ("role=admin", "role")] {
        root.get(&format!("{PATH}?{query}")).await.invalid(field);
    }
}

/// Security: 16.3.1
#[tokio::test]
async fn an_added_user_can_sign_in() {
    let (site, root) = administered().await;
    let added = root.post(PATH, new_user("eve")).await.is(201);
    assert_eq!((added.at("/role"), added.at("/is_active")), ("viewer".into(), "true".into()));
    let event = site.trail().await.pop().unwrap();
    assert_eq!((event.kind.as_str(), event.actor.as_str()), ("user_added", "user 3"));
    let mut input = new_user("mo");
    input["role"] = json!("moderator");
    root.post(PATH, input).await.is(201);
    let login = json!({"username": "mo", "password": "a long secret"});
    let answer = site.browser().post("/api/login", login).await.is(200);
    assert_eq!(answer.at("/user/role"), "moderator");
    refuses(root.post(PATH, new_user("mo")).await, "username");
    let mut taken = new_user("new");
    taken["email"] = json!("ADA@example.org");
    refuses(root.post(PATH, taken).await, "email");
}

#[tokio::test]
async fn a_user_who_will_not_do_is_told_by_the_field() {
    let (site, root) = administered().await;
    let before = site.trail().await;
    for (field, wrong) in [
        ("username", json!("")),
        ("username", json!(" eve")),
        ("username", json!("a\nb")),
        ("email", json!("nowhere")),
        ("password", json!("short")),
        ("role", json!("owner")),
        ("role", json!(["admin"])),
        ("id", json!(7)),
        ("password_hash", json!("x")),
    ] {
        let mut input = new_user("eve");
        input[field] = wrong;
        root.post(PATH, input).await.invalid(field);
    }
    assert_eq!(site.trail().await, before);
}

/// Security: 7.4.2, 16.3.1
#[tokio::test]
async fn disabling_a_user_ends_their_sessions_and_enabling_revives_none() {
    let (site, root) = administered().await;
    let ada = site.signed_in("ada").await;
    let answer = change(&root, 1, json!({"is_active": false})).await.is(200);
    assert_eq!(answer.at("/is_active"), "false");
    ada.state_of().await.ended("user_disabled");
    site.browser().sign_in("ada").await.problem(401, "invalid_credentials");
    let trail = site.trail().await;
    let disabled = trail.iter().find(|event| event.kind.as_str() == "user_disabled").unwrap();
    assert_eq!((disabled.actor.as_str(), &disabled.user_id), ("user 3", &Some(1.into())));
    change(&root, 1, json!({"is_active": true})).await.is(200);
    ada.state_of().await.ended("user_disabled");
    site.signed_in("ada").await.state_of().await.ok();
}

/// Security: 8.3.2, 16.3.1
#[tokio::test]
async fn a_role_counts_at_once() {
    let (site, root) = administered().await;
    let ada = site.signed_in("ada").await;
    ada.get(PATH).await.problem(403, "forbidden");
    let answer = change(&root, 1, json!({"role": "admin"})).await.is(200);
    assert_eq!((answer.at("/role"), answer.at("/is_active")), ("admin".into(), "true".into()));
    ada.get(PATH).await.is(200);
    let event = site.trail().await.into_iter().find(|event| event.kind.as_str() == "role_changed");
    let event = event.unwrap();
    assert_eq!((event.actor.as_str(), event.detail.as_str()), ("user 3", "admin"));
    // As it is already: nothing happens.
    let before = site.trail().await;
    for same in [json!({}), json!({"role": "admin"}), json!({"is_active": true})] {
        change(&root, 1, same).await.is(200);
    }
    assert_eq!(site.trail().await, before);
}

/// An administrator who does so would be locked out, and perhaps everyone.
///
/// Security: 8.2.1
#[tokio::test]
async fn nobody_demotes_or_disables_themselves() {
    let (site, root) = administered().await;
    site.add_user("other", Role::Admin, &[]).await;
    let before = site.trail().await;
    refuses(change(&root, 3, json!({"role": "moderator"})).await, "role");
    refuses(change(&root, 3, json!({"is_active": false})).await, "is_active");
    refuses(change(&root, 3, json!({"role": "admin", "is_active": false})).await, "is_active");
    change(&root, 3, json!({"role": "admin", "is_active": true})).await.is(200);
    assert_eq!(site.trail().await, before);
    root.get(PATH).await.is(200);
}

/// Two administrators who demote each other at the same moment: the second has become the last one
/// after its request was looked at for the last time.
///
/// Security: 15.4.2
#[tokio::test]
async fn the_last_administrator_stays_one() {
    for (input, field) in
        [(json!({"role": "viewer"}), "role"), (json!({"is_active": false}), "is_active")]
    {
        let (site, root) = administered().await;
        let other = site.add_user("other", Role::Admin, &[]).await;
        let (meanwhile, id) = (site.clone(), site.user("root").await);
        let disabling = async move {
            let change = meanwhile.change();
            meanwhile.manager().store().set_user_active(&id, false, &change).await.unwrap();
        };
        // The row is read at the gate, and again when the body has arrived.
        let gate = site.clone();
        let at_the_gate = async move { gate.store().after("load_by_token", disabling) };
        site.store().after("load_by_token", at_the_gate);
        refuses(change(&root, &other, input).await, field);
        let users = site.manager().store().users(None, 9).await.unwrap();
        let left = users.iter().filter(|user| user.is_active && user.info.role == Role::Admin);
        assert_eq!(left.map(|user| &*user.info.username).collect::<Vec<_>>(), ["other"]);
    }
}

#[tokio::test]
async fn an_unknown_user_and_a_change_that_is_none_are_told() {
    let (_, root) = administered().await;
    for nobody in ["9", "ada", "1.0", "0x1", "%00", "%FF", "99999999999999999999"] {
        change(&root, nobody, json!({"role": "viewer"})).await.problem(404, "not_found");
    }
    change(&root, 1, json!({"role": "owner"})).await.invalid("role");
    change(&root, 1, json!({"email": "a@b"})).await.invalid("email");
    change(&root, 1, json!({"is_active": "no"})).await.invalid("is_active");
}

/// A request that was let in while the authentication was fresh, whose body arrives when it is not,
/// or when the user has proved again who they are: the request may be a copy's.
///
/// Security: 7.5.1, 7.5.3
#[tokio::test]
async fn freshness_is_asked_for_again_when_the_body_has_arrived() {
    let (site, root): (Site, _) = administered().await;
    let call = ("PATCH", "/api/admin/users/1");
    let body = ("application/json", r#"{"role": "admin"}"#);
    let copy = root.copied();
    let again = async {
        site.pass(MINUTE);
        root.post("/api/session/reauthenticate", json!({"password": PASSWORD})).await.ok();
    };
    let answer = crate::slow_bodies::parked(&copy, call, body, again).await;
    answer.problem(403, "reauthentication_required");
    let stale = async { site.pass(10 * MINUTE) };
    let answer = crate::slow_bodies::parked(&root, call, body, stale).await;
    answer.problem(403, "reauthentication_required");
    let ada = site.manager().store().user_by_name("ada").await.unwrap().unwrap();
    assert_eq!(ada.info.role, Role::Reviewer);
}

/// A request that was let in as an administrator's, whose body arrives after the demotion.
///
/// Security: 8.3.2
#[tokio::test]
async fn a_demotion_reaches_a_request_that_is_on_its_way() {
    let (site, _root): (Site, _) = administered().await;
    let other = site.add_user("other", Role::Admin, &[]).await;
    let browser = site.signed_in("other").await;
    let demoted = async {
        site.manager().store().set_role(&other, Role::Viewer, &site.change()).await.unwrap();
    };
    let call = ("PATCH", "/api/admin/users/1");
    let body = ("application/json", r#"{"role": "admin"}"#);
    let answer = crate::slow_bodies::parked(&browser, call, body, demoted).await;
    answer.problem(403, "forbidden");
    let ada = site.manager().store().user_by_name("ada").await.unwrap().unwrap();
    assert_eq!(ada.info.role, Role::Reviewer);
    site.browser()
        .post("/api/login", json!({"username": "other", "password": PASSWORD}))
        .await
        .ok();
}
