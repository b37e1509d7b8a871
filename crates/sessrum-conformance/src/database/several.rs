//! Many callers at once on two stores over one database, as two instances have them.

use std::sync::Arc;

use sessrum_core::store::{NewSession, Store};
use sessrum_core::{EndReason, UserId, verify_trail};
use tokio::task::JoinSet;

use crate::Fixture;
use crate::fixture::change;

const WRITERS: i64 = 64;
const ROUNDS: u64 = 20;

/// What one has answered the other has, whoever else writes and reads.
pub async fn two_lose_nothing_and_never_stand_in_each_others_way(
    one: Arc<dyn Store>,
    other: Arc<dyn Store>,
) {
    let one = Fixture::from(one);
    let other = one.beside(other);
    let mut tasks = JoinSet::new();
    for user in 0..WRITERS {
        let (one, other) = (one.clone(), other.clone());
        tasks.spawn(async move {
            for round in 0..ROUNDS {
                // None is evicted.
                let new = NewSession { cap: 1_000, ..one.new_session(&user.into()) };
                let token = new.token;
                let session = one.created(new, round).await.0;
                assert_eq!(one.loaded(&token).await.session, session);
                if round % 4 == 0 {
                    let reason = EndReason::RevokedByAdmin;
                    let ended = other.end(session.id, reason, &change(round)).await.unwrap();
                    assert!(ended.is_some());
                    assert!(one.loaded(&token).await.session.ended.is_some());
                }
            }
        });
    }
    for _ in 0..4 {
        let one = one.clone();
        tasks.spawn(async move {
            for user in (0..WRITERS).cycle().take(500) {
                one.list_for_user(&UserId::from(user)).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let created = WRITERS.unsigned_abs() * ROUNDS;
    let ended = created / 4;
    assert_eq!(one.count_live().await.unwrap(), created - ended);
    assert_eq!(one.trail().await.len() as u64, created + ended);
    assert_eq!(verify_trail(&*one, |_| {}).await.unwrap().faults, []);
}
