//! A pooler between the store and its server, and what breaks behind it.

use std::time::Duration;

use sessrum_core::store::{EventFilter, EventStore as _, StoreErrorKind};
use sessrum_core::verify_trail;
use sessrum_postgres::PostgresStore;
use sessrum_testbed::{Database, PgBouncer, TcpProxy, Way, until};

use crate::commits::{event, somebody_waits, until_events};
use crate::support::{ALL, by_system, connect, impatient, migrated, sealer};

const LONG: Duration = Duration::from_secs(20);

/// A store whose way to its database is a pooler, and then a network.
struct Pooled {
    store: PostgresStore,
    network: TcpProxy,
    _pooler: PgBouncer,
    database: Database,
}

impl Pooled {
    async fn new() -> Self {
        let database = migrated().await;
        let network = TcpProxy::start(database.address()).await;
        let pooler = PgBouncer::start(network.address(), &[]).await;
        let mut options = impatient(database.url_through(pooler.address()), LONG);
        options.direct_url = Some(database.url());
        options.prepared_statements = false;
        let store = PostgresStore::open(&options, sealer()).await.unwrap();
        Self { store, network, _pooler: pooler, database }
    }

    async fn details(&self) -> Vec<String> {
        let mut events = self.store.events(&EventFilter::default(), ALL).await.unwrap();
        events.sort_by_key(|event| event.id);
        events.into_iter().map(|event| event.detail).collect()
    }
}

/// It is the pooler that says that the server is gone, on a connection that is whole.
#[tokio::test]
async fn what_may_have_been_committed_behind_a_pooler_is_not_made_again() {
    let test = Pooled::new().await;
    test.store.record(event("before"), &by_system(1)).await.unwrap();
    let client = connect(&test.database.url()).await;
    client.batch_execute("BEGIN; LOCK session_events IN SHARE MODE").await.unwrap();
    let change = by_system(2);
    // In one transaction.
    let one = test.store.record(event("one"), &change);
    let other = test.store.record(event("other"), &change);
    let breaking = async {
        // The events and the commit are with the server.
        somebody_waits(&test.database).await;
        test.network.stall(Way::ToClient);
        client.batch_execute("COMMIT").await.unwrap();
        until_events(&client, 3).await;
        test.network.cut().await;
        test.network.resume(Way::ToClient);
    };
    let (one, other, ()) = tokio::join!(one, other, breaking);
    for recorded in [one, other] {
        assert_eq!(recorded.unwrap_err().kind(), StoreErrorKind::Unavailable);
    }
    // The pooler may find its server gone for a moment.
    until(async || test.store.record(event("after"), &change).await.is_ok()).await;
    assert_eq!(test.details().await, ["before", "one", "other", "after"]);
    assert_eq!(verify_trail(&test.store, |_| {}).await.unwrap().faults, []);
}
