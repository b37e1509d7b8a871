use crate::error::Error;

/// Why a transaction was not committed.
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) stage: Stage,
}

/// How far a transaction came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The server was not reached.
    Nowhere,
    /// The turn to write did not come.
    Waiting,
    /// Nothing was committed.
    Undone,
    /// It may have been committed.
    Unknown,
}

/// Whose changes a failure is told to.
pub(super) enum Concerns {
    /// One of them, without which the others may be made.
    One,
    /// Those that were taken into the transaction.
    Taken,
    /// Those that wait behind these as well.
    Batch,
    /// Whoever came meanwhile, too: nobody can do better now.
    Everyone,
}

impl Failure {
    /// Whether it is safe, and of use, to make the same changes again at once.
    pub(super) fn can_be_tried_again(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Undone)
            && !matches!(self.error, Error::TimedOut)
            && (self.error.ends_connection() || self.error.is_transient())
    }

    pub(super) fn concerns(&self) -> Concerns {
        match self.stage {
            Stage::Nowhere | Stage::Waiting => Concerns::Everyone,
            Stage::Undone if self.error.concerns_everyone() => Concerns::Batch,
            Stage::Undone => Concerns::One,
            Stage::Unknown => Concerns::Taken,
        }
    }
}
