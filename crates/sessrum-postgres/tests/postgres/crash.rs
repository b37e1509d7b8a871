//! PostgreSQL dies in the middle of it all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sessrum_conformance::new_session;
use sessrum_core::store::{CreateOutcome, EventStore as _, NewSession, SessionStore as _};
use sessrum_core::{SeededRandom, TokenHash, verify_trail};
use sessrum_postgres::{PostgresOptions, PostgresStore, migrate};
use sessrum_testbed::{Options, Postgres};

use crate::support::{by_system, sealer};

const CALLERS: u64 = 16;

/// Of those there are more than a user usually has.
fn new(random: &SeededRandom, user: i64) -> NewSession {
    NewSession { cap: 1_000, ..new_session(user.into(), random) }
}

/// What was answered is there when the server is, and the store goes on without being opened again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_answered_before_a_crash_is_there_after_it() {
    let mut postgres = Postgres::start(Options::default()).await;
    let database = postgres.database().await;
    let options = PostgresOptions::new(database.url());
    migrate(&options).await.unwrap();
    let store = Arc::new(PostgresStore::open(&options, sealer()).await.unwrap());
    let answered = Arc::new(AtomicUsize::new(0));
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let (store, answered) = (Arc::clone(&store), Arc::clone(&answered));
        callers.spawn(async move {
            let random = SeededRandom::new(caller);
            let user = i64::try_from(caller).unwrap();
            let mut kept: Vec<TokenHash> = Vec::new();
            loop {
                let new = new(&random, user);
                let token = new.token;
                match store.create(new, &by_system(1)).await {
                    Ok(CreateOutcome::Created { .. }) => kept.push(token),
                    Ok(other) => panic!("{other:?}"),
                    Err(_) => return kept,
                }
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    while answered.load(Ordering::Relaxed) < 200 {
        tokio::task::yield_now().await;
    }
    postgres.crash().await;
    let kept = callers.join_all().await.concat();
    postgres.start_again().await;

    for token in &kept {
        assert!(store.load_by_token(token).await.unwrap().is_some());
    }
    // What was not answered was made or not, and nothing by halves.
    let live = usize::try_from(store.count_live().await.unwrap()).unwrap();
    let callers = usize::try_from(CALLERS).unwrap();
    assert!((kept.len()..=kept.len() + callers).contains(&live), "{live} of {}", kept.len());
    assert_eq!(usize::try_from(store.last_event_id().await.unwrap()).unwrap(), live);
    assert_eq!(verify_trail(&*store, |_| {}).await.unwrap().faults, []);
    store.create(new(&SeededRandom::new(99), 1), &by_system(2)).await.unwrap();
}
