//! SIGTERM: requests on the way finish, and activity is written.

use std::path::Path;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::postgres::Installation;
use crate::process::{Server, SignedIn, installation, run, sessrum};

#[tokio::test]
async fn a_request_on_the_way_finishes_and_activity_is_written() {
    finishes_and_writes_activity(installation().path()).await;
}

#[tokio::test]
async fn a_request_on_the_way_finishes_and_activity_is_written_to_postgresql() {
    finishes_and_writes_activity(Installation::new().await.path()).await;
}

async fn finishes_and_writes_activity(directory: &Path) {
    let server = Server::start(directory);
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
    let session = run(&["session", "show", client.handle(), "--json"], directory);
    let session: Value = serde_json::from_str(&session).unwrap();
    assert_eq!(session["platform_id"], 2);
    let heartbeat = state["session"]["last_activity"].as_str().unwrap();
    let written = session["last_activity"].as_str().unwrap();
    assert!(written >= heartbeat, "{written} is before {heartbeat}");
}

/// The server's answer to SIGTERM with a request on the way that never ends.
async fn terminated_with_a_request_that_stays(server: &Server) -> TcpStream {
    let client = SignedIn::ada(&reqwest::Client::new(), &server.url).await.unwrap();
    let address = server.url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = client.raw_post("/api/session/platform", 17);
    socket.write_all(head.as_bytes()).await.unwrap();
    client.post("/api/session/heartbeat", json!({})).await.unwrap().error_for_status().unwrap();
    server.terminate();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    socket
}

#[tokio::test]
async fn a_request_that_never_ends_is_given_up_in_time() {
    let directory = installation();
    let mut command = sessrum(&["serve", "--listen", "127.0.0.1:0"]);
    command.current_dir(directory.path()).env("SESSRUM_JOBS__SHUTDOWN_GRACE", "1ms");
    let server = Server::spawn(&mut command);
    let _stays = terminated_with_a_request_that_stays(&server).await;
    let (status, log) = server.wait();
    assert!(status.success(), "{log}");
    assert!(log.contains("did not finish in time") && log.contains("stopped"), "{log}");
}

/// It would never finish, and browsers come again by themselves.
#[tokio::test]
async fn open_event_streams_hold_nobody_up() {
    let directory = installation();
    let mut command = sessrum(&["serve", "--listen", "127.0.0.1:0"]);
    command.current_dir(directory.path()).env("SESSRUM_JOBS__SHUTDOWN_GRACE", "365d");
    let server = Server::spawn(&mut command);
    let client = SignedIn::ada(&reqwest::Client::new(), &server.url).await.unwrap();
    let mut stream = client.get("/api/session/events").await.unwrap().error_for_status().unwrap();
    let first = stream.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: state\n"), "{first:?}");
    server.terminate();
    assert_eq!(stream.chunk().await.unwrap(), None);
    let (status, log) = server.wait();
    assert!(status.success(), "{log}");
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let directory = installation();
    let mut command = sessrum(&["serve", "--listen", "127.0.0.1:0"]);
    command.current_dir(directory.path()).env("SESSRUM_JOBS__SHUTDOWN_GRACE", "365d");
    let server = Server::spawn(&mut command);
    let _stays = terminated_with_a_request_that_stays(&server).await;
    server.terminate();
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("stopping at once"), "{log}");
}

/// Security: 16.2.5
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
