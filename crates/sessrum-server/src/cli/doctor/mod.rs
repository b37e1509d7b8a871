//! Whether an installation is well. One file is one check; a new one is added in [`run`].

mod audit_trail;
mod credentials;
mod database;
mod database_file;
mod forgotten;
mod postgres;
mod proxies;
mod secret_key;

use anyhow::bail;
use serde::Serialize;

use super::output::{Format, table};
use crate::config::{Config, Database};
use crate::instance::Instance;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warning,
    Failed,
}

/// What a check found.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    /// What was found, and what to do about it.
    message: String,
}

impl Check {
    fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, state: State::Ok, message: message.into() }
    }

    fn warning(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, state: State::Warning, message: message.into() }
    }

    fn failed(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, state: State::Failed, message: message.into() }
    }
}

/// Makes every check that can be made. Where the database does not open the others say nothing of
/// what is in it.
pub(super) async fn run(config: &Config, format: Format) -> anyhow::Result<()> {
    let server = match &config.database {
        Database::Sqlite(_) => Vec::new(),
        // Also when the database does not open: it may tell why. And before: this is no instance.
        Database::Postgres(server) => postgres::checks(server).await,
    };
    let opened = Instance::open_for_command(config).await;
    let mut checks =
        vec![secret_key::check(config), proxies::check(config), database::check(&opened)];
    checks.extend(server);
    // What cannot be reached is told once.
    checks.dedup_by(|check, before| check.message == before.message);
    if let Ok(instance) = opened {
        if let Database::Sqlite(path) = &config.database {
            checks.push(database_file::check(path));
        }
        checks.push(audit_trail::check(&instance).await);
        checks.push(credentials::check(&instance).await);
        checks.push(forgotten::check(&instance).await);
        instance.close().await;
    }
    let failed = checks.iter().filter(|check| check.state == State::Failed).count();
    format.print(&checks, |checks| {
        let row = |check: &Check| {
            let state = match check.state {
                State::Ok => "ok",
                State::Warning => "warning",
                State::Failed => "FAILED",
            };
            [state, check.name, &check.message].map(str::to_owned)
        };
        table(["STATE", "CHECK", "FOUND"], &checks.iter().map(row).collect::<Vec<_>>())
    })?;
    match failed {
        0 => Ok(()),
        failed => bail!("{failed} check(s) failed"),
    }
}
