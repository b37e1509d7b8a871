//! What an operator is told of a server and of the ways there.

#![cfg(test)]

use std::time::Duration;

use sessrum_core::{Clock as _, ManualClock, SystemClock};
use sessrum_postgres::{DirectWay, Examination, Pooling, PostgresOptions, examine};
use sessrum_testbed::{Database, PgBouncer, Postgres};

const POOLED: Pooling = Pooling::ByTransaction { keeps_prepared: false };

async fn database() -> Database {
    Postgres::shared().await.database().await
}

async fn examined(url: &str, direct_url: Option<&str>) -> Examination {
    let mut options = PostgresOptions::new(url);
    options.direct_url = direct_url.map(str::to_owned);
    examine(&options, &SystemClock).await.unwrap()
}

async fn client(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn a_server_without_anything_in_between() {
    let database = database().await;
    let found = examined(&database.url(), None).await;
    assert_eq!((found.pooling, found.direct, found.listens), (Pooling::None, None, true));
    // The tests' server is fast and forgets.
    assert_eq!((found.syncs, found.writes_full_pages), (false, false));
    assert!(found.version.starts_with(char::is_numeric), "{found:?}");
    assert!(found.connections_left > 0, "{found:?}");
    assert!(found.clock_ahead.abs() < 1_000_000, "{found:?}");
}

#[tokio::test]
async fn a_pooler_that_lends_by_transaction_is_found_out_and_left_as_it_was() {
    let database = database().await;
    let bouncer = PgBouncer::start(database.address(), &[]).await;
    let (pooled, direct) = (database.url_through(bouncer.address()), database.url());
    let found = examined(&pooled, Some(&direct)).await;
    assert_eq!(found.pooling, POOLED);
    let way = DirectWay { is_same_database: true, pooling: Pooling::None };
    assert_eq!(found.direct, Some(way));
    // Of one that leads through it again, too.
    let found = examined(&pooled, Some(&pooled)).await;
    assert_eq!(found.direct, Some(DirectWay { is_same_database: true, pooling: POOLED }));

    let client = client(&pooled).await;
    for sql in [
        "SELECT name FROM pg_prepared_statements",
        "SELECT pg_listening_channels()",
        "SELECT setting FROM pg_settings WHERE name = 'statement_timeout' AND setting <> '0'",
        "SELECT classid::text FROM pg_locks WHERE locktype = 'advisory' AND database = \
         (SELECT oid FROM pg_database WHERE datname = current_database())",
    ] {
        assert!(client.query_typed(sql, &[]).await.unwrap().is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn a_pooler_with_one_connection_is_found_out() {
    let database = database().await;
    let bouncer = PgBouncer::start(database.address(), &[("default_pool_size", "1")]).await;
    let mut options = PostgresOptions::new(database.url_through(bouncer.address()));
    options.direct_url = Some(database.url());
    options.statement_timeout = Duration::from_millis(500);
    assert_eq!(examine(&options, &SystemClock).await.unwrap().pooling, POOLED);
}

#[tokio::test]
async fn another_database_is_found_out() {
    let (database, other) = (database().await, database().await);
    let found = examined(&database.url(), Some(&other.url())).await;
    let way = DirectWay { is_same_database: false, pooling: Pooling::None };
    assert_eq!(found.direct, Some(way));
}

#[tokio::test]
async fn the_clocks_are_compared() {
    let database = database().await;
    let options = PostgresOptions::new(database.url());
    let (hour, minute) = (3_600_000_000, 60_000_000);
    let late = ManualClock::starting_at(SystemClock.now() - Duration::from_hours(1));
    let found = examine(&options, &late).await.unwrap().clock_ahead;
    assert!((found - hour).abs() < minute, "{found}");
    let early = ManualClock::starting_at(SystemClock.now() + Duration::from_hours(1));
    let found = examine(&options, &early).await.unwrap().clock_ahead;
    assert!((found + hour).abs() < minute, "{found}");
}

#[tokio::test]
async fn connections_are_left_as_many_as_the_database_allows() {
    let database = database().await;
    let client = client(&database.url()).await;
    let limit = async |connections: u32| {
        let name = database.url().rsplit('/').next().unwrap().to_owned();
        let alter = format!("ALTER DATABASE {name} CONNECTION LIMIT {connections}");
        client.batch_execute(&alter).await.unwrap();
        examined(&database.url(), None).await.connections_left
    };
    let left = limit(20).await;
    assert!((10..20).contains(&left), "{left}");
    let left = limit(10).await;
    assert!((1..10).contains(&left), "{left}");
}
