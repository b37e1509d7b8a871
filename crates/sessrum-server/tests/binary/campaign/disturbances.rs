//! What breaks, and how long it takes until all is well again.

use std::str::FromStr as _;
use std::time::Duration;

use serde_json::json;
use sessrum_core::{Clock as _, SeededRandom, SystemClock};
use sessrum_testbed::{Way, until};
use tokio_postgres::{Client, Config, NoTls};

use super::answers::Away;
use super::site::{LEASE, Site};
use super::world::World;
use super::{CALM, below};

/// Requests that are refused while the database is away.
const REFUSALS: usize = 100;

#[derive(Clone, Copy, Debug)]
pub(super) enum Disturbance {
    /// A server is killed, and started again.
    Killed,
    /// PostgreSQL is stopped or crashes, and is started again.
    Restarted,
    /// One server cannot listen any more, or hears nothing.
    Deaf,
    /// A server stands still, and goes on.
    Frozen,
    /// Somebody else has all connections.
    Crowded,
}

impl Disturbance {
    pub(super) const ALL: [Self; 5] =
        [Self::Killed, Self::Restarted, Self::Deaf, Self::Frozen, Self::Crowded];

    /// Breaks something while requests go on, and makes it whole.
    pub(super) async fn befall(self, site: &mut Site, world: &World, random: &SeededRandom) {
        match self {
            Self::Killed => kill(site, world, random).await,
            Self::Restarted => restart(site, world, random).await,
            Self::Deaf => deafen(site, world, random).await,
            Self::Frozen => freeze(site, random).await,
            Self::Crowded => crowd(site, world).await,
        }
    }
}

async fn kill(site: &mut Site, world: &World, random: &SeededRandom) {
    let instance = below(random, site.instances.len());
    world.answers.goes_away(Away::Server);
    site.instances[instance].kill();
    world.until_more_changes(CALM).await;
    site.instances[instance].start();
    recover("a server that was killed", world).await;
}

async fn restart(site: &mut Site, world: &World, random: &SeededRandom) {
    world.answers.goes_away(Away::Database);
    match below(random, 2) {
        0 => site.postgres.stop().await,
        _ => site.postgres.crash().await,
    }
    world.until_more_are_refused(REFUSALS).await;
    site.postgres.start_again().await;
    recover("PostgreSQL that was away", world).await;
}

/// Nobody else notices.
async fn deafen(site: &mut Site, world: &World, random: &SeededRandom) {
    let is_cut = below(random, 2) == 0;
    if is_cut {
        site.proxy.refuse().await;
        site.proxy.cut().await;
    } else {
        site.proxy.stall(Way::ToServer);
        site.proxy.stall(Way::ToClient);
    }
    // Longer than whoever listens counts on what it has heard.
    let until_then = SystemClock.uptime() + 2 * LEASE;
    world.until_more_changes(CALM).await;
    until(async || SystemClock.uptime() > until_then).await;
    if is_cut {
        site.proxy.accept().await;
    } else {
        site.proxy.resume(Way::ToServer);
        site.proxy.resume(Way::ToClient);
    }
    println!("a server that heard nothing for two leases (cut: {is_cut}) hears again");
}

/// Whoever asks it waits. Sessions that it has in its memory end meanwhile.
async fn freeze(site: &Site, random: &SeededRandom) {
    let instance = &site.instances[below(random, site.instances.len())];
    instance.freeze();
    // Longer than its lease, and shorter than PostgreSQL waits for who stands still in a transaction.
    let until_then = SystemClock.uptime() + LEASE * 3 / 2;
    until(async || SystemClock.uptime() > until_then).await;
    instance.thaw();
    println!("a server that stood still for longer than its lease goes on");
}

async fn crowd(site: &Site, world: &World) {
    const NAME: &str = "crowd";
    let mut config = Config::from_str(&site.database.url()).unwrap();
    config.application_name(NAME);
    world.answers.goes_away(Away::Database);
    let mut crowd: Vec<Client> = Vec::new();
    let enough = world.refusals() + REFUSALS;
    while world.refusals() < enough {
        if let Ok((client, connection)) = config.connect(NoTls).await {
            tokio::spawn(connection);
            crowd.push(client);
        } else {
            // There is no room left: others have to go.
            let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                WHERE usename = current_user AND application_name <> $1";
            crowd[0].execute(others, &[&NAME]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    drop(crowd);
    recover("connections that others had", world).await;
}

/// Waits until every server reads and writes, and knows who stays.
async fn recover(what: &str, world: &World) {
    let whole_at = SystemClock.uptime();
    for instance in &world.instances {
        until(async || {
            let canary = world.canary.past_the_proxy(instance);
            let switch = json!({"platform_id": world.canarys_platform()});
            let reads = canary.get("/api/session/state").await;
            let writes = canary.post("/api/session/platform", switch).await;
            [reads, writes].iter().flatten().filter(|answer| answer.status() == 200).count() == 2
        })
        .await;
    }
    let since = || SystemClock.uptime().saturating_sub(whole_at);
    let (away, works_after) = (world.answers.is_back(), since());
    for instance in &world.instances {
        until(async || {
            let ready = world.http.get(format!("{instance}/readyz")).send().await;
            ready.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
    }
    let ready_after = since();
    println!(
        "{what}: away for {away:.1?}; {works_after:.1?} after it is back every server reads and \
         writes, and {ready_after:.1?} after says that it is ready"
    );
}
