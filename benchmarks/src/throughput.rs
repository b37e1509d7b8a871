//! Signed-in requests a second.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use sessrum_testbed::Postgres;
use tokio::process::Command;

use crate::Scale;
use crate::installation;
use crate::load::{load, write_script};
use crate::report::Table;
use crate::server::Server;

/// Connections that ask at once.
const CONNECTIONS: usize = 32;

/// Requests of browsers that were there a moment ago.
///
/// # Errors
/// When a server does not start or answers wrongly.
pub async fn hot(
    sessrum: &Path,
    peers: &Path,
    postgres: &Postgres,
    scale: Scale,
) -> anyhow::Result<Table> {
    let directory = tempfile::tempdir()?;
    let script = write_script(directory.path())?;
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
        "{msg:40} {wide_bar} {pos}/{len}",
    )?);
    let databases = (postgres.database().await, postgres.database().await);
    let mut servers = Vec::new();
    bar.set_message("starting bare axum");
    let place = |name: &str| directory.path().join(name);
    let peer = |program: &str, arguments: &[&str], cookies: &Path| {
        let mut command = Command::new(peers.join(program));
        command.args(["--sessions", &scale.sessions.to_string(), "--cookies"]).arg(cookies);
        command.args(arguments);
        command
    };
    let cookies = place("bare");
    servers.push(Server::peer("bare axum", &mut peer("bare_axum", &[], &cookies), cookies).await?);
    for (name, url) in [
        ("Sessrum on SQLite", "sqlite:sessrum.db"),
        ("Sessrum on PostgreSQL", &databases.0.url()),
    ] {
        bar.set_message(format!("filling {name}"));
        let home = place(name);
        std::fs::create_dir(&home)?;
        let cookies = home.join("cookies");
        let url = url.replace("sqlite:", &format!("sqlite://{}/", home.display()));
        installation::make(&home, &url, scale.sessions, &cookies).await?;
        servers.push(Server::sessrum(name, sessrum, &home, cookies).await?);
    }
    for (name, store, database) in [
        ("tower-sessions on SQLite", "sqlite", place("tower.db").display().to_string()),
        ("tower-sessions on PostgreSQL", "postgres", databases.1.url()),
        ("tower-sessions with Moka", "moka", place("moka.db").display().to_string()),
    ] {
        bar.set_message(format!("filling {name}"));
        let cookies = place(&format!("{store}-cookies"));
        let arguments = ["--store", store, "--database", &database];
        let mut command = peer("tower_sessions", &arguments, &cookies);
        servers.push(Server::peer(name, &mut command, cookies).await?);
    }
    let mut table = Table::new("Signed-in GET, hot", "requests/s");
    bar.set_length((servers.len() * scale.rounds) as u64);
    for server in servers.iter().skip(1) {
        server.check().await?;
    }
    for _ in 0..scale.rounds {
        for server in &servers {
            bar.set_message(server.name);
            let outcome =
                load(&script, &server.url, &server.cookies, CONNECTIONS, scale.turn).await?;
            table.add(server.name, outcome.requests_per_second());
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(table)
}
