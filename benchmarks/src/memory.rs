//! What a cached session takes of memory.

use crate::bench::Bench;
use crate::installation::{Filling, Installation, Kept};
use crate::load::Load;
use crate::report::Table;
use crate::server::Server;

/// As many as the cache holds.
const SESSIONS: usize = 80_000;

/// What a server that keeps sessions has more of memory than one that keeps none, after the same
/// requests.
pub async fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    bench.say("filling Sessrum on SQLite");
    let installation = Installation::make(bench, Kept::Sqlite, Filling::of(SESSIONS), "").await?;
    let cookies = installation.write_cookies("cookies", 1..=SESSIONS)?;
    let mut grown = Vec::new();
    for (name, environment) in
        [("with its cache", &[][..]), ("without a cache", &[("SESSRUM_CACHE__BYTES", "0")])]
    {
        bench.say(format!("memory: {name}"));
        let server = Server::sessrum(bench, name, &installation, &cookies, environment).await?;
        server.check().await?;
        let before = server.memory()?;
        let mut first = 0;
        while first < SESSIONS {
            let load = Load { first, ..Load::of(&server, bench.scale.turn) };
            first += load.run(bench).await?.requests();
        }
        grown.push(server.memory()? - before);
    }
    let mut table = Table::new("memory", "Memory of a cached session", "bytes");
    let name = "Sessrum on SQLite";
    table.add(name, (grown[0] - grown[1]) / SESSIONS as f64);
    table.below(name, 600.0);
    table.note(format!(
        "Of {SESSIONS} sessions with a user agent, a user and a platform: what a server has more \
         resident than one without a cache after the same requests."
    ));
    Ok(vec![table])
}
