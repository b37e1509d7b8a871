//! Cleaning up on several instances at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sessrum_conformance::clean_up_storm::Storm;

use crate::support::{TestStore, connect};

/// One row after the other, as somebody at the database may.
const HOLD: &str = "BEGIN; \
    SELECT id FROM user_sessions WHERE id = \
    (SELECT id FROM user_sessions ORDER BY random() LIMIT 1) FOR UPDATE; \
    SELECT pg_sleep(0.002); COMMIT";

const OTHERS: &str = "SELECT count(*) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

const DEADLOCKS: &str = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";

/// What other stores of sessions are known to deadlock on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clean_up_and_all_other_changes_on_two_instances_never_deadlock() {
    let test = TestStore::new().await;
    let stores = [test.beside().await, test.beside().await].map(Arc::new);
    let storm = Storm::over(stores.iter().map(|store| Arc::clone(store) as _).collect());
    let (client, over) = (test.client().await, Arc::new(AtomicBool::new(false)));
    let until = Arc::clone(&over);
    let holding = tokio::spawn(async move {
        while !until.load(Ordering::Relaxed) {
            client.batch_execute(HOLD).await.unwrap();
        }
    });
    storm.rage(5_000).await;
    over.store(true, Ordering::Relaxed);
    holding.await.unwrap();
    storm.pass().await;

    drop(storm);
    for store in &stores {
        store.close().await;
    }
    drop((stores, test.store));
    // Each says what it has counted when it goes.
    let client = connect(&test.database.url()).await;
    while client.query_one(OTHERS, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.query_one(DEADLOCKS, &[]).await.unwrap().get::<_, i64>(0), 0);
}
