//! What the peers have in common: their arguments, what their sessions hold, and how they are served.

pub mod creation;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// What every peer is started with.
#[derive(clap::Parser)]
pub struct Arguments {
    /// Sessions to begin with.
    #[arg(long)]
    pub sessions: usize,
    /// Where the cookies of those sessions are written: in each line a username and a `Cookie` header.
    #[arg(long)]
    pub cookies: PathBuf,
    /// The database: a file for SQLite, else a URL.
    #[arg(long, default_value = "")]
    pub database: String,
}

/// What a session holds and a signed-in request answers: as much as Sessrum's `GET
/// /api/session/state`, under the same names.
#[derive(Clone, Serialize, Deserialize)]
pub struct State {
    authenticated: bool,
    server_time: String,
    session: Session,
    user: User,
    platform: Platform,
}

#[derive(Clone, Serialize, Deserialize)]
struct Session {
    handle: String,
    created_at: String,
    last_activity: String,
    authenticated_at: String,
    expires_at: String,
    idle_expires_at: String,
    expiring_at: String,
    revision: i64,
}

#[derive(Clone, Serialize, Deserialize)]
struct User {
    id: usize,
    username: String,
    email: String,
    role: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Platform {
    id: usize,
    name: String,
    platform_type: String,
    instance_url: String,
    username: String,
    is_default: bool,
}

impl State {
    /// What the session with this number holds: each user has ten.
    #[must_use]
    pub fn of(number: usize) -> Self {
        let time = || "2026-01-01T12:00:00.000000Z".to_owned();
        let user = number / 10;
        let username = username(number);
        Self {
            authenticated: true,
            server_time: time(),
            session: Session {
                handle: format!("{number:032x}"),
                created_at: time(),
                last_activity: time(),
                authenticated_at: time(),
                expires_at: time(),
                idle_expires_at: time(),
                expiring_at: time(),
                revision: 1,
            },
            user: User {
                id: user,
                email: format!("{username}@example.org"),
                username: username.clone(),
                role: "viewer".to_owned(),
            },
            platform: Platform {
                id: user,
                name: "Photographs".to_owned(),
                platform_type: "pixelfed".to_owned(),
                instance_url: "https://pixels.example.org".to_owned(),
                username,
                is_default: true,
            },
        }
    }
}

/// Whose session the one with this number is.
#[must_use]
pub fn username(number: usize) -> String {
    format!("user-{}", number / 10)
}

/// The answer to a signed-in request.
///
/// # Errors
/// 401 when nobody is signed in.
pub fn answer(state: Option<State>) -> Result<Json<State>, StatusCode> {
    state.map(Json).ok_or(StatusCode::UNAUTHORIZED)
}

/// Writes the cookies of sessions in the order of their numbers.
///
/// # Errors
/// Those of the file.
pub fn write_cookies(file: &Path, cookies: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(file)?);
    for (number, cookie) in cookies.enumerate() {
        writeln!(file, "{}\t{cookie}", username(number))?;
    }
    Ok(file.flush()?)
}

/// Serves at a free port, and tells which.
///
/// # Errors
/// Those of the socket.
pub async fn serve(router: Router) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}
