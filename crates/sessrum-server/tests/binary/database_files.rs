//! Databases that cannot be used: one sentence, exit 1, and nothing is lost.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::process::{Server, installation, run, run_with_input, sessrum};

fn refused(arguments: &[&str], directory: &Path) -> String {
    let output = run_with_input(arguments, directory, "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let last = said.lines().last().unwrap().to_owned();
    assert!(last.starts_with("sessrum: "), "{said}");
    last
}

#[test]
fn a_missing_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    for command in ["serve", "status", "migrate"] {
        let url = "sqlite:nowhere/sessrum.db";
        let said = refused(&["--database-url", url, command], directory.path());
        assert!(said.contains("nowhere"), "{said}");
    }
}

#[test]
fn a_database_that_was_never_made_says_what_to_run() {
    let directory = tempfile::tempdir().unwrap();
    let said = refused(&["status"], directory.path());
    assert!(said.contains("sessrum migrate"), "{said}");
    assert!(!directory.path().join("sessrum.db").exists(), "asking made a file");
}

#[test]
fn a_file_that_is_no_database_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sessrum.db");
    let text = "Dear diary, ".repeat(1_000);
    std::fs::write(&file, &text).unwrap();
    for command in ["serve", "migrate", "status"] {
        let said = refused(&[command], directory.path());
        assert!(said.contains("sessrum.db"), "{said}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn a_secret_key_that_is_none_is_refused() {
    let directory = installation();
    std::fs::write(directory.path().join("sessrum.db.key"), "hunter2").unwrap();
    let said = refused(&["status"], directory.path());
    assert!(said.contains("sessrum.db.key") && !said.contains("hunter2"), "{said}");
}

/// Security: 11.5.1
#[test]
fn a_secret_key_that_anybody_can_guess_is_refused() {
    let directory = installation();
    let zeros = format!("{}=", "A".repeat(43));
    let told = "must be 32 random bytes, and these are all the same";
    std::fs::write(directory.path().join("zeros.key"), &zeros).unwrap();
    let said = |variable: &str, value: &str| {
        let mut command = sessrum(&["status"]);
        let output = command.current_dir(directory.path()).env(variable, value).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{variable}");
        String::from_utf8(output.stderr).unwrap()
    };
    for variable in ["SESSRUM_SECRET_KEY_FILE", "SESSRUM_EARLIER_SECRET_KEY_FILES"] {
        let said = said(variable, "zeros.key");
        assert!(
            said.contains("zeros.key holds no secret key: it ") && said.contains(told),
            "{said}"
        );
    }
    let said = said("SESSRUM_SECRET_KEY", &zeros);
    assert!(said.contains("the configuration's secret_key ") && said.contains(told), "{said}");
    assert!(!said.contains(&zeros), "{said}");
}

#[test]
fn a_secret_key_file_without_an_end_is_read_to_no_end() {
    let directory = installation();
    let mut command = sessrum(&["status"]);
    command.current_dir(directory.path()).env("SESSRUM_SECRET_KEY_FILE", "/dev/zero");
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("/dev/zero holds no secret key"), "{said}");
}

#[test]
fn a_lost_secret_key_is_told_and_not_replaced() {
    let directory = installation();
    let key = directory.path().join("sessrum.db.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    for command in [&["serve"][..], &["migrate"], &["status"], &["user", "list"]] {
        let said = refused(command, directory.path());
        assert!(said.contains("sessrum.db.key is missing: restore it"), "{said}");
        assert!(!key.exists(), "{command:?} made another key");
    }
    std::fs::write(&key, kept).unwrap();
    run(&["status"], directory.path());
}

#[test]
fn the_secret_key_is_made_with_the_tables() {
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("sessrum.db.key");
    run(&["migrate"], directory.path());
    let made = std::fs::read(&key).unwrap();
    run(&["migrate"], directory.path());
    assert_eq!(std::fs::read(&key).unwrap(), made);
    // Nothing was sealed with it yet.
    std::fs::remove_file(&key).unwrap();
    assert!(refused(&["status"], directory.path()).contains("sessrum.db.key"));
    assert!(!key.exists(), "asking made a key");
    run(&["migrate"], directory.path());
    run(&["status"], directory.path());
}

#[test]
fn a_demo_whose_users_cannot_be_read_says_so() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("demo-users.json")).unwrap();
    let said = refused(&["demo", "--listen", "127.0.0.1:0", "--data-dir", "."], directory.path());
    assert!(said.contains("cannot read ./demo-users.json"), "{said}");
}

#[test]
fn a_taken_port_is_named() {
    let directory = installation();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = refused(&["serve", "--listen", &address], directory.path());
    assert!(said.contains(&address), "{said}");
}

/// The passwords are kept before there is a user with one of them, so a start that was cut short is
/// made good by the next.
#[tokio::test]
async fn a_demo_whose_first_start_was_cut_short_starts() {
    let directory = tempfile::tempdir().unwrap();
    let start = || {
        let mut demo = sessrum(&["demo", "--listen", "127.0.0.1:0", "--data-dir", "."]);
        Server::spawn(demo.current_dir(directory.path()).stdout(Stdio::null()))
    };
    let users =
        json!([{"username": "reviewer", "password": "a-password-of-old", "role": "reviewer"}]);
    std::fs::write(directory.path().join("demo-users.json"), users.to_string()).unwrap();
    for _ in 0..2 {
        let server = start();
        let input = json!({"username": "reviewer", "password": "a-password-of-old"});
        let login = reqwest::Client::new()
            .post(format!("{}/api/login", server.url))
            .header("Origin", &server.url)
            .json(&input);
        let state: Value = login.send().await.unwrap().json().await.unwrap();
        assert_eq!(state["platform"]["is_default"], true, "{state}");
        server.terminate();
        server.wait();
    }
}
