//! Attempts of one account go one after the other.
//!
//! An attempt counts as a failure until it turns out to be right. So of several right ones at the
//! same moment the later would be refused for the earlier. In a lane they wait for each other; and
//! as there are few lanes, few attempts from one address are ever undecided.

use tokio::sync::{Mutex, MutexGuard};

use crate::throttle::Attempt;

/// Each account has its lane, and shares it with others.
pub(crate) struct Lanes(Vec<Mutex<()>>);

impl Lanes {
    /// A few more lanes than passwords are hashed at once, so that as a rule as many are.
    pub(crate) fn beside(at_once: usize) -> Self {
        Self((0..at_once.saturating_add(3)).map(|_| Mutex::new(())).collect())
    }

    /// Waits until the attempts before this one are decided.
    pub(crate) async fn enter(&self, attempt: &Attempt) -> Option<MutexGuard<'_, ()>> {
        let [a, b, ..] = attempt.account.0;
        let number = usize::from(u16::from_be_bytes([a, b]));
        let lane = number.checked_rem(self.0.len()).and_then(|index| self.0.get(index))?;
        Some(lane.lock().await)
    }
}
