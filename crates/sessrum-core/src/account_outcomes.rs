use std::time::Duration;

use crate::error::SessionError;
use crate::identity::UserId;
use crate::manager::Renewed;
use crate::password::PasswordError;
use crate::password_rule::PasswordRule;
use crate::store::{EndedSession, StoreError};
use crate::user_rule::UserRule;

/// A verb did not get through.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The session or the database stood in the way.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// Hashing did.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> Self {
        Self::Session(error.into())
    }
}

/// What came of proving again who one is.
#[derive(Debug)]
pub enum Reauthenticated {
    /// It is the user: the session is fresh and has a new token.
    Renewed(Box<Renewed>),
    /// The password is another.
    Wrong,
    /// There were too many failures, so the password was not looked at.
    TooManyFailures {
        /// How long to wait for the next attempt.
        wait: Duration,
    },
}

/// What came of a request to change a password.
#[derive(Debug)]
pub enum PasswordChanged {
    /// It is changed. The others' sessions ended; the own one has a new token.
    Changed(Box<Renewed>),
    /// The current password is another.
    Wrong,
    /// There were too many failures, so the current password was not looked at.
    TooManyFailures {
        /// How long to wait for the next attempt.
        wait: Duration,
    },
    /// The new one may not be chosen.
    Unfit(PasswordRule),
    /// The application keeps its users' passwords itself, in its own directory.
    NotKeptHere,
}

/// What came of giving a user another password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordSet {
    /// It is changed, and these sessions ended.
    Changed(Vec<EndedSession>),
    /// It may not be chosen.
    Unfit(PasswordRule),
    /// There is no such user.
    UserUnknown,
}

/// What came of a request to add a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserAdded {
    /// The key.
    Added(UserId),
    /// Someone has this name.
    UsernameTaken,
    /// Someone has this address.
    EmailTaken,
    /// The name or the address does not do.
    UserUnfit(UserRule),
    /// The password may not be chosen.
    PasswordUnfit(PasswordRule),
}
