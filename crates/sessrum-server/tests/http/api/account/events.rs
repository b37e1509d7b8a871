//! `/api/account/events`: what happened to the user's account.

use serde_json::{Value, json};
use sessrum_core::{Actor, Change, Role};

use crate::support::{Browser, PASSWORD, Site};

const PATH: &str = "/api/account/events";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                     (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

async fn events(browser: &Browser) -> Vec<Value> {
    browser.get(PATH).await.is(200).json()["events"].as_array().unwrap().clone()
}

fn told(event: &Value) -> (&str, &str, &str) {
    let text = |name: &str| event[name].as_str().unwrap();
    (text("kind"), text("actor"), text("detail"))
}

/// Security: 6.3.5
#[tokio::test]
async fn a_sign_in_from_a_new_device_is_told() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut phone = site.browser();
    phone.agent = PHONE;
    phone.address = "[2001:db8::7]:5000".parse().unwrap();
    phone.sign_in("ada").await.ok();
    let events = events(&browser).await;
    let expected = json!({
        "at": "2026-11-23T21:00:00Z", "kind": "signed_in", "device": "Safari on iOS",
        "ip_address": "2001:db8::7", "session": phone.handle().await, "actor": "you",
        "detail": "new_device",
    });
    assert_eq!(events[0], expected);
    assert_eq!(told(&events[1]), ("signed_in", "you", ""));
}

/// Security: 6.3.7
#[tokio::test]
async fn what_was_done_to_the_account_is_told_with_who_did_it() {
    let site = Site::new().await;
    let root = site.add_user("root", Role::Admin, &[]).await;
    let browser = site.signed_in("ada").await;
    let phone = site.signed_in("ada").await;
    let wrong = json!({"username": "ada", "password": "wrong one"});
    site.browser().post("/api/login", wrong).await.problem(401, "invalid_credentials");
    let change = json!({"current_password": PASSWORD, "new_password": "another secret"});
    browser.post("/api/account/password", change).await.ok();
    phone.state_of().await.ended("password_changed");
    let (store, ada) = (site.manager().store(), site.user("ada").await);
    let by_root =
        Change { by: Actor::User(root), ..site.manager().change(Actor::System, &client()) };
    store.set_role(&ada, Role::Moderator, &by_root).await.unwrap();
    store.set_role(&ada, Role::Viewer, &site.change()).await.unwrap();
    let events = events(&browser).await;
    let newest: Vec<_> = events.iter().take(5).map(told).collect();
    let expected = [
        ("role_changed", "operator", "viewer"),
        ("role_changed", "administrator", "moderator"),
        ("session_ended", "you", "password_changed"),
        ("password_changed", "you", ""),
        ("sign_in_failed", "anonymous", ""),
    ];
    assert_eq!(newest, expected);
    // Where the administrator sits is no business of the user's.
    assert_eq!((&events[1]["device"], &events[1]["ip_address"]), (&Value::Null, &Value::Null));
    assert_eq!(events[4]["ip_address"], "192.0.2.1");
}

fn client() -> sessrum_core::Client {
    sessrum_core::Client {
        ip_address: Some([198, 51, 100, 1].into()),
        user_agent: Some("Admin/1".into()),
        ..Default::default()
    }
}

/// Security: 8.2.2
#[tokio::test]
async fn nobody_sees_the_events_of_another() {
    let site = Site::new().await;
    let (ada, bob) = (site.signed_in("ada").await, site.signed_in("bob").await);
    let handle = ada.handle().await;
    let own = ada.get(PATH).await.ok().text();
    assert!(own.contains(&handle));
    let theirs = bob.get(PATH).await.ok().text();
    assert!(!theirs.contains(&handle));
    site.browser().get(PATH).await.problem(401, "session_not_found");
    bob.get(&format!("{PATH}?user=ada")).await.invalid("user");
}

#[tokio::test]
async fn pages_follow_each_other_and_asking_is_no_activity() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let first = browser.get(&format!("{PATH}?limit=3")).await.ok().json();
    assert_eq!(first["events"].as_array().unwrap().len(), 3);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = browser.get(&format!("{PATH}?limit=3&cursor={cursor}")).await.ok().json();
    assert_eq!(second["events"][0]["kind"], "user_added");
    assert_eq!(second["next_cursor"], Value::Null);
    for query in ["limit=0", "limit=201", "limit=x", "cursor=x"] {
        let field = query.split('=').next().unwrap();
        browser.get(&format!("{PATH}?{query}")).await.invalid(field);
    }
    site.pass(site.manager().policy().lifetime.idle);
    browser.get(PATH).await.problem(401, "session_expired");
}

#[tokio::test]
async fn an_outage_is_told() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.store().fail_at("events");
    browser.get(PATH).await.problem(503, "store_unavailable").keeps_cookie();
}
