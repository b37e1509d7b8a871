//! A server that is measured.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use crate::bench::Bench;
use crate::installation::{AGENT, Installation};

/// How many answers are looked at before a server is measured.
const LOOKED_AT: usize = 50;

/// How long a server may take to start: peers fill their database first.
const START: Duration = Duration::from_mins(30);

/// A running server, and whom it knows.
pub struct Server {
    /// What the report calls it.
    pub name: String,
    /// `http://`, address and port.
    pub url: String,
    /// What a signed-in browser asks for.
    pub path: &'static str,
    /// In each line a username, a tab and a `Cookie` header.
    pub cookies: PathBuf,
    process: Child,
    /// What it stands on, which goes with it.
    _database: Option<Child>,
}

impl Server {
    /// Starts a program that says on its standard output where it serves.
    pub async fn peer(name: &str, command: &mut Command, cookies: &Path) -> anyhow::Result<Self> {
        let log = cookies.with_extension("log");
        command.stdout(Stdio::piped()).stderr(File::create(&log)?).kill_on_drop(true);
        let mut process = command.spawn().with_context(|| format!("{name} does not start"))?;
        let output = process.stdout.take().context("no output")?;
        let url = address(name, output, "http://").await;
        let url = url.with_context(|| std::fs::read_to_string(&log).unwrap_or_default())?;
        let (name, cookies) = (name.to_owned(), cookies.to_owned());
        Ok(Self { name, url, path: "/state", cookies, process, _database: None })
    }

    /// Starts `sessrum serve` for an installation, with variables of the environment.
    pub async fn sessrum(
        bench: &Bench,
        name: &str,
        installation: &Installation,
        cookies: &Path,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(bench.program("sessrum").context("sessrum is not built")?);
        command.args(["serve", "--listen", "127.0.0.1:0"]).current_dir(&installation.directory);
        command.envs(environment.iter().copied()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().context("sessrum does not start")?;
        let log = process.stderr.take().context("no log")?;
        let url = address(name, log, "public_url=").await?;
        let (name, cookies) = (name.to_owned(), cookies.to_owned());
        Ok(Self { name, url, path: "/api/session/state", cookies, process, _database: None })
    }

    /// With the database that it stands on.
    pub fn on(self, database: Child) -> Self {
        Self { _database: Some(database), ..self }
    }

    /// The memory that the process has, in bytes.
    pub fn memory(&self) -> anyhow::Result<f64> {
        let id = self.process.id().with_context(|| format!("{} has ended", self.name))?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes: f64 = line
            .and_then(|line| line.split_whitespace().next()?.parse().ok())
            .context("the system does not say what memory a process has")?;
        Ok(kilobytes * 1024.0)
    }

    /// Makes sure that each browser is told who it is, and a stranger that it is nobody.
    pub async fn check(&self) -> anyhow::Result<()> {
        let http = client()?;
        let address = format!("{}{}", self.url, self.path);
        let cookies = std::fs::read_to_string(&self.cookies)?;
        let lines: Vec<_> = cookies.lines().filter_map(|line| line.split_once('\t')).collect();
        let step = (lines.len() / LOOKED_AT).max(1);
        for (username, cookie) in lines.iter().step_by(step) {
            let answer = http.get(&address).header("cookie", *cookie).send().await?;
            ensure!(answer.status() == 200, "{}: {}", self.name, answer.status());
            let state: Value = answer.json().await?;
            let told = &state["user"]["username"];
            ensure!(told == username, "{}: {told} in place of {username}", self.name);
        }
        let stranger = http.get(&address).send().await?.status();
        ensure!(stranger == 401, "{}: a stranger got {stranger}", self.name);
        Ok(())
    }
}

/// A client that does not wait for ever.
pub fn client() -> anyhow::Result<reqwest::Client> {
    let client = reqwest::Client::builder().user_agent(AGENT).timeout(Duration::from_mins(10));
    Ok(client.build()?)
}

/// The address after `mark` in the first line that has it. The rest of the output is let go.
async fn address(
    name: &str,
    output: impl AsyncRead + Unpin + Send + 'static,
    mark: &str,
) -> anyhow::Result<String> {
    let mut lines = BufReader::new(output).lines();
    let mut said = String::new();
    let found = async {
        while let Some(line) = lines.next_line().await? {
            if line.contains(mark) {
                let address = line.split("http://").nth(1).unwrap_or_default();
                let end = address.find(|end: char| end == '"' || end.is_whitespace());
                let address = &address[..end.unwrap_or(address.len())];
                return Ok(format!("http://{address}"));
            }
            said = line;
        }
        anyhow::bail!("{name} has ended: {said}")
    };
    let found = tokio::time::timeout(START, found).await;
    let found = found.with_context(|| format!("{name} does not start"))??;
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(found)
}
