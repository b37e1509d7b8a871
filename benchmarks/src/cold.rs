//! Signed-in requests of browsers that were not there lately: each look-up asks the database.

use crate::bench::Bench;
use crate::installation::{Filling, Installation, Kept};
use crate::load::Load;
use crate::peers::Tower;
use crate::report::Table;
use crate::server::Server;

/// For some twenty sessions, of which each is asked for again when they all have been.
pub const SMALL_CACHE: &[(&str, &str)] = &[("SESSRUM_CACHE__BYTES", "16384")];

/// How many sessions are asked for, spread over all.
pub const ASKED: usize = 50_000;

/// As many requests as each answers.
pub async fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let sessions = bench.scale.many;
    let mut servers = Vec::new();
    for (kept, name) in
        [(Kept::Sqlite, "Sessrum on SQLite"), (Kept::Postgres, "Sessrum on PostgreSQL")]
    {
        bench.say(format!("filling {name}"));
        let installation = Installation::make(bench, kept, Filling::of(sessions), "").await?;
        let cookies = installation.write_cookies("cookies", spread(sessions))?;
        servers.push(Server::sessrum(bench, name, &installation, &cookies, SMALL_CACHE).await?);
    }
    for tower in [Tower::Sqlite, Tower::Postgres] {
        if let Some(server) = tower.start(bench, sessions).await? {
            let cookies = std::fs::read_to_string(&server.cookies)?;
            let lines: Vec<_> = cookies.lines().collect();
            let asked: Vec<_> = spread(lines.len()).map(|number| lines[number - 1]).collect();
            std::fs::write(&server.cookies, asked.join("\n"))?;
            servers.push(server);
        }
    }
    for server in &servers {
        server.check().await?;
    }

    let title = format!("Signed-in GET, each from the database, {sessions} sessions");
    let mut table = Table::new("cold", title, "requests/s");
    for round in 1..=bench.scale.rounds {
        for server in &servers {
            bench.say(format!("cold, round {round} of {}: {}", bench.scale.rounds, server.name));
            let first = round * ASKED / bench.scale.rounds;
            let load = Load { first, ..Load::of(server, bench.scale.turn) };
            table.add(&server.name, load.run(bench).await?.requests_per_second());
        }
    }
    table.at_least("Sessrum on SQLite", 1.3, Tower::Sqlite.name());
    table.at_least("Sessrum on PostgreSQL", 1.3, Tower::Postgres.name());
    Ok(vec![table])
}

/// Numbers of sessions all over the table, in no order that it has: steps of the golden ratio.
pub fn spread(sessions: usize) -> impl Iterator<Item = usize> {
    (1..=ASKED.min(sessions)).map(move |step| {
        let part = (step as f64 * 0.618_033_988_749_895).fract();
        (part * sessions as f64) as usize + 1
    })
}
