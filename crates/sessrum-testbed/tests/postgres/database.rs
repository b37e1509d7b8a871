use std::sync::atomic::{AtomicU32, Ordering};

use sessrum_testbed::Postgres;
use tokio_postgres::NoTls;

use crate::{connect, text};

#[tokio::test]
async fn each_is_empty_and_its_owners_own() {
    let cluster = Postgres::shared().await;
    let (one, two) = (cluster.database().await, cluster.database().await);
    for database in [&one, &two] {
        let client = connect(&database.url()).await;
        client.batch_execute("CREATE TABLE things (id bigint)").await.unwrap();
        assert_eq!(text(&client, "SHOW is_superuser").await, "off");
    }
}

#[tokio::test]
async fn a_dropped_one_is_gone_with_its_connections() {
    let cluster = Postgres::shared().await;
    let database = cluster.database().await;
    let (url, client) = (database.url(), connect(&database.url()).await);
    drop(database);
    assert!(client.batch_execute("SELECT 1").await.is_err());
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err());
}

#[tokio::test]
async fn a_prepared_one_has_what_was_prepared_once() {
    let cluster = Postgres::shared().await;
    let prepared = AtomicU32::new(0);
    let make = || {
        cluster.prepared_database("once", async |url| {
            prepared.fetch_add(1, Ordering::Relaxed);
            let client = connect(&url).await;
            client.batch_execute("CREATE TABLE things (id bigint)").await.unwrap();
        })
    };
    let (one, two, three) = tokio::join!(make(), make(), make());
    // A run just before this one may have left the template.
    assert!(prepared.load(Ordering::Relaxed) <= 1);
    for database in [one, two, three] {
        let client = connect(&database.url()).await;
        client.batch_execute("INSERT INTO things VALUES (1)").await.unwrap();
        let count = text(&client, "SELECT count(*)::text FROM things").await;
        assert_eq!(count, "1", "each is its own");
    }
}

#[tokio::test]
async fn what_could_not_be_prepared_is_prepared_anew() {
    let cluster = Postgres::shared().await;
    let failing = tokio::spawn(async {
        cluster
            .prepared_database("failing", async |url| {
                let client = connect(&url).await;
                client.batch_execute("CREATE TABLE things (id bigint)").await.unwrap();
                panic!("on purpose");
            })
            .await
    });
    assert!(failing.await.is_err());
    let database = cluster.prepared_database("failing", async |_| {}).await;
    let client = connect(&database.url()).await;
    assert!(client.batch_execute("SELECT * FROM things").await.is_err());
}

/// Rust compares bytes; the databases of most people do not.
#[tokio::test]
async fn texts_sort_by_language() {
    let database = Postgres::shared().await.database().await;
    let client = connect(&database.url()).await;
    assert_eq!(text(&client, "SELECT min(x) FROM (VALUES ('B'), ('a')) AS v (x)").await, "a");
}
