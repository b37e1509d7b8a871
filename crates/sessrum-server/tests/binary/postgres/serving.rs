//! From nothing to a site that is used, killed and started again.

use std::path::Path;

use serde_json::{Value, json};
use sessrum_testbed::{Options, PgBouncer, Postgres};

use super::{Installation, configure};
use crate::process::{Server, SignedIn, run, run_with_input, sessrum};

fn json_of(arguments: &[&str], directory: &Path) -> Value {
    serde_json::from_str(&run(arguments, directory)).unwrap()
}

/// The URL without its password, which goes into a file.
fn configure_with_password_file(directory: &Path, url: &str) {
    let (user, place) = url.split_once('@').unwrap();
    let (user, password) = user.rsplit_once(':').unwrap();
    configure(directory, &format!("{user}@{place}"));
    std::fs::write(directory.join("password"), format!("{password}\n")).unwrap();
    let mut settings = std::fs::read_to_string(directory.join("sessrum.toml")).unwrap();
    settings.push_str("[database]\npassword_file = \"password\"\n");
    std::fs::write(directory.join("sessrum.toml"), settings).unwrap();
}

/// Security: 7.4.1
#[tokio::test]
async fn what_was_answered_outlives_a_kill() {
    let cluster = Postgres::start(Options::default().with_password()).await;
    let database = cluster.database().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    configure_with_password_file(path, &database.url());
    run(&["migrate"], path);
    run(&["migrate"], path);
    run(&["user", "add", "ada", "--email", "ada@example.org", "--password-stdin"], path);
    let platform = ["platform", "add", "ada", "--name", "one", "--type", "pixelfed"];
    let account = ["--instance-url", "https://one.example", "--username", "ada"];
    run(&[&platform[..], &account[..]].concat(), path);

    let server = Server::start(path);
    let http = reqwest::Client::new();
    let stays = SignedIn::ada(&http, &server.url).await.unwrap();
    let leaves = SignedIn::ada(&http, &server.url).await.unwrap();
    let switch = json!({"platform_id": 1});
    stays.post("/api/session/platform", switch).await.unwrap().error_for_status().unwrap();
    leaves.post("/api/logout", json!({})).await.unwrap().error_for_status().unwrap();
    assert_eq!(json_of(&["session", "list", "--json"], path).as_array().unwrap().len(), 1);
    server.kill();

    let server = Server::start(path);
    let state: Value =
        stays.at(&server.url).get("/api/session/state").await.unwrap().json().await.unwrap();
    assert_eq!((&state["session"]["revision"], &state["platform"]["id"]), (&json!(2), &json!(1)));
    let answer = leaves.at(&server.url).get("/api/session/state").await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.unwrap()["end_reason"], "logout");
    let doctor = json_of(&["doctor", "--json"], path);
    let bad = doctor.as_array().unwrap().iter().find(|check| check["state"] == "failed");
    assert_eq!(bad, None);
    let status = json_of(&["status", "--json"], path);
    let shown = format!("postgresql://sessrum@{}/", database.address());
    assert!(status["database"].as_str().unwrap().starts_with(&shown), "{status}");
    server.terminate();
    let (status, log) = server.wait();
    assert!(status.success() && log.contains("stopped"), "{log}");

    std::fs::write(path.join("password"), "hunter2").unwrap();
    for command in [&["serve"][..], &["migrate"], &["user", "list"], &["doctor"]] {
        let refused = run_with_input(command, path, "");
        let said = [refused.stdout, refused.stderr].map(|said| String::from_utf8(said).unwrap());
        let said = said.concat();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(
            said.contains("does not let this program in") && !said.contains("hunter2"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn the_file_with_the_password_must_have_one() {
    let directory = tempfile::tempdir().unwrap();
    configure_with_password_file(directory.path(), "postgres://sessrum:x@127.0.0.1:1/sessrum");
    let said = || {
        let refused = run_with_input(&["status"], directory.path(), "");
        assert_eq!(refused.status.code(), Some(1));
        String::from_utf8(refused.stderr).unwrap()
    };
    std::fs::write(directory.path().join("password"), "\n").unwrap();
    assert_eq!(said(), "sessrum: password holds no password: write the database's there\n");
    std::fs::remove_file(directory.path().join("password")).unwrap();
    assert!(
        said().contains("cannot read the file with the database's password, password: No such")
    );
}

#[tokio::test]
async fn a_server_works_behind_a_pooler_that_lends_connections_by_transaction() {
    let installation = Installation::new().await;
    let database = &installation.database;
    let bouncer = PgBouncer::start(database.address(), &[("default_pool_size", "2")]).await;
    configure(installation.path(), &database.url_through(bouncer.address()));
    let command = |arguments: &[&str]| {
        let mut command = sessrum(arguments);
        command
            .current_dir(installation.path())
            .env("SESSRUM_DATABASE__PREPARED_STATEMENTS", "false")
            .env("SESSRUM_DATABASE__DIRECT_URL", database.url());
        command
    };
    let server = Server::spawn(&mut command(&["serve", "--listen", "127.0.0.1:0"]));
    let client = SignedIn::ada(&reqwest::Client::new(), &server.url).await.unwrap();
    let switch = json!({"platform_id": 2});
    client.post("/api/session/platform", switch).await.unwrap().error_for_status().unwrap();
    let cleaned = command(&["cleanup", "--json"]).output().unwrap();
    assert!(cleaned.status.success(), "{cleaned:?}");
    let revoked = command(&["session", "revoke", client.handle()]).output().unwrap();
    assert!(revoked.status.success(), "{revoked:?}");
    let answer = client.get("/api/session/state").await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["end_reason"], "revoked_by_admin");
    assert_eq!(client.get("/readyz").await.unwrap().status(), 200);
}
