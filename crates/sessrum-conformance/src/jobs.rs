//! Jobs that one process at a time does.

use sessrum_core::UserId;
use sessrum_core::store::JobClaim;

use crate::Fixture;
use crate::fixture::{MANY, at};

/// Waits until nobody has the turn.
async fn claimed(store: &Fixture) -> JobClaim {
    loop {
        if let Some(claim) = store.claim_jobs().await.unwrap() {
            return claim;
        }
        tokio::task::yield_now().await;
    }
}

pub async fn one_at_a_time_has_the_turn_until_it_is_given_back(store: Fixture) {
    for _ in 0..2 {
        let claim = claimed(&store).await;
        assert!(store.claim_jobs().await.unwrap().is_none());
        drop(claim);
    }
}

pub async fn of_many_that_claim_at_once_one_has_the_turn(store: Fixture) {
    let claims =
        store.race(MANY, |store, _| async move { store.claim_jobs().await.unwrap() }).await;
    assert_eq!(claims.iter().flatten().count(), 1);
}

pub async fn a_turn_holds_up_nobody_who_changes_something(store: Fixture) {
    let _claim = claimed(&store).await;
    store.session(&UserId::from(1), 1).await;
    assert_eq!(store.count_live().await.unwrap(), 1);
}

pub async fn the_last_clean_up_that_succeeded_is_known(store: Fixture) {
    assert_eq!(store.last_clean_up().await.unwrap(), None);
    // Whatever a clock says that was set back.
    for seconds in [2, 3, 1] {
        store.note_clean_up(at(seconds)).await.unwrap();
        assert_eq!(store.last_clean_up().await.unwrap(), Some(at(seconds)));
    }
}
