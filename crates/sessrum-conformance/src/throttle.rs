//! Counting attempts to sign in. What the counts mean is tested with the rules, in the core.

use std::time::Duration;

use sessrum_core::throttle::{Admission, Attempt, Mark, Place, ThrottleRules};

use crate::Fixture;
use crate::fixture::{MANY, at, count};

const ACCOUNT: Mark = Mark([1; 16]);

fn attempt(account: Mark, address: u8) -> Attempt {
    Attempt { account, place: Place::Address(Mark([address; 16])) }
}

/// An attempt from this address.
fn from(address: u8) -> Attempt {
    attempt(ACCOUNT, address)
}

/// Two failures at a place, four in all, three from an address in a minute.
fn rules() -> ThrottleRules {
    ThrottleRules {
        free_at_place: 2,
        free_in_all: 4,
        most_failures: 6,
        longest_wait: Duration::from_secs(8),
        address_burst: 3,
        address_refill: Duration::from_mins(1),
        remembered_for: Duration::from_hours(1),
    }
}

/// How many seconds to wait; 0 when the failure is counted.
async fn fail(store: &Fixture, attempt: &Attempt, seconds: u64) -> u64 {
    match store.begin_attempt(attempt, &rules(), at(seconds)).await.unwrap() {
        Admission::Admitted => 0,
        Admission::Refused { retry_at } => retry_at.since(at(seconds)).as_secs(),
    }
}

async fn succeed(store: &Fixture, attempt: &Attempt, seconds: u64) {
    assert_eq!(fail(store, attempt, seconds).await, 0);
    store.attempt_succeeded(attempt, &rules(), at(seconds)).await.unwrap();
}

pub async fn failures_at_a_place_are_counted_until_a_success(store: Fixture) {
    assert_eq!((fail(&store, &from(1), 0).await, fail(&store, &from(1), 0).await), (0, 0));
    assert_eq!(fail(&store, &from(1), 0).await, 1);
    // What is refused is not counted.
    assert_eq!(fail(&store, &from(1), 0).await, 1);
    succeed(&store, &from(1), 1).await;
    assert_eq!((fail(&store, &from(1), 200).await, fail(&store, &from(1), 200).await), (0, 0));
    assert_eq!(fail(&store, &from(1), 200).await, 1);
}

pub async fn failures_of_an_account_are_counted_over_all_places(store: Fixture) {
    for address in 1..=4 {
        assert_eq!(fail(&store, &from(address), 0).await, 0);
    }
    assert_eq!(fail(&store, &from(5), 0).await, 1);
    let nowhere = Attempt { account: ACCOUNT, place: Place::Nowhere };
    assert_eq!(fail(&store, &nowhere, 0).await, 1);
    assert_eq!(fail(&store, &attempt(Mark([2; 16]), 5), 0).await, 0);
}

pub async fn failures_of_an_address_are_counted_over_all_accounts(store: Fixture) {
    for account in 1..=3 {
        assert_eq!(fail(&store, &attempt(Mark([account; 16]), 9), 0).await, 0);
    }
    assert_eq!(fail(&store, &attempt(Mark([4; 16]), 9), 0).await, 60);
    assert_eq!(fail(&store, &attempt(Mark([4; 16]), 8), 0).await, 0);
    assert_eq!(fail(&store, &attempt(Mark([4; 16]), 9), 60).await, 0);
}

pub async fn a_place_is_known_after_a_success(store: Fixture) {
    succeed(&store, &from(1), 0).await;
    for address in 2..=5 {
        fail(&store, &from(address), 1).await;
    }
    assert_eq!(fail(&store, &from(6), 1).await, 1);
    assert_eq!(fail(&store, &from(1), 1).await, 0);
}

pub async fn a_session_is_counted_apart_and_leaves_nothing_after_a_success(store: Fixture) {
    let session = Attempt { account: ACCOUNT, place: Place::Session(Mark([77; 16])) };
    assert_eq!((fail(&store, &session, 0).await, fail(&store, &session, 0).await), (0, 0));
    assert_eq!(fail(&store, &session, 0).await, 1);
    assert_eq!(fail(&store, &from(7), 0).await, 0);
    succeed(&store, &session, 1).await;
    // The address has its three counters.
    assert_eq!(store.delete_forgotten_attempts(at(9_999), 99).await.unwrap(), 3);
}

pub async fn an_account_is_forgotten_with_its_places_alone(store: Fixture) {
    let other = attempt(Mark([2; 16]), 1);
    for attempt in [from(1), from(1), other, from(2), from(3)] {
        assert_eq!(fail(&store, &attempt, 0).await, 0);
    }
    assert_eq!(fail(&store, &from(4), 0).await, 1);
    store.forget_attempts(ACCOUNT).await.unwrap();
    assert_eq!(fail(&store, &from(4), 0).await, 0);
    assert_eq!(fail(&store, &from(1), 0).await, 60, "the address is forgotten too");
    assert_eq!(fail(&store, &from(1), 60).await, 0, "the place is not forgotten");
    assert_eq!(fail(&store, &attempt(Mark([2; 16]), 5), 0).await, 0);
    assert_eq!(fail(&store, &attempt(Mark([2; 16]), 5), 0).await, 0);
    assert_eq!(fail(&store, &attempt(Mark([2; 16]), 5), 0).await, 1, "others are forgotten");
}

pub async fn counters_that_mean_nothing_go_by_limit(store: Fixture) {
    fail(&store, &from(1), 0).await;
    fail(&store, &from(2), 10).await;
    // The address's own counter goes first: it is over when the failure is sat out.
    assert_eq!(store.delete_forgotten_attempts(at(59), 99).await.unwrap(), 0);
    assert_eq!(store.delete_forgotten_attempts(at(60), 99).await.unwrap(), 1);
    assert_eq!(store.delete_forgotten_attempts(at(3_599), 99).await.unwrap(), 1);
    assert_eq!(store.delete_forgotten_attempts(at(3_600), 99).await.unwrap(), 1);
    assert_eq!(store.delete_forgotten_attempts(at(3_610), 1).await.unwrap(), 1);
    assert_eq!(store.delete_forgotten_attempts(at(3_610), 1).await.unwrap(), 1);
    assert_eq!(store.delete_forgotten_attempts(at(9_999), 1).await.unwrap(), 0);
}

/// Security: 6.3.1, 15.4.2, abuse 25
pub async fn attempts_at_once_are_admitted_as_attempts_in_a_row(store: Fixture) {
    let outcomes = store.race(MANY, |store, _| async move { fail(&store, &from(1), 0).await });
    assert_eq!(count(&outcomes.await, |wait| *wait == 0), 2);
    let from_everywhere = store.race(MANY, |store, index| async move {
        let address = 100 + u8::try_from(index).unwrap();
        fail(&store, &from(address), 0).await
    });
    assert_eq!(count(&from_everywhere.await, |wait| *wait == 0), 2);
}
