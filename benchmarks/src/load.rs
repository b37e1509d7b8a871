//! Load by `wrk`, in one thread.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use tokio::process::Command;

use crate::bench::Bench;
use crate::installation::AGENT;
use crate::server::Server;

/// Connections that ask at once where nothing else is said.
pub const CONNECTIONS: usize = 32;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is asked, and how.
pub struct Load<'a> {
    pub server: &'a Server,
    pub path: &'a str,
    /// In each line a username, a tab and a `Cookie` header; of a change also a tab and a CSRF token,
    /// a tab and the body.
    pub requests: &'a Path,
    /// With which line it begins.
    pub first: usize,
    pub connections: usize,
    /// What a connection waits from one request to the next on average, in milliseconds.
    pub pause: u64,
    pub time: Duration,
}

/// What came of a load.
#[derive(Clone, Copy, Deserialize)]
pub struct Outcome {
    requests: u64,
    microseconds: u64,
    /// Answers that are none of success.
    refused: u64,
    /// Connections that broke, and answers that did not come.
    broken: u64,
    p99: u64,
}

impl Outcome {
    pub fn requests(self) -> usize {
        usize::try_from(self.requests).unwrap_or(usize::MAX)
    }

    pub fn requests_per_second(self) -> f64 {
        self.requests as f64 / Duration::from_micros(self.microseconds).as_secs_f64()
    }

    /// What the slowest hundredth of clients waited at least, in milliseconds.
    pub fn p99(self) -> f64 {
        self.p99 as f64 / 1000.0
    }
}

impl Load<'_> {
    /// Asks a server for whom it knows, as fast as it answers.
    pub fn of(server: &Server, time: Duration) -> Load<'_> {
        Load {
            server,
            path: server.path,
            requests: &server.cookies,
            first: 0,
            connections: CONNECTIONS,
            pause: 0,
            time,
        }
    }

    /// Asks. An answer that is none of success is an error.
    pub async fn run(&self, bench: &Bench) -> anyhow::Result<Outcome> {
        let name = &self.server.name;
        let mut command = Command::new("wrk");
        command
            .args(["--threads", "1", "--connections", &self.connections.to_string()])
            .args(["--duration", &format!("{}s", self.time.as_secs())])
            .args(["--timeout", &format!("{}s", PATIENCE.as_secs())])
            .arg("--script")
            .arg(&bench.script)
            .arg(format!("{}{}", self.server.url, self.path))
            .arg("--")
            .arg(self.requests)
            .args([self.first.to_string(), self.pause.to_string(), AGENT.to_owned()])
            .kill_on_drop(true);
        let ended = tokio::time::timeout(self.time + 4 * PATIENCE, command.output()).await;
        let output = ended.with_context(|| format!("wrk does not end: {name}"))?;
        let output = output.context("wrk cannot be run: install it")?;
        let said = String::from_utf8_lossy(&output.stderr);
        let line = said.lines().rfind(|line| line.starts_with('{'));
        let outcome = line.and_then(|line| serde_json::from_str(line).ok());
        let outcome: Outcome = outcome.with_context(|| format!("wrk failed: {name}: {said}"))?;
        let Outcome { requests, refused, broken, .. } = outcome;
        ensure!(refused == 0, "{name} has refused {refused} of {requests} requests");
        ensure!(broken == 0, "{name} has not answered {broken} of {requests} requests");
        ensure!(requests > 0, "{name} has answered nothing");
        Ok(outcome)
    }
}
