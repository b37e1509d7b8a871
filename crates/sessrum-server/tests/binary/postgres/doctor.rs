//! What the doctor finds of a server and of the ways there.

use serde_json::Value;
use sessrum_testbed::PgBouncer;

use super::{Installation, configure};
use crate::process::{Server, run_with_input, sessrum};

/// The state and the message of each check, by its name.
struct Found(Value);

impl Found {
    fn with(installation: &Installation, environment: &[(&str, &str)]) -> Self {
        let mut command = sessrum(&["doctor", "--json"]);
        command.current_dir(installation.path()).envs(environment.iter().copied());
        let output = command.output().unwrap();
        let talk = String::from_utf8(output.stderr).unwrap();
        Self(serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{talk}")))
    }

    fn check(&self, name: &str) -> &Value {
        let mut checks = self.0.as_array().unwrap().iter();
        let check = checks.find(|check| check["name"] == name);
        check.unwrap_or_else(|| panic!("no check of the {name}: {}", self.0))
    }

    /// How many instances are at work; each takes so many connections at most.
    fn counts_connections(&self, of_each: u32) -> u32 {
        let message = self.check("connections")["message"].as_str().unwrap();
        let (_, counts) = message.split_once(", and ").unwrap();
        let (instances, needed) =
            counts.split_once(" instance(s) at work and one more take up to ").unwrap();
        let instances = instances.parse().unwrap();
        assert_eq!(needed, format!("{}.", of_each * (instances + 1)), "{message}");
        instances
    }

    #[track_caller]
    fn is(&self, name: &str, state: &str, message: &str) {
        let check = self.check(name);
        assert_eq!(check["state"], state, "{check}");
        assert!(check["message"].as_str().unwrap().contains(message), "{check}");
    }
}

fn direct_url(url: &str) -> (&str, &str) {
    ("SESSRUM_DATABASE__DIRECT_URL", url)
}

#[tokio::test]
async fn a_server_that_may_forget_is_told() {
    let installation = Installation::new().await;
    let found = Found::with(&installation, &[]);
    found.is("secret key", "ok", "Only its owner can read secret.key");
    found.is("database", "ok", "up to date");
    found.is("server", "ok", "It is PostgreSQL ");
    // The tests' own server.
    found.is("durability", "failed", "Set `fsync = on`");
    found.is("pooler", "ok", "None");
    found.counts_connections(20);
    found.is("clock", "ok", "agrees");
    found.is("audit trail", "ok", "All 4 events");
    found.is("forgotten users", "ok", "Nothing is left");
    let _server = Server::start(installation.path());
    // It enters the list of instances by itself.
    while Found::with(&installation, &[]).counts_connections(20) == 0 {}
    let found = Found::with(&installation, &[("SESSRUM_DATABASE__POOL_SIZE", "1000")]);
    found.is("connections", "warning", "`max_connections`");
    assert_eq!(run_with_input(&["doctor"], installation.path(), "").status.code(), Some(1));
}

#[tokio::test]
async fn a_pooler_that_lends_by_transaction_needs_two_settings() {
    let installation = Installation::new().await;
    let database = &installation.database;
    let bouncer = PgBouncer::start(database.address(), &[]).await;
    configure(installation.path(), &database.url_through(bouncer.address()));
    let (direct, pooled) = (database.url(), database.url_through(bouncer.address()));
    let prepared = ("SESSRUM_DATABASE__PREPARED_STATEMENTS", "false");
    let found = Found::with(&installation, &[]);
    found.is("pooler", "failed", "set `prepared_statements = false`");
    found.is("pooler", "failed", "name the server itself in `direct_url`");
    Found::with(&installation, &[direct_url(&direct)]).is(
        "pooler",
        "failed",
        "set `prepared_statements = false`",
    );
    Found::with(&installation, &[prepared]).is("pooler", "failed", "name the server itself in `di");
    let found = Found::with(&installation, &[prepared, direct_url(&pooled)]);
    found.is("direct URL", "failed", "leads through a pooler");
    let found = Found::with(&installation, &[prepared, direct_url(&direct)]);
    found.is("pooler", "ok", "lends connections by transaction");
    found.is("direct URL", "ok", "leads to the same database");
    found.counts_connections(3);
    found.is("database", "ok", "up to date");
}

#[tokio::test]
async fn a_direct_url_of_something_else_is_told() {
    let installation = Installation::new().await;
    let other = Installation::empty().await.database;
    let url = other.url();
    let found = Found::with(&installation, &[direct_url(&url)]);
    found.is("direct URL", "failed", "leads to another database");
    let nowhere = "postgres://sessrum:hunter2@127.0.0.1:1/sessrum";
    let found = Found::with(&installation, &[direct_url(nowhere)]);
    found.is("server", "failed", "database sessrum at 127.0.0.1:1 cannot be reached");
    assert!(!found.0.to_string().contains("hunter2"), "{}", found.0);
}
