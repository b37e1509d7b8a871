//! Sessrum beside other session systems: the same work, by turns, in one run.

mod installation;
mod load;
mod report;
mod server;
mod throughput;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use sessrum_testbed::{Options, Postgres};

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Scale {
    /// Sessions that a server has at first.
    pub sessions: usize,
    /// How often each takes its turn.
    pub rounds: usize,
    /// How long a turn is.
    pub turn: Duration,
}

const SHORT: Scale = Scale { sessions: 10_000, rounds: 3, turn: Duration::from_secs(2) };
const FULL: Scale = Scale { sessions: 100_000, rounds: 7, turn: Duration::from_secs(5) };

#[derive(Parser)]
struct Arguments {
    /// Measures longer, with more sessions.
    #[arg(long)]
    full: bool,
    /// The program `sessrum`.
    #[arg(long)]
    sessrum: PathBuf,
    /// Where the programs of the peers are.
    #[arg(long)]
    peers: PathBuf,
    /// Where the report is written, as Markdown and JSON.
    #[arg(long)]
    output: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let scale = if arguments.full { FULL } else { SHORT };
    let postgres = Postgres::start(Options::default()).await;
    let table = throughput::hot(&arguments.sessrum, &arguments.peers, &postgres, scale).await?;
    report::write(&arguments.output, &[table])
}
