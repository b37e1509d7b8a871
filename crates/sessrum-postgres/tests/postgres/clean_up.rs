//! Cleaning up on several instances at once, and beside others who hold rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sessrum_conformance::clean_up_storm::Storm;
use sessrum_core::ExpiryLimits;
use sessrum_core::store::{Activity, SessionStore as _};

use crate::support::{TestStore, at, by_system, connect};

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

/// Somebody at the database, or a program that is no Sessrum, may hold a row.
#[tokio::test]
async fn marks_and_clean_up_pass_over_rows_that_somebody_holds() {
    let test = TestStore::new().await;
    let (held, free) = (
        test.sign_in(test.new_session(1), 1).await.id,
        test.sign_in(test.new_session(2), 1).await.id,
    );
    let client = test.client().await;
    let lock = "BEGIN; SELECT id FROM user_sessions WHERE user_id = '1' FOR UPDATE";
    client.batch_execute(lock).await.unwrap();
    let marks = [held, free].map(|session| Activity { session, at: at(5) });
    assert_eq!(test.touch_many(&marks).await.unwrap(), 1);
    let limits = ExpiryLimits { now: at(9), idle_since: at(9), remembered_idle_since: at(9) };
    let ended = test.end_expired(limits, 10, &by_system(9)).await.unwrap();
    assert_eq!(ended.iter().map(|session| session.id).collect::<Vec<_>>(), [free]);
    assert_eq!(test.delete_ended_before(at(10), 10).await.unwrap(), 1);

    client.batch_execute("COMMIT").await.unwrap();
    assert_eq!(test.end_expired(limits, 10, &by_system(9)).await.unwrap().len(), 1);
    client.batch_execute(lock).await.unwrap();
    assert_eq!(test.delete_ended_before(at(10), 10).await.unwrap(), 0);
    client.batch_execute("COMMIT").await.unwrap();
    assert_eq!(test.delete_ended_before(at(10), 10).await.unwrap(), 1);
}
