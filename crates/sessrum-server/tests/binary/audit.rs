//! The audit trail from the command line: reading it, checking it, forgetting a user.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::process::{Server, SignedIn, installation, run, run_with_input};

fn json_of(arguments: &[&str], directory: &Path) -> Value {
    serde_json::from_str(&run(arguments, directory)).unwrap()
}

fn kinds(events: &Value) -> Vec<&str> {
    events.as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

/// What the doctor finds: its exit code, and the state and message of a check.
fn doctor(directory: &Path, name: &str) -> (i32, String, String) {
    let output = run_with_input(&["doctor", "--json"], directory, "");
    let checks: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = checks.as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name);
    let text = |part: &str| match found {
        Some(check) => check[part].as_str().unwrap().to_owned(),
        None => "not made".to_owned(),
    };
    (output.status.code().unwrap(), text("state"), text("message"))
}

#[test]
fn the_trail_is_listed_newest_first_and_filtered() {
    let directory = installation();
    let path = directory.path();
    run(&["user", "set-role", "ada", "moderator"], path);
    let events = json_of(&["audit", "--json"], path);
    let added = ["platform_added"; 3];
    assert_eq!(kinds(&events), [&["role_changed"], &added[..], &["user_added"]].concat());
    assert_eq!(events[0]["actor"], "operator");
    assert_eq!((&events[0]["user_id"], &events[0]["username"]), (&json!(1), &json!("ada")));
    assert_eq!(events[0]["actor_username"], Value::Null);
    assert_eq!(events[0]["detail"], "moderator");
    let of_kind = json_of(&["audit", "--kind", "user_added", "--user", "ada", "--json"], path);
    assert_eq!(kinds(&of_kind), ["user_added"]);
    assert_eq!(json_of(&["audit", "--since", "1h", "--json"], path).as_array().unwrap().len(), 5);
    assert_eq!(json_of(&["audit", "--since", "0s", "--json"], path), json!([]));
    let table = run(&["audit"], path);
    assert_eq!(table.lines().count(), 6);
    assert!(table.starts_with("TIME") && table.contains("role_changed  "), "{table}");
    assert!(table.contains("  ada   operator"), "{table}");

    let limited = run_with_input(&["audit", "--limit", "2", "--json"], path, "");
    let events: Value = serde_json::from_slice(&limited.stdout).unwrap();
    assert_eq!(events.as_array().unwrap().len(), 2);
    assert!(String::from_utf8(limited.stderr).unwrap().contains("--limit"));
    for (arguments, code) in [
        (["audit", "--user", "nobody"], 1),
        (["audit", "--kind", "unheard_of"], 2),
        (["audit", "--since", "yesterday"], 2),
    ] {
        let refused = run_with_input(&arguments, path, "");
        assert_eq!(refused.status.code(), Some(code), "{arguments:?}");
        assert!(refused.stdout.is_empty());
    }
}

/// Lists have an event that a newer program recorded, with the kind as it is written.
#[tokio::test]
async fn a_kind_that_came_later_spoils_no_list() {
    let directory = installation();
    let path = directory.path();
    run(&["user", "set-role", "ada", "admin"], path);
    let database = Connection::open(path.join("sessrum.db")).unwrap();
    let kind = "passkey<i>_added";
    database.execute("UPDATE session_events SET kind = ?1 WHERE id = 3", [kind]).unwrap();
    let server = Server::start(path);
    let ada = SignedIn::ada(&reqwest::Client::new(), &server.url).await.unwrap();
    for list in ["/api/account/events", "/api/admin/audit"] {
        let answer = ada.get(list).await.unwrap();
        assert_eq!(answer.status(), 200, "{list}");
        let page: Value = answer.json().await.unwrap();
        assert_eq!(kinds(&page["events"])[3..5], [kind, "platform_added"], "{list}");
    }
    let answer = ada.get("/account/security").await.unwrap();
    assert_eq!(answer.status(), 200);
    let page = answer.text().await.unwrap();
    assert!(page.contains("passkey&#60;i&#62;_added"), "{page}");
    assert!(run(&["audit"], path).contains(kind));
    assert_eq!(kinds(&json_of(&["audit", "--json"], path))[3], kind);
    assert!(doctor(path, "audit trail").2.contains("event 3 was altered"));
}

/// Security: 16.4.1
#[test]
fn what_steers_a_terminal_is_not_printed() {
    let directory = installation();
    let database = Connection::open(directory.path().join("sessrum.db")).unwrap();
    let evil = "evil\r\n\u{1b}[2Jforged";
    database
        .execute("UPDATE session_events SET device = ?1, detail = ?1 WHERE id = 1", [evil])
        .unwrap();
    let table = run(&["audit"], directory.path());
    assert!(!table.contains(['\r', '\u{1b}']), "{table:?}");
    assert_eq!(table.lines().count(), 5);
}

