//! Several servers over one database.

use serde_json::{Value, json};

use super::Installation;
use crate::process::{Server, SignedIn, run};

/// Security: 7.4.1, 7.4.2
#[tokio::test]
async fn what_happens_on_one_is_seen_on_the_other() {
    let installation = Installation::new().await;
    let directory = installation.another();
    let (one, other) = (Server::start(installation.path()), Server::start(directory.path()));
    let http = reqwest::Client::new();
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(SignedIn::ada(&http, &one.url).await.unwrap());
    }
    let state = async |client: &SignedIn| {
        let answer = client.at(&other.url).get("/api/session/state").await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let reason = async |client: &SignedIn| {
        let (status, state) = state(client).await;
        (status, state["end_reason"].clone())
    };
    assert_eq!(state(&clients[0]).await.1["platform"]["name"], "one");
    let switch = json!({"platform_id": 2});
    clients[0].post("/api/session/platform", switch).await.unwrap().error_for_status().unwrap();
    assert_eq!(state(&clients[0]).await.1["platform"]["name"], "two");

    // The CSRF token of one is good on the other.
    let logout = clients[0].at(&other.url).post("/api/logout", json!({})).await.unwrap();
    assert_eq!(logout.status(), 204);
    let here = clients[0].get("/api/session/state").await.unwrap();
    assert_eq!(here.status(), 401);
    run(&["session", "revoke", clients[1].handle()], installation.path());
    assert_eq!(reason(&clients[1]).await, (401, json!("revoked_by_admin")));
    run(&["user", "disable", "ada"], directory.path());
    assert_eq!(reason(&clients[2]).await, (401, json!("user_disabled")));
}

#[tokio::test]
async fn one_that_is_killed_takes_nothing_from_the_other() {
    let installation = Installation::new().await;
    let directory = installation.another();
    let (one, other) = (Server::start(installation.path()), Server::start(directory.path()));
    let client = SignedIn::ada(&reqwest::Client::new(), &one.url).await.unwrap();
    one.kill();
    let client = client.at(&other.url);
    let switch = json!({"platform_id": 3});
    client.post("/api/session/platform", switch).await.unwrap().error_for_status().unwrap();
    assert_eq!(client.get("/readyz").await.unwrap().status(), 200);
}
