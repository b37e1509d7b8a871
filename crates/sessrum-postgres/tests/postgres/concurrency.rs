//! Many callers at once, on two instances.

use std::sync::Arc;

use sessrum_core::store::{DataStore as _, DataWrite, Precondition, PutOutcome, SessionStore as _};
use sessrum_core::{EndReason, verify_trail};

use crate::support::{TestStore, at, by_system};

const WRITERS: i64 = 64;
const ROUNDS: i64 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_instances_lose_nothing_and_never_stand_in_each_others_way() {
    let test = Arc::new(TestStore::new().await);
    let other = Arc::new(test.beside().await);
    let mut tasks = tokio::task::JoinSet::new();
    for user in 0..WRITERS {
        let (test, other) = (Arc::clone(&test), Arc::clone(&other));
        tasks.spawn(async move {
            for round in 0..ROUNDS {
                let new = test.new_session(user);
                let token = new.token;
                let session = test.sign_in(new, round).await;
                let loaded = test.load_by_token(&token).await.unwrap().unwrap();
                assert_eq!(loaded.session, session);
                if round % 4 == 0 {
                    let ended =
                        other.end(session.id, EndReason::RevokedByAdmin, &by_system(round)).await;
                    assert!(ended.unwrap().is_some());
                    let loaded = test.load_by_token(&token).await.unwrap().unwrap();
                    assert!(loaded.session.ended.is_some());
                }
            }
        });
    }
    for _ in 0..4 {
        let test = Arc::clone(&test);
        tasks.spawn(async move {
            for user in (0..WRITERS).cycle().take(500) {
                test.list_for_user(&user.into()).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
    }
    tasks.join_all().await;
    let created = WRITERS * ROUNDS;
    let ended = created / 4;
    assert_eq!(i64::try_from(test.count_live().await.unwrap()).unwrap(), created - ended);
    let events = test.trail().await;
    assert!(events.iter().map(|event| event.id).eq(1..=created + ended));
    assert_eq!(verify_trail(&test.store, |_| {}).await.unwrap().faults, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_cap_holds_whoever_wins_the_race() {
    let test = Arc::new(TestStore::new().await);
    let mut tasks = tokio::task::JoinSet::new();
    for second in 0..50 {
        let test = Arc::clone(&test);
        tasks.spawn(async move {
            let mut new = test.new_session(7);
            new.cap = 3;
            test.sign_in(new, second).await
        });
    }
    tasks.join_all().await;
    assert_eq!(test.list_for_user(&7.into()).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writes_of_different_keys_both_stay_and_of_one_key_one_wins() {
    let test = Arc::new(TestStore::new().await);
    let session = test.sign_in(test.new_session(1), 0).await.id;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..50 {
        let test = Arc::clone(&test);
        tasks.spawn(async move {
            let key = format!("key {number}");
            let write = |key, precondition| DataWrite {
                key,
                value: "true",
                precondition,
                cap: 10_000,
                at: at(1),
            };
            test.put_data(session, write(&key, Precondition::None)).await.unwrap();
            test.put_data(session, write("shared", Precondition::Absent)).await.unwrap()
        });
    }
    let outcomes = tasks.join_all().await;
    let won = outcomes.iter().filter(|outcome| matches!(outcome, PutOutcome::Stored { .. }));
    assert_eq!(won.count(), 1);
    let entries = test.list_data(session).await.unwrap();
    assert_eq!(entries.len(), 51);
    let mut revisions: Vec<_> = entries.iter().map(|entry| entry.revision).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=51).collect::<Vec<_>>());
}
