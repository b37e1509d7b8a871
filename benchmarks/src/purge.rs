//! People who are signed in while many sessions are ended and removed.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;
use serde_json::Value;

use crate::administrator::Administrator;
use crate::bench::{Bench, IN_USE};
use crate::installation::{Filling, Installation, Kept, cookie, csrf_token, owner, username};
use crate::load::Load;
use crate::report::Table;
use crate::server::Server;

/// What is looked at by itself.
const WINDOW: Duration = Duration::from_secs(1);

/// Browsers that switch the platform, each after the other.
const SWITCHING: usize = 64;

/// How long they wait, and how many changes come in while nothing is ended.
pub async fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let expired = bench.scale.expired;
    let title = format!("Signed-in GET while {expired} sessions are ended, then purged");
    let mut waits = Table::new("purge", title, "ms, p99");
    let mut writes = Table::new("purge_writes", "Switches meanwhile", "switches/s");
    for (kept, database) in [(Kept::Sqlite, "SQLite"), (Kept::Postgres, "PostgreSQL")] {
        let name = format!("Sessrum on {database}");
        bench.say(format!("filling {name}"));
        let filling = Filling { expired, ..Filling::of(IN_USE) };
        // What is ended is purged by the next clean-up.
        let settings = "session.keep_ended_for = \"0s\"";
        let installation = Installation::make(bench, kept, filling, settings).await?;
        let cookies = installation.write_cookies("cookies", 1..=IN_USE)?;
        let switches = write_switches(&installation, filling)?;
        let server = Server::sessrum(bench, &name, &installation, &cookies, &[]).await?;
        server.check().await?;
        let administrator = Administrator::sign_in(&server).await?;

        let read = Load { connections: 8, pause: 5, ..Load::of(&server, WINDOW) };
        let write = Load {
            path: "/api/session/platform",
            requests: &switches,
            pause: 20,
            connections: 4,
            ..Load::of(&server, WINDOW)
        };
        let mut window = async |bench: &Bench, phase: &str| {
            bench.say(format!("purge: {name}, {phase}"));
            let (read, written) = tokio::try_join!(read.run(bench), write.run(bench))?;
            let row = format!("{name}, {phase}");
            waits.add(&row, read.p99());
            writes.add(&row, written.requests_per_second());
            anyhow::Ok(())
        };
        for _ in 0..bench.scale.rounds {
            window(bench, "before").await?;
        }
        for (phase, counted) in [("ending", "expired"), ("purging", "purged")] {
            let mut cleaning = std::pin::pin!(administrator.post("/api/admin/cleanup"));
            let cleaned: Value = loop {
                tokio::select! {
                    biased;
                    cleaned = &mut cleaning => break cleaned?,
                    measured = window(bench, phase) => measured?,
                }
            };
            ensure!(cleaned[counted] == expired, "{name}: {cleaned} were cleaned up");
        }
        for phase in ["ending", "purging"] {
            let (row, before) = (format!("{name}, {phase}"), format!("{name}, before"));
            waits.at_most(&row, 1.5, &before);
            writes.at_least(&row, 0.5, &before);
        }
    }
    waits.note("Values are of a second each; eight connections ask some 1,500 times in it.");
    Ok(vec![waits, writes])
}

/// Each browser switches to and fro.
fn write_switches(installation: &Installation, filling: Filling) -> anyhow::Result<PathBuf> {
    let path = installation.directory.join("switches");
    let mut file = std::fs::File::create(&path)?;
    for to_first in [0, 1] {
        // One of each user's sessions.
        for number in (1..).step_by(filling.of_each).take(SWITCHING) {
            let owner = owner(number, filling);
            let (cookie, token) = (cookie(number), csrf_token(number)?);
            let platform = 2 * owner - to_first;
            let body = format!("{{\"platform_id\":{platform}}}");
            writeln!(file, "{}\t{cookie}\t{token}\t{body}", username(owner))?;
        }
    }
    Ok(path)
}
