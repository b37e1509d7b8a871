//! A secret that is replaced by another.

use std::path::Path;

use serde_json::{Value, json};

use crate::process::{Server, SignedIn, installation, run_with_input, sessrum};

/// What a server says at its start under a secret that it should not have.
const ANOTHER: &str =
    "the secret key is another than the one that the newest events are sealed under";

/// 32 bytes in base64.
const NEW_SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What a command with these earlier secrets prints, and its exit code.
fn printed(arguments: &[&str], earlier: &str, directory: &Path) -> (Value, i32) {
    let mut command = sessrum(arguments);
    command.current_dir(directory).env("SESSRUM_EARLIER_SECRET_KEY_FILES", earlier);
    let output = command.output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr);
    let data = serde_json::from_slice(&output.stdout);
    (data.unwrap_or_else(|_| panic!("{arguments:?}: {talk}")), output.status.code().unwrap())
}

/// How the doctor finds the trail and the credentials.
fn found(earlier: &str, directory: &Path) -> [Value; 2] {
    let (checks, _) = printed(&["doctor", "--json"], earlier, directory);
    ["audit trail", "platform credentials"].map(|name| {
        let mut checks = checks.as_array().unwrap().iter();
        checks.find(|check| check["name"] == name).unwrap()["state"].clone()
    })
}

#[tokio::test]
async fn what_was_made_under_an_earlier_secret_stays_good_until_it_is_sealed_anew() {
    let directory = installation();
    let path = directory.path();
    let sealed = ["platform", "add", "ada", "--name", "sealed", "--type", "pixelfed"];
    let account = ["--instance-url", "https://sealed.example", "--username", "ada"];
    let add = [&sealed[..], &account[..], &["--access-token-stdin"]].concat();
    assert!(run_with_input(&add, path, "token-canary\n").status.success());
    let http = reqwest::Client::new();
    let server = Server::start(path);
    let client = SignedIn::ada(&http, &server.url).await.unwrap();
    server.terminate();
    assert!(!server.wait().1.contains(ANOTHER));

    std::fs::rename(path.join("sessrum.db.key"), path.join("old.key")).unwrap();
    std::fs::write(path.join("sessrum.db.key"), NEW_SECRET).unwrap();
    assert_eq!(found("", path), ["failed", "failed"]);
    assert_eq!(found("old.key", path), ["ok", "warning"]);
    let server = Server::start(path);
    server.terminate();
    assert!(server.wait().1.contains(ANOTHER));
    let mut command = sessrum(&["serve", "--listen", "127.0.0.1:0"]);
    let server =
        Server::spawn(command.current_dir(path).env("SESSRUM_EARLIER_SECRET_KEY_FILES", "old.key"));
    // The session, and the CSRF token of a page that was open.
    let heartbeat = client.at(&server.url).post("/api/session/heartbeat", json!({})).await;
    assert_eq!(heartbeat.unwrap().status().as_u16(), 200);
    server.terminate();
    assert!(!server.wait().1.contains(ANOTHER));

    let reseal = |earlier| printed(&["platform", "reseal", "--json"], earlier, path);
    let unreadable = json!({"resealed": 0, "unchanged": 0, "unreadable": 1});
    assert_eq!(reseal(""), (unreadable, 1));
    let resealed = json!({"resealed": 1, "unchanged": 0, "unreadable": 0});
    assert_eq!(reseal("old.key"), (resealed, 0));
    let unchanged = json!({"resealed": 0, "unchanged": 1, "unreadable": 0});
    assert_eq!(reseal("old.key"), (unchanged, 0));
    assert_eq!(found("old.key", path), ["ok", "ok"]);
}
