//! axum_session on SQLite.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{Request, header};
use axum::routing::get;
use axum_session::{Session, SessionConfig, SessionLayer, SessionStore};
use axum_session_sqlx::SessionSqlitePool;
use clap::Parser;
use peers::{Arguments, State, answer, serve, write_cookies};
use sqlx_of_axum_session::SqlitePool;
use sqlx_of_axum_session::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use tower::ServiceExt as _;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // While it is filled nothing needs to be durable.
    let filling = router(&arguments, SqliteSynchronous::Off).await?;
    let mut cookies = Vec::with_capacity(arguments.sessions);
    for number in 0..arguments.sessions {
        cookies.push(signed_in(filling.clone(), number).await?);
    }
    write_cookies(&arguments.cookies, cookies.into_iter())?;
    serve(router(&arguments, SqliteSynchronous::Full).await?).await
}

async fn router(arguments: &Arguments, synchronous: SqliteSynchronous) -> anyhow::Result<Router> {
    let options = SqliteConnectOptions::new()
        .filename(&arguments.database)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous);
    let pool = SqlitePool::connect_with(options).await?;
    let config = SessionConfig::default().with_secure(false);
    let store = SessionStore::<SessionSqlitePool>::new(Some(pool.into()), config).await?;
    let state = async |session: Session<SessionSqlitePool>| answer(session.get("state"));
    Ok(Router::new()
        .route("/state", get(state))
        .route("/sign-in/{number}", get(sign_in))
        .layer(SessionLayer::new(store)))
}

async fn sign_in(session: Session<SessionSqlitePool>, Path(number): Path<usize>) {
    session.set("state", State::of(number));
}

/// The cookies that a browser would send after signing in.
async fn signed_in(router: Router, number: usize) -> anyhow::Result<String> {
    let request = Request::get(format!("/sign-in/{number}")).body(Body::empty())?;
    let response = router.oneshot(request).await?;
    let cookies = response.headers().get_all(header::SET_COOKIE).iter();
    let cookies = cookies.filter_map(|line| line.to_str().ok()?.split(';').next());
    Ok(cookies.collect::<Vec<_>>().join("; "))
}
