use std::fmt;

use async_trait::async_trait;

use super::StoreError;
use crate::time::Timestamp;

/// The turn to do jobs, had until this is dropped.
pub struct JobClaim {
    _held_by: Box<dyn Send>,
}

impl JobClaim {
    /// A turn that ends when `guard` is dropped.
    #[must_use]
    pub fn held_by(guard: impl Send + 'static) -> Self {
        Self { _held_by: Box::new(guard) }
    }
}

impl fmt::Debug for JobClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobClaim(…)")
    }
}

/// Jobs that one process at a time does, of all that use a database.
#[async_trait]
pub trait JobStore: Send + Sync + 'static {
    /// Takes the turn to do jobs; `None` when another has it. When a process ends in the middle of its
    /// turn, or its machine is gone, another can take it within the time that the store states.
    ///
    /// Two that do a job at once all the same do no harm: each change is made once.
    async fn claim_jobs(&self) -> Result<Option<JobClaim>, StoreError>;

    /// When a clean-up last succeeded, whoever made it; `None`: never.
    async fn last_clean_up(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Notes that a clean-up has succeeded.
    async fn note_clean_up(&self, at: Timestamp) -> Result<(), StoreError>;
}
