//! Pages that follow their session: what an open one takes, and how soon all of a user know.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use sessrum_core::{Clock as _, SystemClock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::administrator::Administrator;
use crate::bench::Bench;
use crate::installation::{AGENT, Filling, Installation, Kept, cookie, owner};
use crate::report::Table;
use crate::server::Server;

const STREAMS: usize = 10_000;

/// Devices of a user.
const OF_EACH: usize = 1_000;

/// Whose sessions are revoked: not the administrator's.
const REVOKED: usize = 2;

/// How many come at once.
const COMING: usize = 64;

const PATIENCE: Duration = Duration::from_secs(30);

/// What a stream takes of the server's memory, and how long a revocation takes.
pub async fn measure(bench: &mut Bench) -> anyhow::Result<Vec<Table>> {
    let name = "Sessrum on SQLite";
    let mut memory = Table::new("stream_memory", "Memory of an open event stream", "bytes");
    let title = format!("{OF_EACH} streams are told that their sessions were revoked");
    let mut told = Table::new("revocation", title, "ms");
    for round in 1..=bench.scale.rounds {
        bench.say(format!("streams, round {round} of {}", bench.scale.rounds));
        let filling = Filling { sessions: STREAMS, of_each: OF_EACH, expired: 0 };
        let installation = Installation::make(bench, Kept::Sqlite, filling, "").await?;
        let cookies = installation.write_cookies("cookies", 1..=STREAMS)?;
        let server = Server::sessrum(bench, name, &installation, &cookies, &[]).await?;
        server.check().await?;
        let administrator = Administrator::sign_in(&server).await?;

        let before = server.memory()?;
        let streams = open_all(&server).await?;
        memory.add(name, (server.memory()? - before) / STREAMS as f64);

        let is_revoked = |number: &usize| owner(*number, filling) == REVOKED;
        let (revoked, others): (Vec<_>, Vec<_>) =
            streams.into_iter().partition(|stream| is_revoked(&stream.number));
        let mut told_of_end: JoinSet<_> = revoked.into_iter().map(Stream::until_ended).collect();
        let begun_at = SystemClock.uptime();
        administrator.post(&format!("/api/admin/users/{REVOKED}/revoke-sessions")).await?;
        while let Some(ended) = told_of_end.join_next().await {
            ended??;
        }
        told.add(name, (SystemClock.uptime() - begun_at).as_secs_f64() * 1000.0);
        drop(others);
    }
    memory.below(name, 20_000.0);
    memory.note(format!("Of {STREAMS} streams in one process."));
    told.below(name, 500.0);
    told.note("From the administrator's request to the last stream that is told.");
    Ok(vec![memory, told])
}

/// Opens a stream for each session, some at a time.
async fn open_all(server: &Server) -> anyhow::Result<Vec<Stream>> {
    let turns = Arc::new(Semaphore::new(COMING));
    let mut opening = JoinSet::new();
    for number in 1..=STREAMS {
        let (turns, url) = (Arc::clone(&turns), server.url.clone());
        opening.spawn(async move {
            let _turn = turns.acquire().await?;
            Stream::open(&url, number).await
        });
    }
    let mut streams = Vec::with_capacity(STREAMS);
    while let Some(opened) = opening.join_next().await {
        streams.push(opened??);
    }
    Ok(streams)
}

/// An open event stream of a session.
struct Stream {
    number: usize,
    connection: TcpStream,
}

impl Stream {
    async fn open(url: &str, number: usize) -> anyhow::Result<Self> {
        let host = url.trim_start_matches("http://");
        let connection = TcpStream::connect(host).await;
        let connection = connection.context("no more connections: raise `ulimit -n`")?;
        let mut stream = Self { number, connection };
        let request = format!(
            "GET /api/session/events HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {AGENT}\r\n\
             Cookie: {}\r\n\r\n",
            cookie(number)
        );
        stream.connection.write_all(request.as_bytes()).await?;
        stream.read_until("event: state").await?;
        Ok(stream)
    }

    async fn until_ended(mut self) -> anyhow::Result<()> {
        self.read_until("event: session_ended").await
    }

    async fn read_until(&mut self, mark: &str) -> anyhow::Result<()> {
        let mut said = Vec::new();
        let reading = async {
            while !String::from_utf8_lossy(&said).contains(mark) {
                let read = self.connection.read_buf(&mut said).await?;
                ensure!(read > 0, "a stream closes: {}", String::from_utf8_lossy(&said));
            }
            Ok(())
        };
        timeout(PATIENCE, reading).await.context("a stream is silent")?
    }
}
