//! People who are signed in while many others sign in.

use std::io::Write as _;
use std::sync::Arc;

use sessrum_core::{Clock as _, OsRandom, PasswordHasher, SystemClock};
use tokio::task::JoinSet;

use crate::bench::{Bench, IN_USE};
use crate::installation::{Filling, Installation, Kept, PASSWORD, username};
use crate::load::Load;
use crate::report::Table;
use crate::server::Server;

/// Who signs in at once.
const CLIENTS: usize = 64;

/// How long those who are signed in wait, and how many sign in.
pub async fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let name = "Sessrum on SQLite";
    bench.say(format!("filling {name}"));
    let installation = Installation::make(bench, Kept::Sqlite, Filling::of(IN_USE), "").await?;
    let cookies = installation.write_cookies("cookies", 1..=IN_USE / 2)?;
    let logins = installation.directory.join("logins");
    let mut file = std::fs::File::create(&logins)?;
    // Others than those who are signed in: nobody's session is to end for another.
    for key in IN_USE / 20 + 1..=IN_USE / 10 {
        let username = username(key);
        let body = format!("{{\"username\":\"{username}\",\"password\":\"{PASSWORD}\"}}");
        writeln!(file, "{username}\t\t\t{body}")?;
    }
    let server = Server::sessrum(bench, name, &installation, &cookies, &[]).await?;
    server.check().await?;

    let turn = 2 * bench.scale.turn;
    let title = format!("Signed-in GET while {CLIENTS} clients sign in");
    let mut waits = Table::new("login_storm", title, "ms, p99");
    let mut logged_in = Table::new("logins", "Sign-ins with a password", "sign-ins/s");
    for round in 1..=bench.scale.rounds {
        bench.say(format!("login storm, round {round} of {}", bench.scale.rounds));
        logged_in.add("Argon2id alone", argon2(bench, &installation).await?);
        let asked = Load { connections: 8, pause: 5, ..Load::of(&server, turn) };
        waits.add("without", asked.run(bench).await?.p99());
        let storm = Load {
            path: "/api/login",
            requests: &logins,
            connections: CLIENTS,
            ..Load::of(&server, turn)
        };
        let (asked, storm) = tokio::try_join!(asked.run(bench), storm.run(bench))?;
        waits.add("during the storm", asked.p99());
        logged_in.add(name, storm.requests_per_second());
    }
    waits.at_most("during the storm", 3.0, "without");
    logged_in.at_least(name, 0.9, "Argon2id alone");
    logged_in.note(format!(
        "With {} KiB and {} passes, {} at once.",
        installation.config.password_cost.memory_kib,
        installation.config.password_cost.passes,
        installation.config.passwords_at_once
    ));
    Ok(vec![waits, logged_in])
}

/// How many passwords are checked in a second, as many at once as the server does.
async fn argon2(bench: &Bench, installation: &Installation) -> anyhow::Result<f64> {
    let config = &installation.config;
    let at_once = config.passwords_at_once;
    let hasher = PasswordHasher::new(config.password_cost, at_once, Arc::new(OsRandom))?;
    let (hasher, turn) = (Arc::new(hasher), bench.scale.turn);
    let stored = hasher.hash(PASSWORD).await?;
    let (begun_at, before) = (SystemClock.uptime(), hasher.hashed());
    let mut callers = JoinSet::new();
    // One more, so that somebody always waits for a turn.
    for _ in 0..=at_once {
        let (hasher, stored) = (Arc::clone(&hasher), stored.clone());
        callers.spawn(async move {
            while SystemClock.uptime() - begun_at < turn {
                hasher.verify(PASSWORD, Some(&stored)).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    let elapsed = SystemClock.uptime() - begun_at;
    Ok((hasher.hashed() - before) as f64 / elapsed.as_secs_f64())
}
