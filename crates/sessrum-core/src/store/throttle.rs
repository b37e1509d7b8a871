use async_trait::async_trait;

use super::StoreError;
use crate::throttle::{Admission, Attempt, Mark, ThrottleRules};
use crate::time::Timestamp;

/// The counters of sign-in attempts. What they mean is decided by [`ThrottleRules`]; a store loads
/// the counters of an attempt, asks the rules, and keeps what they made of them, in one step: of
/// attempts at the same time no more are admitted than of attempts in a row.
#[async_trait]
pub trait ThrottleStore: Send + Sync + 'static {
    /// Judges an attempt by [`ThrottleRules::admit`] and counts it if it is admitted.
    async fn begin_attempt(
        &self,
        attempt: &Attempt,
        rules: &ThrottleRules,
        now: Timestamp,
    ) -> Result<Admission, StoreError>;

    /// Takes back an attempt whose password was right, by [`ThrottleRules::succeed`].
    async fn attempt_succeeded(
        &self,
        attempt: &Attempt,
        rules: &ThrottleRules,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Forgets all that was counted of an account, and the places it has signed in from.
    async fn forget_attempts(&self, account: Mark) -> Result<(), StoreError>;

    /// Removes counters that mean nothing at `now`, at most `limit`; how many.
    async fn delete_forgotten_attempts(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError>;
}
