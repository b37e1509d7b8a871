//! Why a request has no session.

use crate::random::RandomError;
use crate::session::Ended;
use crate::store::StoreError;

/// The request's session is not valid. The database said so; a database that cannot be asked is a
/// [`StoreError`], never this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionValidationError {
    /// No such session.
    #[error(transparent)]
    NotFound(#[from] SessionNotFoundError),
    /// It is over by age or idleness.
    #[error(transparent)]
    Expired(#[from] SessionExpiredError),
    /// It was ended.
    #[error(transparent)]
    Ended(#[from] SessionEndedError),
}

/// The cookie belongs to no session, or there is no cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such session")]
pub struct SessionNotFoundError;

/// The session was idle too long or reached its absolute end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session has expired")]
pub struct SessionExpiredError;

/// The session was ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session was ended: {}", .0.reason)]
pub struct SessionEndedError(pub Ended);

/// A verb of the manager did not get through.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The session is not valid.
    #[error(transparent)]
    Invalid(#[from] SessionValidationError),
    /// The database could not say.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness to be had, so nothing can be issued.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl From<SessionNotFoundError> for SessionError {
    fn from(error: SessionNotFoundError) -> Self {
        Self::Invalid(error.into())
    }
}

impl From<SessionExpiredError> for SessionError {
    fn from(error: SessionExpiredError) -> Self {
        Self::Invalid(error.into())
    }
}

impl From<SessionEndedError> for SessionError {
    fn from(error: SessionEndedError) -> Self {
        Self::Invalid(error.into())
    }
}
