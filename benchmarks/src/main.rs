//! Sessrum beside other session systems: the same work, by turns, in one run. A file here is a
//! measurement, or one of the few things that they have in common: [`bench`] starts what is
//! measured, [`installation`] fills it, [`load`] asks it, and [`report`] says what came of it.

mod administrator;
mod bench;
mod cold;
mod creation;
mod growth;
mod hot;
mod installation;
mod load;
mod login_storm;
mod memory;
mod peers;
mod plot;
mod purge;
mod report;
mod server;
mod streams;

use std::path::PathBuf;

use bench::{Bench, FULL, SHORT};
use clap::{Parser, ValueEnum};
use report::Report;

#[derive(Parser)]
struct Arguments {
    /// Measures longer, with more sessions.
    #[arg(long)]
    full: bool,
    /// Where the report is written, as Markdown, JSON and plots; by default beside the programs.
    #[arg(long)]
    output: Option<PathBuf>,
    /// What is measured; by default everything.
    measurements: Vec<Measurement>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Measurement {
    Hot,
    Cold,
    Creation,
    Growth,
    Memory,
    Purge,
    LoginStorm,
    Streams,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut bench = Bench::start(if arguments.full { FULL } else { SHORT }).await?;
    let all = Measurement::value_variants();
    let wanted = if arguments.measurements.is_empty() { all } else { &arguments.measurements };
    let mut tables = Vec::new();
    for measurement in wanted {
        tables.extend(match measurement {
            Measurement::Hot => hot::measure(&mut bench).await?,
            Measurement::Cold => cold::measure(&mut bench).await?,
            Measurement::Creation => creation::measure(&mut bench).await?,
            Measurement::Growth => growth::measure(&mut bench).await?,
            Measurement::Memory => memory::measure(&mut bench).await?,
            Measurement::Purge => purge::measure(&mut bench).await?,
            Measurement::LoginStorm => login_storm::measure(&mut bench).await?,
            Measurement::Streams => streams::measure(&mut bench).await?,
        });
    }
    let report = Report { how: bench.how()?, tables, left_out: bench.left_out() };
    report.write(&arguments.output.unwrap_or_else(|| bench.programs.join("report")))
}
