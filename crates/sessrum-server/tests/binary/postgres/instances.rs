//! Several servers over one database.

use std::path::Path;

use serde_json::{Value, json};

use super::Installation;
use crate::process::{Server, SignedIn, run, sessrum};

/// A server that says nothing ended before no other goes by it.
fn behind_the_barrier(directory: &Path) -> Server {
    let mut command = sessrum(&["serve", "--listen", "127.0.0.1:0"]);
    command.current_dir(directory).env("SESSRUM_DATABASE__REVOCATION", "barrier");
    Server::spawn(&mut command)
}

/// The session's state, and its status, as a server tells it.
async fn state(client: &SignedIn, server: &Server) -> (u16, Value) {
    let answer = client.at(&server.url).get("/api/session/state").await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn reason(client: &SignedIn, server: &Server) -> (u16, Value) {
    let (status, state) = state(client, server).await;
    (status, state["end_reason"].clone())
}

/// Security: 7.4.1, 7.4.2
#[tokio::test]
async fn what_happens_on_one_is_seen_on_the_other() {
    let installation = Installation::new().await;
    let directory = installation.another();
    let one = behind_the_barrier(installation.path());
    let other = behind_the_barrier(directory.path());
    let http = reqwest::Client::new();
    let mut clients = Vec::new();
    for _ in 0..3 {
        let client = SignedIn::ada(&http, &one.url).await.unwrap();
        // The other one has read it from now on.
        assert_eq!(state(&client, &other).await.1["platform"]["name"], "one");
        clients.push(client);
    }
    let switch = json!({"platform_id": 2});
    clients[0].post("/api/session/platform", switch).await.unwrap().error_for_status().unwrap();
    while state(&clients[0], &other).await.1["platform"]["name"] != "two" {}

    // The CSRF token of one is good on the other.
    let logout = clients[0].at(&other.url).post("/api/logout", json!({})).await.unwrap();
    assert_eq!(logout.status(), 204);
    assert_eq!(reason(&clients[0], &one).await, (401, json!("logout")));
    run(&["session", "revoke", clients[1].handle()], installation.path());
    run(&["user", "disable", "ada"], directory.path());
    for server in [&one, &other] {
        assert_eq!(reason(&clients[1], server).await, (401, json!("revoked_by_admin")));
        assert_eq!(reason(&clients[2], server).await, (401, json!("user_disabled")));
    }
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

#[tokio::test]
async fn open_pages_hear_what_happens_on_the_other() {
    let installation = Installation::new().await;
    let directory = installation.another();
    let (one, other) = (Server::start(installation.path()), Server::start(directory.path()));
    let client = SignedIn::ada(&reqwest::Client::new(), &one.url).await.unwrap();
    let mut stream = client.at(&other.url).get("/api/session/events").await.unwrap();
    let mut heard = async |event: &str| loop {
        let chunk = stream.chunk().await.unwrap().expect("the stream has ended");
        if chunk.starts_with(format!("event: {event}\n").as_bytes()) {
            break;
        }
    };
    heard("state").await;
    let switch = json!({"platform_id": 2});
    client.post("/api/session/platform", switch).await.unwrap().error_for_status().unwrap();
    heard("platform_switched").await;
    client.post("/api/logout", json!({})).await.unwrap().error_for_status().unwrap();
    heard("session_ended").await;
}