/// Security: 16.3.1
#[test]
fn the_doctor_finds_a_trail_that_was_changed() {
    let directory = installation();
    let path = directory.path();
    let (code, state, message) = doctor(path, "audit trail");
    assert_eq!((code, state.as_str()), (0, "ok"));
    assert!(message.contains("All 4 events"), "{message}");
    let database = Connection::open(path.join("sessrum.db")).unwrap();
    database.execute("UPDATE session_events SET actor = 'user 1' WHERE id = 2", []).unwrap();
    database.execute("DELETE FROM session_events WHERE id = 3", []).unwrap();
    let (code, state, message) = doctor(path, "audit trail");
    assert_eq!((code, state.as_str()), (1, "failed"));
    for part in ["event 2 was altered", "event 3 is missing", "event 4 was written after event 3"] {
        assert!(message.contains(part), "{message}");
    }
    database.execute("DELETE FROM session_events WHERE id > 1", []).unwrap();
    let (_, _, message) = doctor(path, "audit trail");
    assert!(
        message.contains("someone else than this program: events 2 to 4 are missing."),
        "{message}"
    );
    let talk = run_with_input(&["doctor"], path, "");
    assert!(String::from_utf8(talk.stdout).unwrap().contains("FAILED"));
    let said = String::from_utf8(talk.stderr).unwrap();
    assert_eq!(said, "sessrum: 1 check(s) failed\n");
}

#[test]
fn the_doctor_looks_at_the_key_and_the_file() {
    let directory = installation();
    let path = directory.path();
    assert_eq!(doctor(path, "database").1, "ok");
    assert_eq!(doctor(path, "database file").1, "ok");
    let key = path.join("sessrum.db.key");
    for (mode, code, state) in [(0o600, 0, "ok"), (0o640, 0, "warning"), (0o644, 1, "failed")] {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
        let found = doctor(path, "secret key");
        assert_eq!((found.0, found.1.as_str()), (code, state), "{found:?}");
    }
    // Another key checks nothing of what the lost one sealed.
    std::fs::write(&key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let (_, state, message) = doctor(path, "audit trail");
    assert_eq!(state, "failed");
    assert!(message.contains("a secret that is not configured"), "{message}");
    std::fs::remove_file(&key).unwrap();
    assert_eq!(doctor(path, "secret key").1, "failed");
    let (code, state, message) = doctor(path, "database");
    assert_eq!((code, state.as_str()), (1, "failed"));
    assert!(message.contains("is missing: restore it"), "{message}");
    assert_eq!(doctor(path, "audit trail").1, "not made");
}

/// Of a user who is forgotten nothing personal is left in the files, beside a running server.
#[tokio::test]
async fn a_forgotten_user_leaves_nothing_in_the_files() {
    let directory = installation();
    let path = directory.path();
    let server = Server::start(path);
    let http = reqwest::Client::builder().user_agent("canary-agent/1.0").build().unwrap();
    let ada = SignedIn::ada(&http, &server.url).await.unwrap();
    assert_eq!(ada.get("/api/session/state").await.unwrap().status(), 200);
    let files = || {
        let mut bytes = std::fs::read(path.join("sessrum.db")).unwrap();
        bytes.extend(std::fs::read(path.join("sessrum.db-wal")).unwrap());
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let trail = json_of(&["audit", "--kind", "signed_in", "--json"], path);
    assert_eq!(
        (&trail[0]["actor"], &trail[0]["actor_username"]),
        (&json!("user 1"), &json!("ada"))
    );
    assert!(run(&["audit", "--kind", "signed_in"], path).contains("  ada   user ada  "));
    let personal = ["ada@example.org", "canary-agent", "127.0.0.1", "https://one.example"];
    assert!(personal.iter().all(|text| files().contains(text)));

    let output = run_with_input(&["user", "forget", "ada", "--yes"], path, "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Forgot ada, who had the id 1; 1 session(s) ended."), "{said}");
    assert!(said.contains("Backups still know them."));
    assert_eq!(ada.get("/api/session/state").await.unwrap().status(), 401);
    let left = files();
    for text in personal {
        assert!(!left.contains(text), "{text} is in the files");
    }
    assert!(left.contains("user_forgotten"));
    let trail = json_of(&["audit", "--kind", "signed_in", "--json"], path);
    assert_eq!((&trail[0]["user_id"], &trail[0]["username"]), (&json!(1), &Value::Null));
    assert_eq!(trail[0]["actor"], "user 1");
    assert_eq!(
        kinds(&json_of(&["audit", "--limit", "2", "--json"], path)),
        ["user_forgotten", "session_ended"]
    );
    assert_eq!(doctor(path, "audit trail").1, "ok");
    run(&["cleanup", "--compact"], path);

    let again = run_with_input(&["user", "forget", "ada", "--yes"], path, "");
    assert_eq!(again.status.code(), Some(1));
    let said = String::from_utf8(again.stderr).unwrap();
    assert!(said.contains("there is no user ada: whoever was forgotten before"), "{said}");
    // The server goes on, and the name may be taken by another.
    run(&["user", "add", "ada", "--email", "ada@example.org", "--password-stdin"], path);
    SignedIn::ada(&http, &server.url).await.unwrap();
    assert_eq!(doctor(path, "audit trail").1, "ok");
}

#[test]
fn old_clients_are_shortened_by_the_clean_up() {
    let directory = installation();
    let path = directory.path();
    std::fs::write(path.join("sessrum.toml"), "[audit]\nkeep_clients_for = \"0s\"").unwrap();
    let printed = run(&["config", "print"], path);
    assert!(printed.contains("[audit]\nkeep_clients_for = \"0ms\""), "{printed}");
    // The operator has no client to shorten.
    assert_eq!(json_of(&["cleanup", "--json"], path)["shortened"], 0);
    std::fs::write(path.join("sessrum.toml"), "").unwrap();
    assert!(run(&["config", "print"], path).contains("keep_clients_for = \"30d\""));
}
