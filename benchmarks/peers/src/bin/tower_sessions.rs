//! tower-sessions on SQLite, on PostgreSQL, or on SQLite behind its cache.

use axum::Router;
use axum::routing::get;
use clap::{Parser, ValueEnum};
use peers::creation::create;
use peers::{Arguments, State, answer, serve, write_cookies};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, PgPool, SqlitePool};
use time::{Duration, OffsetDateTime};
use tower_sessions::session::{Id, Record};
use tower_sessions::{CachingSessionStore, Session, SessionManagerLayer, SessionStore};
use tower_sessions_moka_store::MokaStore;
use tower_sessions_sqlx_store::{PostgresStore, SqliteStore};

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    arguments: Arguments,
    #[arg(long)]
    store: Store,
    /// Creates sessions for so many seconds in place of serving, and says how many.
    #[arg(long)]
    create_for: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Store {
    Sqlite,
    Postgres,
    Moka,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Command { arguments, store, create_for } = Command::parse();
    let records = || (0..arguments.sessions).map(record);
    let cookies = records().map(|record| format!("id={}", record.id));
    write_cookies(&arguments.cookies, cookies)?;
    if store == Store::Postgres {
        let pool = PgPool::connect(&arguments.database).await?;
        let sessions = PostgresStore::new(pool.clone());
        sessions.migrate().await?;
        seed_postgres(&pool, records()).await?;
        return work(sessions, create_for).await;
    }
    // What its documentation of SQLite leaves to the application, at its fastest durable setting.
    let options = SqliteConnectOptions::new()
        .filename(&arguments.database)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePool::connect_with(options).await?;
    let sessions = SqliteStore::new(pool.clone());
    sessions.migrate().await?;
    seed_sqlite(&pool, records()).await?;
    if store == Store::Moka {
        let cache = MokaStore::new(Some(200_000));
        return work(CachingSessionStore::new(cache, sessions), create_for).await;
    }
    work(sessions, create_for).await
}

async fn work(store: impl SessionStore + Clone, create_for: Option<u64>) -> anyhow::Result<()> {
    match create_for {
        Some(seconds) => {
            println!("{}", create(store, std::time::Duration::from_secs(seconds), record).await);
            Ok(())
        }
        None => serve(router(store)).await,
    }
}

fn router(store: impl SessionStore + Clone) -> Router {
    let handler = async |session: Session| {
        // A store that cannot say is no peer to be measured.
        answer(session.get::<State>("state").await.expect("the session is read"))
    };
    Router::new().route("/state", get(handler)).layer(SessionManagerLayer::new(store))
}

fn record(number: usize) -> Record {
    let state = serde_json::to_value(State::of(number)).expect("a state is JSON");
    Record {
        // Spread over all keys, as drawn ones are.
        id: Id((number as i128 + 1)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835_u128 as i128)),
        data: [("state".to_owned(), state)].into(),
        expiry_date: OffsetDateTime::now_utc() + Duration::days(14),
    }
}

async fn seed_sqlite(
    pool: &SqlitePool,
    records: impl Iterator<Item = Record>,
) -> anyhow::Result<()> {
    let mut connection = pool.acquire().await?.detach();
    sqlx::query("pragma cache_size = -1000000").execute(&mut connection).await?;
    let mut transaction = connection.begin().await?;
    for record in records {
        sqlx::query("insert into tower_sessions (id, data, expiry_date) values (?, ?, ?)")
            .bind(record.id.to_string())
            .bind(rmp_serde::to_vec(&record)?)
            .bind(record.expiry_date)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(transaction.commit().await?)
}

async fn seed_postgres(
    pool: &PgPool,
    mut records: impl Iterator<Item = Record>,
) -> anyhow::Result<()> {
    loop {
        let some: Vec<_> = records.by_ref().take(5000).collect();
        if some.is_empty() {
            break;
        }
        let ids: Vec<_> = some.iter().map(|record| record.id.to_string()).collect();
        let data: Vec<_> = some.iter().map(rmp_serde::to_vec).collect::<Result<_, _>>()?;
        let ends: Vec<_> = some.iter().map(|record| record.expiry_date).collect();
        sqlx::query(
            "insert into tower_sessions.session (id, data, expiry_date)
             select * from unnest($1::text[], $2::bytea[], $3::timestamptz[])",
        )
        .bind(ids)
        .bind(data)
        .bind(ends)
        .execute(pool)
        .await?;
    }
    sqlx::query("vacuum analyze tower_sessions.session").execute(pool).await?;
    Ok(())
}
