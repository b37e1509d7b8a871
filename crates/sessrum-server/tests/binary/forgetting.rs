//! Forgetting a user that is cut short: what is left of them in the file is known, and goes.

use std::path::Path;
use std::process::Stdio;

use rusqlite::Connection;
use serde_json::Value;

use crate::process::{installation, run, run_with_input, sessrum};

/// What the doctor finds of forgotten users, and its exit code.
fn doctor(directory: &Path) -> (String, String, i32) {
    let output = run_with_input(&["doctor", "--json"], directory, "");
    let checks: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut checks = checks.as_array().unwrap().iter();
    let check = checks.find(|check| check["name"] == "forgotten users").unwrap();
    let text = |part: &str| check[part].as_str().unwrap().to_owned();
    (text("state"), text("message"), output.status.code().unwrap())
}

/// Whether the files have ada's address.
fn knows_ada(directory: &Path) -> bool {
    ["sessrum.db", "sessrum.db-wal"].into_iter().any(|name| {
        let bytes = std::fs::read(directory.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains("ada@example.org")
    })
}

/// An installation where forgetting ada was killed when her row was gone and the file was not yet
/// written anew.
fn cut_short() -> tempfile::TempDir {
    let directory = installation();
    let path = directory.path();
    let open = || Connection::open(path.join("sessrum.db")).unwrap();
    let users = |connection: &Connection| -> i64 {
        connection.query_row("SELECT count(*) FROM users", [], |row| row.get(0)).unwrap()
    };
    // As long as it reads what was there before, the journal cannot be emptied.
    let reader = open();
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(users(&reader), 1);
    let mut forgetting = sessrum(&["user", "forget", "ada", "--yes"])
        .current_dir(path)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let watcher = open();
    while users(&watcher) > 0 {
        assert!(forgetting.try_wait().unwrap().is_none(), "it has ended");
        std::thread::yield_now();
    }
    forgetting.kill().unwrap();
    forgetting.wait().unwrap();
    assert!(knows_ada(path));
    directory
}

#[test]
fn the_doctor_finds_what_a_killed_forgetting_left_and_the_clean_up_removes_it() {
    let directory = cut_short();
    let path = directory.path();
    let (state, message, code) = doctor(path);
    assert_eq!((state.as_str(), code), ("failed", 1));
    assert!(message.contains("run `sessrum cleanup --compact`"), "{message}");
    let said = String::from_utf8(run_with_input(&["cleanup"], path, "").stderr).unwrap();
    assert!(said.contains("traces of a user") && said.contains("--compact"), "{said}");
    let said = run_with_input(&["cleanup", "--compact"], path, "");
    assert!(said.status.success() && said.stderr.is_empty(), "{said:?}");
    assert!(!knows_ada(path));
    assert_eq!(doctor(path).0, "ok");
}

#[test]
fn forgetting_again_removes_what_a_killed_forgetting_left() {
    let directory = cut_short();
    let path = directory.path();
    let again = run_with_input(&["user", "forget", "ada", "--yes"], path, "");
    let said = String::from_utf8(again.stderr).unwrap();
    assert_eq!(again.status.code(), Some(1), "{said}");
    assert!(said.starts_with("Removed what the database still held"), "{said}");
    assert!(said.contains("there is no user ada: whoever was forgotten before"), "{said}");
    assert!(!knows_ada(path));
    assert_eq!(doctor(path).0, "ok");
}

#[test]
fn forgetting_somebody_else_removes_it_too() {
    let directory = cut_short();
    let path = directory.path();
    run(&["user", "add", "bob", "--email", "bob@example.org", "--password-stdin"], path);
    assert_eq!(doctor(path).0, "failed");
    run(&["user", "forget", "bob", "--yes"], path);
    assert!(!knows_ada(path));
    assert_eq!(doctor(path).0, "ok");
}
