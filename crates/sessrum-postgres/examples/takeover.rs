//! How soon another instance has the turn to do jobs when the one that had it is gone, in seconds:
//!
//! ```sh
//! cargo run --release -p sessrum-postgres --example takeover
//! ```
//!
//! It starts a PostgreSQL of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what cannot be measured is not gone on with"
)]

#[path = "../tests/instances/support.rs"]
#[expect(dead_code, reason = "tests need more of it")]
mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use sessrum_core::store::{JobClaim, JobStore as _};
use sessrum_postgres::{PostgresOptions, PostgresStore};
use sessrum_testbed::{Options, Postgres, TcpProxy, Way};
use support::{Instance, Site, sealer, time};

const KILLED: usize = 20;
const VANISHED: usize = 5;

#[tokio::main]
async fn main() {
    if let Some(url) = std::env::args().nth(1) {
        return have_the_turn(&url).await;
    }
    let postgres = Postgres::start(Options::default()).await;
    let site = Site::over(&postgres).await;
    let other = site.instance(|_| {}).await;

    let mut killed = Vec::new();
    for _ in 0..KILLED {
        let mut process = process_with_the_turn(&site);
        process.kill().unwrap();
        killed.push(until_claimed(&other).await);
        process.wait().unwrap();
    }
    print("the process was killed", &mut killed);

    let mut vanished = Vec::new();
    for _ in 0..VANISHED {
        let network = TcpProxy::start(postgres.address()).await;
        let gone = site.listening_through(network.address()).await;
        let claim = gone.store.claim_jobs().await.unwrap().expect("nobody else has it");
        network.stall(Way::ToServer);
        network.stall(Way::ToClient);
        vanished.push(until_claimed(&other).await);
        drop(claim);
    }
    print("nothing is heard of the machine any more", &mut vanished);
}

/// Another process, which has the turn.
fn process_with_the_turn(site: &Site) -> Child {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .arg(site.database.url())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut has_it = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut has_it).unwrap();
    process
}

#[expect(clippy::print_stdout, reason = "whoever started it waits for that")]
async fn have_the_turn(url: &str) {
    let store = PostgresStore::open(&PostgresOptions::new(url), sealer()).await.unwrap();
    let _claim: JobClaim = loop {
        if let Some(claim) = store.claim_jobs().await.unwrap() {
            break claim;
        }
    };
    println!("has it");
    std::future::pending::<()>().await;
}

/// How long until another has the turn, which it gives back.
async fn until_claimed(other: &Instance) -> f64 {
    let claimed = async {
        while other.store.claim_jobs().await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    };
    time(claimed).await.as_secs_f64()
}

#[expect(clippy::print_stdout, clippy::indexing_slicing, reason = "this is what it is for")]
fn print(what: &str, seconds: &mut [f64]) {
    seconds.sort_unstable_by(f64::total_cmp);
    let (shortest, longest) = (seconds[0], seconds[seconds.len() - 1]);
    println!("{what}: shortest {shortest:.3}, longest {longest:.3} of {}", seconds.len());
}
