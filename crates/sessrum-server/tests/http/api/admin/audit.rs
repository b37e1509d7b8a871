//! `/api/admin/audit`: the audit trail.

use serde_json::{Value, json};
use sessrum_core::Role;

use crate::support::{Browser, PASSWORD, SECOND, Site};

const PATH: &str = "/api/admin/audit";

async fn administered() -> (Site, Browser) {
    let site = Site::new().await;
    site.add_user("root", Role::Admin, &[]).await;
    site.pass(SECOND);
    let root = site.signed_in("root").await;
    (site, root)
}

async fn events(root: &Browser, query: &str) -> Vec<Value> {
    let list = root.get(&format!("{PATH}?{query}")).await.is(200).json();
    list["events"].as_array().unwrap().clone()
}

/// Security: 8.2.1, 16.3.1
#[tokio::test]
async fn an_administrator_sees_who_did_what_when_and_from_where() {
    let (site, root) = administered().await;
    let wrong = json!({"username": "ada", "password": "wrong one"});
    site.browser().post("/api/login", wrong).await.problem(401, "invalid_credentials");
    let ada = site.signed_in("ada").await;
    let found = events(&root, "limit=2").await;
    let expected = json!({
        "id": found[0]["id"], "at": "2026-11-23T21:00:01Z", "kind": "signed_in", "user_id": 1,
        "session": ada.handle().await, "actor": "user 1", "ip_address": "192.0.2.1",
        "user_agent": ada.agent, "device": "Firefox on Linux", "detail": "",
    });
    assert_eq!(found[0], expected);
    assert_eq!(
        (&found[1]["kind"], &found[1]["actor"]),
        (&json!("sign_in_failed"), &json!("anonymous"))
    );
    for user in ["ada", "bob"] {
        site.signed_in(user).await.get(PATH).await.problem(403, "forbidden").keeps_cookie();
    }
    site.browser().get(PATH).await.problem(401, "session_not_found");
}

#[tokio::test]
async fn filters_go_together() {
    let (site, root) = administered().await;
    site.signed_in("ada").await;
    site.pass(10 * SECOND);
    site.signed_in("ada").await;
    site.signed_in("bob").await;
    let kinds = |found: &[Value]| -> Vec<String> {
        found.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
    };
    let added = ["platform_added", "platform_added", "user_added"];
    assert_eq!(kinds(&events(&root, "user=ada").await)[2..], added);
    assert_eq!(events(&root, "kind=signed_in").await.len(), 4);
    assert_eq!(events(&root, "kind=signed_in&user=ada").await.len(), 2);
    assert_eq!(events(&root, "since=2026-11-23T21:00:11Z").await.len(), 2);
    assert_eq!(events(&root, "since=2026-11-23T22:00:11%2B01:00&user=ada").await.len(), 1);
    assert_eq!(events(&root, "since=2026-11-23T21:00:12Z&kind=signed_in").await.len(), 0);
    root.get(&format!("{PATH}?user=nobody")).await.problem(404, "not_found");
    for (query, field) in [
        ("kind=unheard_of", "kind"),
        ("since=yesterday", "since"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("cursor=x", "cursor"),
        ("actor=ada", "actor"),
    ] {
        root.get(&format!("{PATH}?{query}")).await.invalid(field);
    }
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    let (site, root) = administered().await;
    let (mut ids, mut query) = (Vec::new(), "limit=3".to_owned());
    loop {
        let page = root.get(&format!("{PATH}?{query}")).await.ok().json();
        let events = page["events"].as_array().unwrap();
        ids.extend(events.iter().map(|event| event["id"].as_i64().unwrap()));
        let Value::String(cursor) = &page["next_cursor"] else { break };
        query = format!("limit=3&cursor={cursor}");
    }
    let mut trail: Vec<i64> = site.trail().await.iter().map(|event| event.id).collect();
    trail.reverse();
    assert_eq!(ids, trail);
    assert!(ids.len() > 6);
}

/// Security: 16.2.5
#[tokio::test]
async fn no_secret_is_in_it() {
    let (site, root) = administered().await;
    let ada = site.signed_in("ada").await;
    ada.reauthenticate().await.ok();
    let text = root.get(&format!("{PATH}?limit=200")).await.ok().text();
    assert!(text.contains("reauthenticated"));
    assert!(!text.contains(PASSWORD) && !text.contains(&ada.csrf()));
}
