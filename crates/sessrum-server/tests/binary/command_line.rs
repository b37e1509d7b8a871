//! The operator's commands.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::process::{PASSWORD, Server, SignedIn, installation, run, run_with_input, sessrum};

fn json_of(arguments: &[&str], directory: &Path) -> Value {
    serde_json::from_str(&run(arguments, directory)).unwrap()
}

/// Runs a command that must fail; its exit code and what it says.
fn refused(arguments: &[&str], directory: &Path, input: &str) -> (i32, String) {
    let output = run_with_input(arguments, directory, input);
    assert!(output.stdout.is_empty(), "{arguments:?} printed data");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn users_and_platforms_are_managed() {
    let directory = installation();
    let path = directory.path();
    run(&["user", "set-role", "ada", "moderator"], path);
    run(&["user", "disable", "ada"], path);
    let users = json_of(&["user", "list", "--json"], path);
    assert_eq!(users[0]["id"], 1);
    assert_eq!(users[0]["username"], "ada");
    assert_eq!(users[0]["role"], "moderator");
    assert_eq!(users[0]["is_active"], false);
    run(&["user", "enable", "ada"], path);
    assert!(run(&["user", "list"], path).contains("active"));

    let platforms = json_of(&["platform", "list", "ada", "--json"], path);
    assert_eq!(platforms.as_array().unwrap().len(), 3);
    assert_eq!(platforms[0]["id"], 1);
    assert_eq!(platforms[0]["is_default"], true);
    run(&["platform", "remove", "ada", "2"], path);
    assert_eq!(json_of(&["platform", "list", "ada", "--json"], path).as_array().unwrap().len(), 2);
}

/// Security: 7.4.3, 7.4.5
#[tokio::test]
async fn sessions_are_seen_and_ended_beside_a_running_server() {
    let directory = installation();
    let path = directory.path();
    let server = Server::start(path);
    let http = reqwest::Client::new();
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(SignedIn::ada(&http, &server.url).await.unwrap());
    }
    let sessions = json_of(&["session", "list", "--user", "ada", "--json"], path);
    assert_eq!(sessions.as_array().unwrap().len(), 3);
    assert_eq!(sessions[0]["user_id"], 1);
    assert_eq!(sessions[0]["username"], "ada");
    assert_eq!(sessions[0]["platform_id"], 1);
    assert_eq!(json_of(&["status", "--json"], path)["sessions_active"], 3);
    let table = run(&["session", "list"], path);
    assert!(table.contains(clients[0].handle()) && table.contains("  ada  "), "{table}");

    let reason = async |client: &SignedIn| {
        let answer = client.get("/api/session/state").await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap()["end_reason"].clone())
    };
    run(&["session", "revoke", clients[0].handle()], path);
    assert_eq!(reason(&clients[0]).await, (401, json!("revoked_by_admin")));
    assert_eq!(reason(&clients[1]).await, (200, Value::Null));
    run(&["user", "set-password", "ada", "--password-stdin"], path);
    assert_eq!(reason(&clients[1]).await, (401, json!("password_changed")));
    let again = SignedIn::ada(&http, &server.url).await.unwrap();
    run(&["session", "revoke-user", "ada"], path);
    assert_eq!(reason(&again).await, (401, json!("revoked_by_admin")));
    SignedIn::ada(&http, &server.url).await.unwrap();
    run(&["session", "revoke-all"], path);
    assert_eq!(json_of(&["session", "list", "--json"], path), json!([]));
    let shown = run(&["session", "show", again.handle()], path);
    assert!(shown.contains("revoked_by_admin"), "{shown}");
    assert!(shown.contains("user          ada\n"), "{shown}");
    assert_eq!(
        json_of(&["cleanup", "--json"], path),
        json!({"expired": 0, "purged": 0, "shortened": 0})
    );
}

