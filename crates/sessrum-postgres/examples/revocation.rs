//! How soon the end of a session is seen on another instance, and what waiting for that costs, in
//! milliseconds:
//!
//! ```sh
//! cargo run --release -p sessrum-postgres --example revocation
//! ```
//!
//! It starts a PostgreSQL of its own, whose commits go to the disk.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what cannot be measured is not gone on with"
)]

#[path = "../tests/instances/support.rs"]
#[expect(dead_code, reason = "tests need more of it")]
mod support;

use std::time::Duration;

use sessrum_postgres::{PostgresOptions, Revocation};
use sessrum_testbed::{Options, Postgres, TcpProxy};
use support::{Instance, Site, time};

const REPEATS: usize = 500;
const CUTS: usize = 20;

#[tokio::main]
async fn main() {
    let postgres = Postgres::start(Options::default()).await;
    let site = Site::over(&postgres).await;
    let lease = |options: &mut PostgresOptions| options.lease = Duration::from_secs(2);

    let (here, there) = (site.instance(lease).await, site.instance(lease).await);
    let mut ended = Vec::new();
    let mut seen = Vec::new();
    for _ in 0..REPEATS {
        let (took, until_seen) = end_and_see(&site, &here, &there).await;
        ended.push(took);
        seen.push(until_seen);
    }
    print("an end is acknowledged, revocation = notify", ended);
    print("… and seen on another instance after", seen);

    let waiting = site
        .instance(|options| {
            lease(options);
            options.revocation = Revocation::Barrier;
        })
        .await;
    let mut ended = Vec::new();
    for _ in 0..REPEATS {
        let (took, _) = end_and_see(&site, &waiting, &there).await;
        ended.push(took);
    }
    print("an end is acknowledged, revocation = barrier", ended);

    let mut closed = Vec::new();
    let mut heard_again = Vec::new();
    for _ in 0..CUTS {
        let mut proxy = TcpProxy::start(postgres.address()).await;
        let url = site.database.url_through(proxy.address());
        let deaf = site
            .instance(|options| {
                lease(options);
                options.direct_url = Some(url);
            })
            .await;
        proxy.refuse().await;
        proxy.cut().await;
        closed.push(time(sessrum_testbed::until(async || !deaf.hears())).await);
        proxy.accept().await;
        heard_again.push(time(deaf.until_it_hears()).await);
        deaf.store.close().await;
    }
    print("the feed is cut: nothing that was read is gone by after (lease 2 s)", closed);
    print("… and the cache is used again after the feed is back", heard_again);
}

/// Ends a session that both have in their caches: how long that takes, and how much longer it is until
/// the other does not let it in.
async fn end_and_see(site: &Site, here: &Instance, there: &Instance) -> (Duration, Duration) {
    let browser = here.sign_in(&site.user).await;
    site.until_others_have_heard().await;
    here.remembers(&browser).await;
    there.remembers(&browser).await;
    let took = time(here.end(&browser)).await;
    let seen = async {
        while there.lets_in(&browser).await {
            tokio::task::yield_now().await;
        }
    };
    (took, time(seen).await)
}

#[expect(clippy::print_stdout, clippy::indexing_slicing, reason = "this is what it is for")]
fn print(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    println!("{what}: p50 {:.2}, p99 {:.2}, longest {:.2}", at(50), at(99), at(100));
}
