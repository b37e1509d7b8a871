//! What it costs that there are many sessions: to ask for one, and to start.

use std::time::Duration;

use anyhow::ensure;
use sessrum_core::{Clock as _, SystemClock};

use crate::bench::Bench;
use crate::cold::{SMALL_CACHE, spread};
use crate::installation::{Filling, Installation, Kept};
use crate::load::Load;
use crate::report::Table;
use crate::server::{Server, client};

const FEW: usize = 1_000;

/// Before each turn, so that the cache is filled.
const WARMING: Duration = Duration::from_secs(1);

/// What a request costs beside few sessions and beside many, and how long a start takes.
pub async fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let most = bench.scale.most;
    let mut requests = Table::new("growth", "Signed-in GET as sessions grow", "µs/request");
    let mut start = Table::new("start", format!("Start with {most} sessions"), "s");
    for (kept, database) in [(Kept::Sqlite, "SQLite"), (Kept::Postgres, "PostgreSQL")] {
        let mut servers = Vec::new();
        let mut most_filled = None;
        for sessions in [FEW, most] {
            bench.say(format!("filling {database} with {sessions} sessions"));
            let installation = Installation::make(bench, kept, Filling::of(sessions), "").await?;
            let few = installation.write_cookies("few", spread(sessions).take(FEW))?;
            let many = installation.write_cookies("many", spread(sessions))?;
            for (kind, cookies, environment) in
                [("hot", &few, &[][..]), ("cold", &many, SMALL_CACHE)]
            {
                let name = format!("Sessrum on {database}, {kind}, {sessions} sessions");
                let server =
                    Server::sessrum(bench, &name, &installation, cookies, environment).await?;
                server.check().await?;
                servers.push((server, environment));
            }
            most_filled = Some((installation, few));
        }
        for round in 1..=bench.scale.rounds {
            for (server, environment) in &servers {
                let Server { name, .. } = server;
                bench.say(format!("growth, round {round} of {}: {name}", bench.scale.rounds));
                if environment.is_empty() {
                    Load::of(server, WARMING).run(bench).await?;
                }
                let outcome = Load::of(server, bench.scale.turn).run(bench).await?;
                requests.add(name, 1e6 / outcome.requests_per_second());
            }
        }
        let row = |kind: &str, sessions: usize| {
            format!("Sessrum on {database}, {kind}, {sessions} sessions")
        };
        requests.at_most(&row("hot", most), 1.1, &row("hot", FEW));
        requests.at_most(&row("cold", most), 2.0, &row("cold", FEW));

        drop(servers);
        let Some((installation, cookies)) = most_filled else { continue };
        let name = format!("Sessrum on {database}");
        for _ in 0..bench.scale.rounds {
            bench.say(format!("start: {name}"));
            let begun_at = SystemClock.uptime();
            let server = Server::sessrum(bench, &name, &installation, &cookies, &[]).await?;
            let cookie = crate::installation::cookie(most / 2);
            let address = format!("{}{}", server.url, server.path);
            let answer = client()?.get(address).header("cookie", cookie).send().await?;
            ensure!(answer.status() == 200, "{name}: {}", answer.status());
            start.add(&name, (SystemClock.uptime() - begun_at).as_secs_f64());
        }
        start.below(&name, 1.0);
    }
    start.note("From the start of the process to the first answer about a session.");
    Ok(vec![requests, start])
}
