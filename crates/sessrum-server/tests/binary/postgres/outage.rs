//! A server that is away.

use std::time::Duration;

use serde_json::{Value, json};
use sessrum_core::{Clock as _, SystemClock};
use sessrum_testbed::{Options, Postgres, TcpProxy, until};

use super::configure;
use crate::process::{Server, SignedIn, run, run_with_input};

/// Security: 16.5.3, abuse 27
#[tokio::test]
async fn nobody_is_signed_out_by_a_restart_of_postgresql() {
    let mut cluster = Postgres::start(Options::default()).await;
    let database = cluster.database().await;
    let directory = tempfile::tempdir().unwrap();
    configure(directory.path(), &database.url());
    run(&["migrate"], directory.path());
    let add = ["user", "add", "ada", "--email", "ada@example.org", "--password-stdin"];
    run(&add, directory.path());
    let server = Server::start(directory.path());
    let client = SignedIn::ada(&reqwest::Client::new(), &server.url).await.unwrap();
    cluster.stop().await;
    for path in ["/api/session/state", "/readyz"] {
        assert_eq!(client.get(path).await.unwrap().status(), 503, "{path}");
    }
    let logout = client.post("/api/logout", json!({})).await.unwrap();
    assert_eq!(logout.status(), 503);
    cluster.start_again().await;
    let state: Value = client.get("/api/session/state").await.unwrap().json().await.unwrap();
    assert_eq!(state["user"]["username"], "ada");
    assert_eq!(client.get("/readyz").await.unwrap().status(), 200);
    server.terminate();
    let (status, log) = server.wait();
    assert!(status.success(), "{log}");
}

/// Slower than it could be, and right.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_listen_says_so_once_and_serves() {
    let database = Postgres::shared().await.database().await;
    let directory = tempfile::tempdir().unwrap();
    configure(directory.path(), &database.url());
    run(&["migrate"], directory.path());
    let add = ["user", "add", "ada", "--email", "ada@example.org", "--password-stdin"];
    run(&add, directory.path());
    let mut way = TcpProxy::start(database.address()).await;
    let direct = database.url_through(way.address());
    let file = directory.path().join("sessrum.toml");
    let settings = format!("[database]\nlease = \"200ms\"\ndirect_url = \"{direct}\"\n");
    std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + &settings).unwrap();
    let server = tokio::task::block_in_place(|| Server::start(directory.path()));
    way.refuse().await;
    way.cut().await;
    until(async || {
        let ready = reqwest::get(format!("{}/readyz", server.url)).await.unwrap();
        let ready: Value = ready.json().await.unwrap();
        let feed = ready["components"]["feed"].as_str().unwrap();
        assert_eq!(ready["components"]["database"], "ok");
        feed.starts_with("has heard nothing for a lease")
    })
    .await;
    let client = SignedIn::ada(&reqwest::Client::new(), &server.url).await.unwrap();
    assert_eq!(client.get("/api/session/state").await.unwrap().status(), 200);
    client.post("/api/logout", json!({})).await.unwrap();
    assert_eq!(client.get("/api/session/state").await.unwrap().status(), 401);
    // It tries again a few times.
    let enough = SystemClock.uptime() + Duration::from_millis(500);
    until(async || SystemClock.uptime() > enough).await;
    server.terminate();
    let (status, log) = server.wait();
    assert!(status.success(), "{log}");
    let refused = "hears of no other instance and uses no cache: no connection: Connection refused";
    assert_eq!(log.matches(refused).count(), 1, "{log}");
}

#[test]
fn a_server_that_cannot_be_reached_is_named() {
    let directory = tempfile::tempdir().unwrap();
    configure(directory.path(), "postgres://sessrum:hunter2@127.0.0.1:1/sessions");
    for command in [&["serve"][..], &["migrate"], &["status"], &["doctor"]] {
        let output = run_with_input(command, directory.path(), "");
        let (out, said) = (String::from_utf8(output.stdout), String::from_utf8(output.stderr));
        let said = out.unwrap() + &said.unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let told = said.matches("database sessions at 127.0.0.1:1 cannot be reached: check that");
        assert_eq!(told.count(), 1, "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
