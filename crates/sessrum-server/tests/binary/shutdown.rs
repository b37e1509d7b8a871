//! SIGTERM: requests on the way finish, and activity is written.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::process::{Server, SignedIn, installation, run};

#[tokio::test]
async fn a_request_on_the_way_finishes_and_activity_is_written() {
    let directory = installation();
    let server = Server::start(directory.path());
    let client = SignedIn::ada(&reqwest::Client::new(), &server.url).await.unwrap();
    let address = server.url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let body = r#"{"platform_id":2}"#;
    socket
        .write_all(client.raw_post("/api/session/platform", body.len()).as_bytes())
        .await
        .unwrap();
    // Another request that is answered shows that the server has the first one's lines by now.
    let state: Value = client
        .post("/api/session/heartbeat", json!({}))
        .await
        .unwrap()
        .error_for_status()
        .unwrap()
        .json()
        .await
        .unwrap();

    server.terminate();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    socket.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");

    let (status, log) = server.wait();
    assert!(status.success(), "{log}");
    let session = run(&["session", "show", client.handle(), "--json"], directory.path());
    let session: Value = serde_json::from_str(&session).unwrap();
    assert_eq!(session["platform_id"], "2");
    let heartbeat = state["session"]["last_activity"].as_str().unwrap();
    let written = session["last_activity"].as_str().unwrap();
    assert!(written >= heartbeat, "{written} is before {heartbeat}");
}

#[tokio::test]
async fn the_log_holds_no_secret_16_2_5() {
    let directory = installation();
    let server = Server::start(directory.path());
    let client = SignedIn::ada(&reqwest::Client::new(), &server.url).await.unwrap();
    client.get("/api/session/state").await.unwrap().error_for_status().unwrap();
    client.post("/api/logout", json!({})).await.unwrap().error_for_status().unwrap();
    let token = client.raw_post("/", 0);
    let token = token.split_once("session_id=").unwrap().1.split_once("\r\n").unwrap().0;
    server.terminate();
    let (_, log) = server.wait();
    assert!(log.contains("stopped"), "{log}");
    for secret in [token, crate::process::PASSWORD, "argon2"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
