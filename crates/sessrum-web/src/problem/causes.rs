use std::time::Duration;

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

impl Problem {
    /// A password that is not looked at, after too many failures: 429 with an honest `Retry-After`.
    #[must_use]
    pub fn too_many_failures(wait: Duration) -> Self {
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
        Self {
            retry_after: Some(u32::try_from(seconds).unwrap_or(u32::MAX)),
            ..Self::new(Code::RateLimited).with_detail(too_many_failures_text(seconds))
        }
    }
}

/// Waits of more than an hour are of accounts that need somebody's help.
fn too_many_failures_text(seconds: u64) -> String {
    let (count, unit) = match seconds {
        ..120 => (seconds, "second"),
        120..=3_600 => (seconds.div_ceil(60), "minute"),
        _ => {
            return "There were too many wrong passwords. Sign in from where you have signed in \
                    before, or ask an administrator for a new password."
                .to_owned();
        }
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("There were too many wrong passwords. Please try again in {count} {unit}{plural}.")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_in_words() {
        let told = |wait| Problem::too_many_failures(wait);
        for (millis, seconds, words) in [
            (1, 1, "in 1 second."),
            (1_000, 1, "in 1 second."),
            (1_001, 2, "in 2 seconds."),
            (119_000, 119, "in 119 seconds."),
            (120_000, 120, "in 2 minutes."),
            (120_001, 121, "in 3 minutes."),
            (900_000, 900, "in 15 minutes."),
            (7_776_000_000, 7_776_000, "ask an administrator"),
        ] {
            let problem = told(Duration::from_millis(millis));
            assert_eq!(problem.retry_after, Some(seconds));
            assert!(problem.detail.contains(words), "{}", problem.detail);
        }
        assert_eq!(told(Duration::MAX).retry_after, Some(u32::MAX));
    }
}
