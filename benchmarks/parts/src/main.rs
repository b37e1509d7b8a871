//! Does one part of a signed-in request so often: `parts "cache hit" 1000`, for programs that count
//! instructions. `parts --list` names them.

use std::process::ExitCode;

use parts::{ALL, Parts};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (part, times) = match arguments.as_slice() {
        ["--list"] => {
            ALL.iter().for_each(|(name, _)| println!("{name}"));
            return ExitCode::SUCCESS;
        }
        [name, times] => (ALL.iter().find(|(known, _)| known == name), times.parse::<usize>()),
        _ => (None, Ok(0)),
    };
    let (Some((_, part)), Ok(times)) = (part, times) else {
        eprintln!("say which part and how often: parts NAME TIMES; parts --list names them");
        return ExitCode::FAILURE;
    };
    // As the server logs.
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(Targets::new().with_default(Level::INFO))
        .with(lines)
        .init();
    let mut parts = Parts::new();
    for _ in 0..times {
        part(&mut parts);
    }
    ExitCode::SUCCESS
}