/// Security: 6.2.1, 6.2.4
#[test]
fn what_cannot_be_done_says_why_and_exits_1() {
    let directory = installation();
    let add = ["user", "add", "ada", "--email", "other@example.org", "--password-stdin"];
    let long = "x".repeat(201);
    let named = |name| ["user", "add", name, "--email", "b@example.org", "--password-stdin"];
    let at = |email| ["user", "add", "bob", "--email", email, "--password-stdin"];
    let platform = ["platform", "add", "ada", "--name", "x", "--type", "t", "--username", "u"];
    for (arguments, input, wanted) in [
        (&add[..], PASSWORD, "there is a user ada already"),
        (
            &["user", "add", "bob", "--email", "ADA@example.org", "--password-stdin"],
            PASSWORD,
            "another user has this address",
        ),
        (
            &["user", "add", "bob", "--email", "b@example.org", "--password-stdin"],
            "short",
            "at least 8 characters",
        ),
        (&named("bob"), "Password1!", "easy to guess"),
        (&["user", "set-password", "ada", "--password-stdin"], "ada@example.org", "easy to guess"),
        (&named(""), PASSWORD, "a user name has 1 to 200 characters"),
        (&named(&long), PASSWORD, "a user name has 1 to 200 characters"),
        (&named("bob\u{7}"), PASSWORD, "a user name has 1 to 200 characters"),
        (&named(" bob"), PASSWORD, "a user name has 1 to 200 characters"),
        (&at("bob"), PASSWORD, "an e-mail address"),
        (&at(""), PASSWORD, "an e-mail address"),
        (&["user", "disable", "nobody"], "", "there is no user nobody"),
        (&["user", "set-password", "ada", "--password-stdin"], "", "at least 8 characters"),
        (&["platform", "remove", "ada", "99"], "", "no platform with the id 99"),
        (&[&platform[..], &["--instance-url", "nowhere"]].concat(), "", "the address of a site"),
        (&["session", "show", "x"], "", "no session's name"),
        (&["session", "revoke", "00000000000000000000000000000000"], "", "there is no session"),
        (&["--config", "missing.toml", "status"], "", "missing.toml"),
        (&["serve", "--listen", "0.0.0.0:0"], "", "must be https"),
    ] {
        let (code, said) = refused(arguments, directory.path(), input);
        assert_eq!(code, 1, "{arguments:?}: {said}");
        assert!(said.contains(wanted), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        assert!(said.matches("os error").count() <= 1, "{arguments:?}: {said}");
        assert!(input.is_empty() || !said.contains(input));
    }
}

#[test]
fn the_last_administrator_stays_unless_something_else_is_meant() {
    let directory = installation();
    let path = directory.path();
    run(&["user", "set-role", "ada", "admin"], path);
    let before = json_of(&["audit", "--json"], path);
    let refusals = [
        &["user", "disable", "ada"][..],
        &["user", "set-role", "ada", "viewer"],
        &["user", "forget", "ada", "--yes"],
    ];
    for arguments in refusals {
        let (code, said) = refused(arguments, path, "");
        assert_eq!(code, 1, "{arguments:?}: {said}");
        assert!(said.contains("ada is the last active administrator"), "{said}");
        assert!(said.contains("--even-last-admin"), "{said}");
    }
    assert_eq!(json_of(&["audit", "--json"], path), before);
    run(&["user", "set-role", "ada", "admin"], path);
    for arguments in refusals {
        run(&[arguments, &["--even-last-admin"]].concat(), path);
        if arguments[1] != "forget" {
            run(&["user", "enable", "ada"], path);
            run(&["user", "set-role", "ada", "admin"], path);
        }
    }
    assert_eq!(json_of(&["user", "list", "--json"], path), json!([]));
}

#[test]
fn forgetting_without_a_terminal_takes_a_yes() {
    let directory = installation();
    let (code, said) = refused(&["user", "forget", "ada"], directory.path(), "ada\n");
    assert_eq!(code, 1);
    assert!(said.contains("cannot be undone: say --yes"), "{said}");
    assert!(run(&["user", "list"], directory.path()).contains("ada"));
}

#[test]
fn a_wrong_command_line_exits_2() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in [
        &["fly"][..],
        &[],
        &["user", "add", "ada"],
        &["user", "add", "ada", "--email", "a@example.org"],
        &["user", "set-role", "ada", "queen"],
        &["serve", "--port", "80"],
    ] {
        assert_eq!(refused(arguments, directory.path(), "").0, 2, "{arguments:?}");
    }
    for (arguments, wanted) in [
        (["--database-url", "mysql://u:hunter2@h", "status"], "--database-url must be sqlite:PATH"),
        (["serve", "--listen", "hunter2"], "--listen must be an address and a port"),
        (["serve", "--public-url", "hunter2"], "--public-url "),
        (["demo", "--listen", "127.0.0.1:80x"], "--listen must be an address and a port"),
        (["demo", "--listen", "0.0.0.0:0"], "--listen must be an address of this machine alone"),
        (["demo", "--listen", "192.0.2.1:0"], "--listen must be an address of this machine alone"),
        (["--config", "hunter2", "demo"], "--config is not for a demo"),
        (["demo", "--database-url", "sqlite:hunter2"], "--database-url is not for a demo"),
    ] {
        let (code, said) = refused(&arguments, directory.path(), "");
        assert_eq!(code, 2, "{arguments:?}: {said}");
        assert!(said.contains(wanted) && !said.contains("hunter2"), "{arguments:?}: {said}");
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    // The same in the file is no wrong command line.
    std::fs::write(directory.path().join("sessrum.toml"), "listen = \"nowhere\"").unwrap();
    assert_eq!(refused(&["status"], directory.path(), "").0, 1);
}

#[test]
fn the_configuration_is_checked_and_printed_without_secrets() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sessrum.toml");
    let secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    std::fs::write(&file, format!("secret_key = \"{secret}\"\n[session]\nidle = \"20m\"")).unwrap();
    let printed = run(&["config", "print"], directory.path());
    assert!(printed.contains("idle = \"20m\"") && printed.contains("(hidden)"), "{printed}");
    assert!(!printed.contains(secret));
    run(&["config", "check"], directory.path());

    std::fs::write(&file, "[session]\nidel = \"20m\"").unwrap();
    let (code, said) = refused(&["config", "check"], directory.path(), "");
    assert_eq!(code, 1);
    assert!(said.contains("session.idel") && said.contains("session.idle"), "{said}");
}

