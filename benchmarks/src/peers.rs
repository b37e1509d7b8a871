//! Other session systems, each with as many sessions as it is asked for.

use std::process::Stdio;

use sessrum_testbed::Port;
use tokio::process::Command;

use crate::bench::Bench;
use crate::server::Server;

const NOT_BUILT: &str = "it is not built";

/// A handler without sessions.
pub const BARE: &str = "bare axum";

/// tower-sessions, on what it keeps sessions in.
#[derive(Clone, Copy)]
pub enum Tower {
    Sqlite,
    Postgres,
    /// SQLite behind its cache.
    Moka,
}

impl Tower {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "tower-sessions on SQLite",
            Self::Postgres => "tower-sessions on PostgreSQL",
            Self::Moka => "tower-sessions on SQLite with Moka",
        }
    }

    const fn store(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Moka => "moka",
        }
    }

    /// A new database for it, and how it is told of it.
    pub async fn arguments(self, bench: &mut Bench) -> anyhow::Result<Vec<String>> {
        let database = match self {
            Self::Postgres => bench.postgres.database().await.url(),
            Self::Sqlite | Self::Moka => bench.place()?.join("database").display().to_string(),
        };
        Ok(["--store", self.store(), "--database", &database].map(str::to_owned).into())
    }

    /// Starts it, if it is there.
    pub async fn start(self, bench: &mut Bench, sessions: usize) -> anyhow::Result<Option<Server>> {
        let arguments = self.arguments(bench).await?;
        start(bench, self.name(), "tower_sessions", &arguments, sessions).await
    }
}

/// Starts a handler without sessions, if it is there.
pub async fn bare(bench: &mut Bench, sessions: usize) -> anyhow::Result<Option<Server>> {
    start(bench, BARE, "bare_axum", &[], sessions).await
}

/// Starts `axum_session` on SQLite, if it is there.
pub async fn axum_session(bench: &mut Bench, sessions: usize) -> anyhow::Result<Option<Server>> {
    let database = bench.place()?.join("database").display().to_string();
    let arguments = ["--database".to_owned(), database];
    start(bench, "axum_session on SQLite", "axum_session", &arguments, sessions).await
}

/// Starts actix-session on a Redis of its own, if both are there.
pub async fn actix_session(bench: &mut Bench, sessions: usize) -> anyhow::Result<Option<Server>> {
    const NAME: &str = "actix-session on Redis";
    let port = Port::free();
    let port = port.address().port().to_string();
    let mut redis = Command::new("redis-server");
    redis
        .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--dir"])
        .arg(bench.place()?)
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let Ok(redis) = redis.spawn() else {
        bench.leave_out(NAME, "redis-server is not installed");
        return Ok(None);
    };
    let arguments = ["--database".to_owned(), format!("redis://127.0.0.1:{port}")];
    let server = start(bench, NAME, "actix_session", &arguments, sessions).await?;
    Ok(server.map(|server| server.on(redis)))
}

/// Starts Flask-Session on SQLite under gunicorn, if it is there.
pub async fn flask_session(bench: &mut Bench, sessions: usize) -> anyhow::Result<Option<Server>> {
    const NAME: &str = "Flask-Session on SQLite";
    let Some(python) = bench.program("flask/bin/python") else {
        bench.leave_out(NAME, NOT_BUILT);
        return Ok(None);
    };
    let place = bench.place()?;
    let cookies = place.join("cookies");
    let application = concat!(env!("CARGO_MANIFEST_DIR"), "/flask");
    let mut command = Command::new(python);
    command.arg("serve.py").arg(sessions.to_string()).arg(&cookies).current_dir(application);
    command.env("DATABASE", place.join("database"));
    bench.say(format!("filling {NAME}"));
    Server::peer(NAME, &mut command, &cookies).await.map(Some)
}

async fn start(
    bench: &mut Bench,
    name: &str,
    program: &str,
    arguments: &[String],
    sessions: usize,
) -> anyhow::Result<Option<Server>> {
    let Some(program) = bench.program(program) else {
        bench.leave_out(name, NOT_BUILT);
        return Ok(None);
    };
    let cookies = bench.place()?.join("cookies");
    let mut command = Command::new(program);
    command.args(["--sessions", &sessions.to_string(), "--cookies"]).arg(&cookies).args(arguments);
    bench.say(format!("filling {name}"));
    Server::peer(name, &mut command, &cookies).await.map(Some)
}
