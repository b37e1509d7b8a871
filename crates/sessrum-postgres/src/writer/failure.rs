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

impl Failure {
    /// Whether it is safe, and of use, to make the same changes again at once.
    pub(super) fn can_be_tried_again(&self) -> bool {
        let is_safe = matches!(self.stage, Stage::Waiting | Stage::Undone);
        let is_of_use = self.error.ends_connection() || self.error.is_transient();
        is_safe && is_of_use && !matches!(self.error, Error::TimedOut)
    }

    /// Whether any of the changes may be what failed, and others be made without it.
    pub(super) fn is_of_one(&self) -> bool {
        self.stage == Stage::Undone && !self.error.concerns_everyone()
    }

    /// Whether changes that wait behind these would fail as well.
    pub(super) fn concerns_others(&self) -> bool {
        self.stage != Stage::Unknown && !self.is_of_one()
    }

    /// Whether nobody else can do better now.
    pub(super) const fn is_of_all(&self) -> bool {
        matches!(self.stage, Stage::Nowhere | Stage::Waiting)
    }
}
