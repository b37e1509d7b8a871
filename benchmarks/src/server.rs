//! A server that is measured.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};

/// How many answers are looked at before a server is measured.
const LOOKED_AT: usize = 50;

/// A running server, and whom it knows.
pub struct Server {
    /// What the report calls it.
    pub name: &'static str,
    /// The address that a signed-in browser asks for.
    pub url: String,
    /// In each line a username, a tab and a `Cookie` header.
    pub cookies: PathBuf,
    process: Child,
}

impl Server {
    /// Starts a program that says on its standard output where it serves.
    pub async fn peer(
        name: &'static str,
        command: &mut Command,
        cookies: PathBuf,
    ) -> anyhow::Result<Self> {
        command.stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().with_context(|| format!("{name} does not start"))?;
        let output = process.stdout.take().context("no output")?;
        let url = address(output, "http://").await.with_context(|| format!("{name} has ended"))?;
        Ok(Self { name, url: format!("{url}/state"), cookies, process })
    }

    /// Starts `sessrum serve` in the directory of an installation.
    pub async fn sessrum(
        name: &'static str,
        program: &Path,
        directory: &Path,
        cookies: PathBuf,
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0"]).current_dir(directory);
        command.stderr(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().with_context(|| format!("{name} does not start"))?;
        let log = process.stderr.take().context("no log")?;
        let url = address(log, "public_url=").await.with_context(|| format!("{name} has ended"))?;
        Ok(Self { name, url: format!("{url}/api/session/state"), cookies, process })
    }

    /// The process.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pid(&self) -> anyhow::Result<u32> {
        self.process.id().with_context(|| format!("{} has ended", self.name))
    }

    /// Whether each browser is told who it is, and a stranger that it is nobody.
    ///
    /// # Errors
    /// When not.
    pub async fn check(&self) -> anyhow::Result<()> {
        let http = reqwest::Client::new();
        let cookies = std::fs::read_to_string(&self.cookies)?;
        let lines: Vec<_> = cookies.lines().filter_map(|line| line.split_once('\t')).collect();
        let step = (lines.len() / LOOKED_AT).max(1);
        for (username, cookie) in lines.iter().step_by(step) {
            let answer = http.get(&self.url).header("cookie", *cookie).send().await?;
            ensure!(answer.status() == 200, "{}: {}", self.name, answer.status());
            let state: Value = answer.json().await?;
            let told = &state["user"]["username"];
            ensure!(told == username, "{}: {told} in place of {username}", self.name);
        }
        let stranger = http.get(&self.url).send().await?.status();
        ensure!(stranger == 401, "{}: a stranger got {stranger}", self.name);
        Ok(())
    }
}

/// What stands after `mark` in the first line that has it. The rest of the output is let go.
async fn address(output: impl AsyncRead + Unpin + Send + 'static, mark: &str) -> Option<String> {
    let mut lines = BufReader::new(output).lines();
    let found = loop {
        let line = lines.next_line().await.ok()??;
        if let Some((_, rest)) = line.split_once(mark) {
            let start = if mark.starts_with("http") { mark } else { "" };
            let rest = rest.trim_matches('"').split(['"', ' ']).next()?;
            break format!("{start}{rest}");
        }
    };
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Some(found)
}
