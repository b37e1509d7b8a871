//! Signed-in requests of browsers that were there a moment ago.

use std::time::Duration;

use crate::bench::{Bench, IN_USE};
use crate::installation::{Filling, Installation, Kept};
use crate::load::Load;
use crate::peers::{self, Tower};
use crate::report::Table;
use crate::server::Server;

/// Before each turn, so that whoever has a cache has it filled.
const WARMING: Duration = Duration::from_secs(1);

/// As many requests as each answers.
pub async fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let bare = peers::bare(bench, IN_USE).await?;
    let mut servers = Vec::new();
    for (kept, name) in
        [(Kept::Sqlite, "Sessrum on SQLite"), (Kept::Postgres, "Sessrum on PostgreSQL")]
    {
        bench.say(format!("filling {name}"));
        let installation = Installation::make(bench, kept, Filling::of(IN_USE), "").await?;
        let cookies = installation.write_cookies("cookies", 1..=IN_USE)?;
        servers.push(Server::sessrum(bench, name, &installation, &cookies, &[]).await?);
    }
    for tower in [Tower::Sqlite, Tower::Postgres, Tower::Moka] {
        servers.extend(tower.start(bench, IN_USE).await?);
    }
    servers.extend(peers::axum_session(bench, IN_USE).await?);
    servers.extend(peers::actix_session(bench, IN_USE).await?);
    servers.extend(peers::flask_session(bench, IN_USE).await?);
    for server in &servers {
        server.check().await?;
    }

    let mut table = Table::new("hot", "Signed-in GET, sessions in use", "requests/s");
    for round in 1..=bench.scale.rounds {
        for server in bare.iter().chain(&servers) {
            bench.say(format!("hot, round {round} of {}: {}", bench.scale.rounds, server.name));
            Load::of(server, WARMING).run(bench).await?;
            let outcome = Load::of(server, bench.scale.turn).run(bench).await?;
            table.add(&server.name, outcome.requests_per_second());
        }
    }
    table.note(
        "All answer with the same JSON of some 640 bytes; Sessrum's answers have its security headers \
         as well. tower-sessions, axum_session and actix-session have what the answer tells in the \
         session, where nothing else could change it; Flask-Session writes each session that it reads.",
    );
    table.at_least("Sessrum on SQLite", 0.9, peers::BARE);
    table.at_least("Sessrum on SQLite", 3.0, Tower::Sqlite.name());
    table.at_least("Sessrum on SQLite", 1.15, Tower::Moka.name());
    table.at_least("Sessrum on PostgreSQL", 5.0, Tower::Postgres.name());
    Ok(vec![table])
}
