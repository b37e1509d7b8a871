//! What the running server does by itself.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::postgres::Installation;
use crate::process::{Server, SignedIn, installation, run, sessrum};

/// Fault 6: the clean-up ran only from a script, never in the server.
#[tokio::test]
async fn the_server_ends_what_has_expired_and_names_its_jobs() {
    ends_what_has_expired(installation().path()).await;
}

#[tokio::test]
async fn a_server_on_postgresql_does_so_too() {
    ends_what_has_expired(Installation::new().await.path()).await;
}

async fn ends_what_has_expired(directory: &Path) {
    let mut command = sessrum(&["serve", "--listen", "127.0.0.1:0"]);
    command
        .current_dir(directory)
        .env("SESSRUM_SESSION__IDLE", "100ms")
        .env("SESSRUM_JOBS__CLEAN_UP_EVERY", "50ms");
    let server = Server::spawn(&mut command);
    let client = SignedIn::ada(&reqwest::Client::new(), &server.url).await.unwrap();
    // No request asks for the session again: only the job can end it.
    let until_it_ended = async {
        loop {
            let shown = run(&["session", "show", client.handle(), "--json"], directory);
            let shown: Value = serde_json::from_str(&shown).unwrap();
            if !shown["end_reason"].is_null() {
                break shown["end_reason"].clone();
            }
            tokio::task::yield_now().await;
        }
    };
    let reason = tokio::time::timeout(Duration::from_secs(30), until_it_ended).await;
    assert_eq!(reason.expect("the job ended nothing"), "expired");

    let answer = client.get("/readyz").await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut ready: Value = answer.json().await.unwrap();
    // A machine that is busy may be late to hear.
    assert!(ready["components"].as_object_mut().unwrap().remove("feed").is_some());
    let components = json!({"database": "ok", "job:clean_up": "ok", "job:flush_activity": "ok"});
    assert_eq!(ready["components"], components);
}
