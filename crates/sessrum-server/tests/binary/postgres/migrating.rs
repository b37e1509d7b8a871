//! Tables and secret keys of a new database.

use std::path::Path;

use super::{Installation, configure};
use crate::process::{Server, run, run_with_input, sessrum};

fn refused(arguments: &[&str], directory: &Path) -> String {
    let output = run_with_input(arguments, directory, "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    said.lines().last().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_servers_that_start_at_once_one_migrates_and_the_others_wait() {
    let installation = Installation::empty().await;
    let directories: Vec<_> = (0..3).map(|_| installation.another()).collect();
    let starting: Vec<_> = directories
        .iter()
        .map(|directory| directory.path().to_owned())
        .map(|path| tokio::task::spawn_blocking(move || Server::start(&path)))
        .collect();
    let mut migrated = 0;
    for server in starting {
        let server = server.await.unwrap();
        server.terminate();
        let (status, log) = server.wait();
        assert!(status.success(), "{log}");
        migrated += log.matches("migrated the database").count();
    }
    assert_eq!(migrated, 1);
}

#[tokio::test]
async fn a_secret_key_is_made_by_migrate_alone_and_only_before_there_are_users() {
    let installation = Installation::empty().await;
    let path = installation.path();
    let key = path.join("secret.key");
    std::fs::remove_file(&key).unwrap();
    let said = refused(&["status"], path);
    assert!(said.contains("has not been migrated: run `sessrum migrate`"), "{said}");
    let said = refused(&["serve", "--listen", "127.0.0.1:0"], path);
    let wanted = "secret.key is missing: restore it, or copy that of another instance";
    assert!(said.contains(wanted) && !key.exists(), "{said}");
    run(&["migrate"], path);
    let made = std::fs::read(&key).unwrap();
    run(&["user", "add", "ada", "--email", "ada@example.org", "--password-stdin"], path);
    std::fs::remove_file(&key).unwrap();
    let said = refused(&["migrate"], path);
    assert!(said.contains(wanted) && !key.exists(), "{said}");
    std::fs::write(&key, made).unwrap();
    run(&["status"], path);
}

#[test]
fn without_a_secret_key_postgresql_is_refused_and_says_how_to_make_one() {
    let directory = tempfile::tempdir().unwrap();
    let url = "postgres://sessrum:hunter2@db.example/sessrum";
    std::fs::write(directory.path().join("sessrum.toml"), format!("database_url = \"{url}\""))
        .unwrap();
    for command in [&["serve"][..], &["migrate"], &["config", "check"]] {
        let said = refused(command, directory.path());
        assert!(said.contains("secret_key must be given with PostgreSQL"), "{said}");
        assert!(said.contains("openssl rand -base64 32") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn the_configuration_of_postgresql_is_printed_without_its_passwords() {
    let directory = tempfile::tempdir().unwrap();
    configure(directory.path(), "postgres://sessrum:hunter2@db.example/sessrum?sslmode=require");
    let mut command = sessrum(&["config", "print"]);
    command
        .current_dir(directory.path())
        .env("SESSRUM_DATABASE__DIRECT_URL", "postgres://sessrum:hunter2@db.example:6432/sessrum")
        .env("SESSRUM_DATABASE__POOL_SIZE", "4")
        .env("SESSRUM_DATABASE__PREPARED_STATEMENTS", "false");
    let printed = String::from_utf8(command.output().unwrap().stdout).unwrap();
    for line in [
        "database_url = \"postgres://sessrum:(hidden)@db.example/sessrum?sslmode=require\"",
        "direct_url = \"postgres://sessrum:(hidden)@db.example:6432/sessrum\"",
        "pool_size = 4",
        "prepared_statements = false",
        "statement_timeout = \"5s\"",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line}: {printed}");
    }
}