#[test]
fn the_printed_configuration_is_the_one_in_force() {
    let directory = tempfile::tempdir().unwrap();
    let print = || run(&["config", "print"], directory.path());
    let printed = print();
    for line in [
        "public_url = \"http://127.0.0.1:8080\"",
        "secret_key_file = \"sessrum.db.key\"",
        "idle = \"30m\"",
        "absolute = \"12h\"",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line}: {printed}");
    }
    let file = directory.path().join("sessrum.toml");
    std::fs::write(&file, &printed).unwrap();
    assert_eq!(print(), printed);
    std::fs::write(&file, "[session]\nprofile = \"strict\"").unwrap();
    assert!(print().contains("idle = \"15m\"\nabsolute = \"8h\""), "{}", print());
}

#[test]
fn the_environment_configures_too() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = sessrum(&["config", "print"]);
    command.current_dir(directory.path()).env("SESSRUM_SESSION__PER_USER", "3");
    let printed = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(printed.contains("per_user = 3"), "{printed}");
}

#[test]
fn of_the_environment_only_what_is_ours_must_be_utf_8() {
    let directory = tempfile::tempdir().unwrap();
    let no_text = OsStr::from_bytes(b"hunter2\xff");
    let with = |name: &OsStr| {
        let mut command = sessrum(&["config", "check"]);
        let output = command.current_dir(directory.path()).env(name, no_text).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    for theirs in [OsStr::new("THEIRS"), OsStr::from_bytes(b"SESS\xff")] {
        let (code, said) = with(theirs);
        assert_eq!(code, 0, "{said}");
    }
    for ours in [OsStr::new("SESSRUM_LISTEN"), OsStr::from_bytes(b"SESSRUM_\xff")] {
        let (code, said) = with(ours);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("SESSRUM_") && said.contains("must be UTF-8"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn the_openapi_document_needs_no_database() {
    let directory = tempfile::tempdir().unwrap();
    let document = json_of(&["openapi"], directory.path());
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/api/login"]["post"].is_object());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

/// A fresh database lets nobody in.
///
/// Security: 6.3.2
#[tokio::test]
async fn there_are_no_default_accounts_6_3_2() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let refused = SignedIn::ada(&reqwest::Client::new(), &server.url).await;
    assert_eq!(refused.err().and_then(|error| error.status()).map(|s| s.as_u16()), Some(401));
    assert_eq!(json_of(&["user", "list", "--json"], directory.path()), json!([]));
}

/// What is stored of a password when nothing is configured.
///
/// Security: 11.4.2, parameter hashing
#[test]
fn a_password_is_stored_at_the_full_cost() {
    let directory = tempfile::tempdir().unwrap();
    run(&["migrate"], directory.path());
    let add = ["user", "add", "ada", "--email", "ada@example.org", "--password-stdin"];
    let password = directory.path().join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let mut command = sessrum(&add);
    command.env_remove("SESSRUM_PASSWORD__MEMORY_KIB").env_remove("SESSRUM_PASSWORD__PASSES");
    let status = command
        .current_dir(directory.path())
        .stdin(std::fs::File::open(password).unwrap())
        .status()
        .unwrap();
    assert!(status.success());
    let database = rusqlite::Connection::open(directory.path().join("sessrum.db")).unwrap();
    let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let stored = database.query_row("SELECT password_hash FROM users", [], read).unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
}
