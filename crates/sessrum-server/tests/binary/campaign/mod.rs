//! Three instances behind nginx over one PostgreSQL, used by many, while everything breaks that can.
//!
//! The storm goes on until each thing has broken once, and for longer where it is asked to; what is
//! chosen at random follows from a seed:
//!
//! ```sh
//! SESSRUM_CAMPAIGN_SECONDS=600 SESSRUM_CAMPAIGN_SEED=7 \
//!     cargo test -p sessrum-server --test binary campaign -- --nocapture --test-threads 1
//! ```

mod answers;
mod disturbances;
mod doubts;
mod known;
mod site;
mod verdict;
mod visitor;
mod world;

use std::sync::Arc;
use std::time::Duration;

use sessrum_core::{Clock as _, Random as _, SeededRandom, SystemClock};

use disturbances::Disturbance;
use site::{LEASE, Site};
use world::World;

const VISITORS: usize = 12;
const DOUBTERS: usize = 4;
/// Changes between two disturbances.
const CALM: usize = 60;

/// Security: 7.4.1, 7.4.2, 16.5.3, abuse 27
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_breaks_nothing_is_lost_and_an_end_holds_within_the_lease() {
    campaign("notify", LEASE).await;
}

/// Security: 7.4.1, 7.4.2, 16.5.3, abuse 27
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_breaks_nothing_is_lost_and_behind_the_barrier_an_end_holds_at_once() {
    campaign("barrier", Duration::ZERO).await;
}

async fn campaign(revocation: &'static str, bound: Duration) {
    let seed = asked("SESSRUM_CAMPAIGN_SEED").unwrap_or(1);
    let lasts = Duration::from_secs(asked("SESSRUM_CAMPAIGN_SECONDS").unwrap_or(0));
    println!("revocation = {revocation}, seed {seed}");
    let mut site = Site::start(revocation, VISITORS + 1).await;
    let world = Arc::new(World::new(&site, bound, VISITORS).await);
    let random = SeededRandom::new(seed);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..VISITORS {
        tasks.spawn(visitor::visit(Arc::clone(&world), number, fork(&random)));
    }
    for _ in 0..DOUBTERS {
        tasks.spawn(doubts::doubt(Arc::clone(&world), fork(&random)));
    }
    let begun_at = SystemClock.uptime();
    world.until_more_changes(CALM).await;
    loop {
        let mut left = Disturbance::ALL.to_vec();
        while !left.is_empty() {
            let next = left.swap_remove(below(&random, left.len()));
            next.befall(&mut site, &world, &random).await;
            world.until_more_changes(CALM).await;
        }
        if SystemClock.uptime().saturating_sub(begun_at) >= lasts {
            break;
        }
    }
    world.end();
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    verdict::pass(site, &world).await;
}

/// A number that the environment asks for.
#[expect(clippy::disallowed_methods, reason = "it says how the campaign is made")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().unwrap())
}

/// Another sequence that follows from this one.
fn fork(random: &SeededRandom) -> SeededRandom {
    let mut bytes = [0; 8];
    random.fill(&mut bytes).unwrap();
    SeededRandom::new(u64::from_le_bytes(bytes))
}

/// A number below a limit.
fn below(random: &SeededRandom, limit: usize) -> usize {
    let mut bytes = [0; 4];
    random.fill(&mut bytes).unwrap();
    u32::from_le_bytes(bytes) as usize % limit
}
