//! PgBouncer in transaction mode.

#![cfg(test)]

use sessrum_testbed::{Options, PgBouncer, Postgres};
use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The process of the server that a statement runs in.
async fn process(client: &Client) -> i32 {
    let rows = client.query_typed("SELECT pg_backend_pid()", &[]).await.unwrap();
    rows[0].get(0)
}

#[tokio::test]
async fn clients_share_connections_and_a_transaction_has_one() {
    let database = Postgres::shared().await.database().await;
    let address = database.address();
    let bouncer = PgBouncer::start(address, &[("default_pool_size", "2")]).await;
    let url = database.url_through(bouncer.address());
    let (mut one, two, three) = (connect(&url).await, connect(&url).await, connect(&url).await);
    let transaction = one.transaction().await.unwrap();
    let rows = transaction.query_typed("SELECT pg_backend_pid()", &[]).await.unwrap();
    let taken: i32 = rows[0].get(0);
    let shared = process(&two).await;
    assert_ne!(shared, taken);
    assert_eq!(process(&three).await, shared);
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn it_knows_the_password() {
    let cluster = Postgres::start(Options::default().with_password()).await;
    let database = cluster.database().await;
    let bouncer = PgBouncer::start(cluster.address(), &[]).await;
    process(&connect(&database.url_through(bouncer.address())).await).await;
}
