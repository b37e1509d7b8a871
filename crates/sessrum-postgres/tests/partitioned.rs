//! On partitioned tables PostgreSQL runs the suite that every store runs, and agrees with the
//! reference.

#![cfg(test)]

use std::sync::Arc;
use std::time::Duration;

use sessrum_conformance::{new_session, sealer};
use sessrum_core::store::{
    CreateOutcome, DataStore as _, DataWrite, EventStore as _, Precondition, SessionStore as _,
    Store,
};
use sessrum_core::{Change, EndReason, SeededRandom, Timestamp, TokenHash, UserSession};
use sessrum_postgres::{PostgresOptions, PostgresStore};
use sessrum_testbed::{Database, Postgres, until};
use tokio_postgres::NoTls;

/// A store in a database of its own, which goes with it.
async fn fresh() -> (Arc<dyn Store>, Database) {
    let database = Postgres::shared().await.prepared_database("partitioned", prepare).await;
    let store = open(&database).await;
    until(async || store.feed().hears()).await;
    (Arc::new(store), database)
}

async fn open(database: &Database) -> PostgresStore {
    let mut options = PostgresOptions::new(database.url());
    // However slow the machine is.
    options.lease = Duration::from_mins(1);
    PostgresStore::open(&options, sealer(1)).await.unwrap()
}

/// Migrates a database and partitions its tables.
async fn prepare(url: String) {
    sessrum_postgres::migrate(&PostgresOptions::new(&url)).await.unwrap();
    partition(&url).await;
}

async fn partition(url: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(include_str!("../partitions.sql")).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
}

sessrum_conformance::suite!(fresh());

const NOON: Timestamp = Timestamp::from_micros(1_700_006_400_000_000);

async fn sign_in(store: &PostgresStore, random: &SeededRandom) -> (TokenHash, UserSession) {
    let new = new_session(1.into(), random);
    let token = new.token;
    match store.create(new, &Change::by_system(NOON)).await.unwrap() {
        CreateOutcome::Created { session, .. } => (token, *session),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_there_stays_and_no_key_is_given_twice() {
    let database = Postgres::shared().await.database().await;
    sessrum_postgres::migrate(&PostgresOptions::new(database.url())).await.unwrap();
    let (store, random) = (open(&database).await, SeededRandom::new(1));
    let (token, session) = sign_in(&store, &random).await;
    let write = DataWrite {
        key: "cart",
        value: "[1]",
        precondition: Precondition::None,
        cap: 100,
        at: NOON,
    };
    store.put_data(session.id, write).await.unwrap();
    let (_, last) = sign_in(&store, &random).await;
    store.end(last.id, EndReason::Logout, &Change::by_system(NOON)).await.unwrap();
    store.delete_ended_before(NOON + Duration::from_secs(1), 1).await.unwrap();
    store.close().await;
    drop(store);

    partition(&database.url()).await;
    let store = open(&database).await;
    assert_eq!(store.load_by_token(&token).await.unwrap().unwrap().session, session);
    assert_eq!(store.list_data(session.id).await.unwrap()[0].value, "[1]");
    assert!(sign_in(&store, &random).await.1.id > last.id);
    store.end(session.id, EndReason::Logout, &Change::by_system(NOON)).await.unwrap();
    store.delete_ended_before(NOON + Duration::from_secs(1), 1).await.unwrap();
    assert!(store.load_by_token(&token).await.unwrap().is_none(), "tokens go with their session");
}

#[test]
fn partitioned_tables_agree_with_the_reference() {
    let disagreement = sessrum_conformance::model::disagreement(fresh, 4);
    assert!(disagreement.is_none(), "{}", disagreement.unwrap());
}
