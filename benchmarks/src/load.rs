//! Load by `wrk`: one thread, and as many connections as asked for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use tokio::process::Command;

const SCRIPT: &str = include_str!("cookies.lua");

/// What came of a load.
#[derive(Clone, Copy, Deserialize)]
pub struct Outcome {
    requests: u64,
    microseconds: u64,
    wrong: u64,
    /// In microseconds, as the client saw it.
    pub p50: u64,
    /// Likewise.
    pub p99: u64,
}

impl Outcome {
    pub fn requests_per_second(self) -> f64 {
        self.requests as f64 / Duration::from_micros(self.microseconds).as_secs_f64()
    }
}

/// The script, where `wrk` can read it.
pub fn write_script(directory: &Path) -> anyhow::Result<PathBuf> {
    let file = directory.join("cookies.lua");
    std::fs::write(&file, SCRIPT)?;
    Ok(file)
}

/// Asks for an address with the cookies of a file.
///
/// # Errors
/// When there is no `wrk`, or an answer was not 200.
pub async fn load(
    script: &Path,
    url: &str,
    cookies: &Path,
    connections: usize,
    time: Duration,
) -> anyhow::Result<Outcome> {
    let output = Command::new("wrk")
        .args(["-t1", "-c", &connections.to_string(), "-d", &format!("{}s", time.as_secs())])
        .arg("-s")
        .arg(script)
        .arg(url)
        .arg("--")
        .arg(cookies)
        .output()
        .await
        .context("wrk cannot be run: install it")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().rfind(|line| line.starts_with('{'));
    let line = line.with_context(|| format!("wrk {url}: {said}"))?;
    let outcome: Outcome = serde_json::from_str(line)?;
    ensure!(outcome.wrong == 0, "{url}: {} of {} answers were wrong", outcome.wrong, outcome.requests);
    Ok(outcome)
}
