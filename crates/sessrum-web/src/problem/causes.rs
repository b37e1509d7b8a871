use sessrum_core::store::StoreError;
use sessrum_core::{AccountError, EndReason, RandomError, SessionError, SessionValidationError};

use super::{Code, Problem};

impl From<&SessionValidationError> for Problem {
    fn from(error: &SessionValidationError) -> Self {
        match error {
            SessionValidationError::NotFound(_) => Self::new(Code::SessionNotFound),
            SessionValidationError::Expired(_) => Self::new(Code::SessionExpired),
            SessionValidationError::Ended(ended) => {
                let reason = ended.0.reason;
                Self { end_reason: Some(reason), ..Self::new(Code::SessionEnded) }
                    .with_detail(end_reason_text(reason))
            }
        }
    }
}

/// The sentence for a `reason` that the sign-in page is opened with: a code or an end reason.
/// Anything else has none, so that nobody can put words on the page by a link.
#[must_use]
pub fn reason_text(reason: &str) -> Option<&'static str> {
    match reason {
        "session_not_found" => Some("Please sign in to continue."),
        "session_expired" => Some("Your session has expired. Please sign in again."),
        _ => reason.parse().ok().map(end_reason_text),
    }
}

const fn end_reason_text(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Logout => "You are signed out.",
        EndReason::RevokedByUser => {
            "You signed this device out from another one. Please sign in again."
        }
        EndReason::RevokedByAdmin => "An administrator ended your session. Please sign in again.",
        EndReason::PasswordChanged => "Your password was changed. Please sign in with the new one.",
        EndReason::UserDisabled => "This account is disabled. Please ask an administrator.",
        EndReason::Evicted => {
            "You signed in on more devices than are allowed, so this one was signed out."
        }
        EndReason::FingerprintMismatch | EndReason::TokenReuse => {
            "For your safety this session was ended: it was used from another place. Please sign \
             in again, and change your password if that was not you."
        }
        EndReason::Expired => "Your session has expired. Please sign in again.",
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        tracing::error!(kind = ?error.kind(), cause, "{error}");
        Self { retry_after: Some(1), ..Self::new(Code::StoreUnavailable) }
    }
}

impl From<RandomError> for Problem {
    fn from(error: RandomError) -> Self {
        Self::from(&error)
    }
}

impl From<&RandomError> for Problem {
    fn from(error: &RandomError) -> Self {
        tracing::error!("{error}");
        Self::new(Code::InternalError)
    }
}

impl From<&SessionError> for Problem {
    fn from(error: &SessionError) -> Self {
        match error {
            SessionError::Invalid(error) => error.into(),
            SessionError::Store(error) => error.into(),
            SessionError::Random(error) => error.into(),
        }
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        Self::from(&error)
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Session(error) => error.into(),
            AccountError::Password(error) => {
                tracing::error!("{error}");
                Self::new(Code::InternalError)
            }
        }
    }
}
