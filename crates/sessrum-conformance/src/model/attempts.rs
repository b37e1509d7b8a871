use std::time::Duration;

use proptest::prelude::*;
use sessrum_core::Timestamp;
use sessrum_core::store::Store;
use sessrum_core::throttle::{Admission, Attempt, Mark, Place, ThrottleRules};

use super::answers::text;

/// A verb of the throttle with its arguments.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the fields are the arguments of the verbs")]
pub enum AttemptOperation {
    Try { attempt: Attempt, succeeds: bool },
    Forget { account: Mark },
    DeleteForgotten,
}

/// Limits that a sequence reaches.
fn rules() -> ThrottleRules {
    ThrottleRules {
        free_at_place: 2,
        free_in_all: 4,
        most_failures: 6,
        longest_wait: Duration::from_secs(30),
        address_burst: 3,
        address_refill: Duration::from_secs(20),
        remembered_for: Duration::from_mins(5),
    }
}

fn mark(numbers: std::ops::Range<u8>) -> impl Strategy<Value = Mark> {
    numbers.prop_map(|number| Mark([number; 16]))
}

pub(super) fn operation() -> impl Strategy<Value = AttemptOperation> {
    let place = prop_oneof![
        6 => mark(1..4).prop_map(Place::Address),
        1 => Just(Place::Nowhere),
        1 => mark(11..13).prop_map(Place::Session),
    ];
    let tried = (mark(1..3), place, proptest::bool::weighted(0.1));
    prop_oneof![
        12 => tried.prop_map(|(account, place, succeeds)| {
            AttemptOperation::Try { attempt: Attempt { account, place }, succeeds }
        }),
        1 => mark(1..3).prop_map(|account| AttemptOperation::Forget { account }),
        1 => Just(AttemptOperation::DeleteForgotten),
    ]
}

pub(super) async fn answer(
    operation: AttemptOperation,
    store: &dyn Store,
    now: Timestamp,
) -> String {
    match operation {
        AttemptOperation::Try { attempt, succeeds } => {
            let admission = store.begin_attempt(&attempt, &rules(), now).await;
            if succeeds && matches!(admission, Ok(Admission::Admitted)) {
                return text(store.attempt_succeeded(&attempt, &rules(), now).await);
            }
            text(admission)
        }
        AttemptOperation::Forget { account } => text(store.forget_attempts(account).await),
        AttemptOperation::DeleteForgotten => text(store.delete_forgotten_attempts(now, 3).await),
    }
}
