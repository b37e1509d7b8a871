//! PostgreSQL runs the suite that every store runs, and agrees with the reference.

#![cfg(test)]

use std::sync::Arc;

use sessrum_core::store::Store;
use sessrum_core::{EventSealer, OsRandom, SecretKey};
use sessrum_postgres::{PostgresOptions, PostgresStore};
use sessrum_testbed::{Database, Postgres};

fn sealer() -> EventSealer {
    EventSealer::new(&SecretKey::from_bytes([1; 32]), &OsRandom).unwrap()
}

/// A store in a database of its own, which goes with it.
async fn fresh() -> (Arc<dyn Store>, Database) {
    let postgres = Postgres::shared().await;
    let migrate = async |url| {
        sessrum_postgres::migrate(&PostgresOptions::new(url)).await.unwrap();
    };
    let database = postgres.prepared_database("conformance", migrate).await;
    let options = PostgresOptions::new(database.url());
    (Arc::new(PostgresStore::open(&options, sealer()).await.unwrap()), database)
}

sessrum_conformance::suite!(fresh());

#[test]
fn postgres_agrees_with_the_reference() {
    sessrum_conformance::model::agrees_with_memory(fresh);
}
