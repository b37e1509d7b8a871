//! On partitioned tables PostgreSQL runs the suite that every store runs, and agrees with the
//! reference.

#![cfg(test)]

use std::sync::Arc;
use std::time::Duration;

use sessrum_core::store::{EventStore as _, Store};
use sessrum_core::{EventSealer, OsRandom, SecretKey};
use sessrum_postgres::{PostgresOptions, PostgresStore};
use sessrum_testbed::{Database, Postgres};

/// A store in a database of its own, which goes with it.
async fn fresh() -> (Arc<dyn Store>, Database) {
    let database = Postgres::shared().await.prepared_database("partitioned", partition).await;
    let mut options = PostgresOptions::new(database.url());
    // However slow the machine is.
    options.lease = Duration::from_hours(1);
    let sealer = EventSealer::new(&SecretKey::from_bytes([1; 32]), &OsRandom).unwrap();
    let store = PostgresStore::open(&options, sealer).await.unwrap();
    let hears = || store.feed().holds(&0.into(), store.feed().generation());
    while !hears() {
        tokio::task::yield_now().await;
    }
    (Arc::new(store), database)
}

async fn partition(url: String) {
    sessrum_postgres::migrate(&PostgresOptions::new(&url)).await.unwrap();
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(include_str!("../partitions.sql")).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
}

sessrum_conformance::suite!(fresh());

#[test]
fn partitioned_tables_agree_with_the_reference() {
    let disagreement = sessrum_conformance::model::disagreement(fresh, 16);
    assert!(disagreement.is_none(), "{}", disagreement.unwrap());
}
