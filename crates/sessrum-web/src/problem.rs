//! What can go wrong, in the words of RFC 9457.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use sessrum_core::store::StoreError;
use sessrum_core::{AccountError, EndReason, RandomError, SessionError, SessionValidationError};
use utoipa::ToSchema;

/// The stable name of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// No session, or an unknown one.
    SessionNotFound,
    /// Idle too long or too old.
    SessionExpired,
    /// Ended before its time; `end_reason` says why.
    SessionEnded,
    /// The name and password do not go together.
    InvalidCredentials,
    /// Too many attempts; `Retry-After` says when to come back.
    RateLimited,
    /// No or a wrong CSRF token.
    CsrfFailed,
    /// The request comes from another site.
    OriginRejected,
    /// The user must prove again who they are.
    ReauthenticationRequired,
    /// The role does not allow it.
    Forbidden,
    /// No platform is connected yet, or the request needs another kind.
    PlatformRequired,
    /// The platform is not the user's, or not active.
    PlatformNotFound,
    /// Someone changed it first.
    RevisionConflict,
    /// The input is wrong; `errors` names the fields.
    ValidationFailed,
    /// The input is too large.
    PayloadTooLarge,
    /// The database cannot be asked. Nothing is known about the session.
    StoreUnavailable,
    /// There is nothing here.
    NotFound,
    /// The address does not take this method.
    MethodNotAllowed,
    /// The input is not in a form that is understood here.
    UnsupportedMediaType,
    /// The server failed.
    InternalError,
}

impl Code {
    /// The name as sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    #[expect(clippy::too_many_lines, reason = "it is a table")]
    const fn row(self) -> (&'static str, StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::SessionNotFound => (
                "session_not_found",
                S::UNAUTHORIZED,
                "Not signed in",
                "Please sign in to continue.",
            ),
            Self::SessionExpired => (
                "session_expired",
                S::UNAUTHORIZED,
                "Session expired",
                "Your session has expired. Please sign in again.",
            ),
            Self::SessionEnded => (
                "session_ended",
                S::UNAUTHORIZED,
                "Session ended",
                "Your session was ended. Please sign in again.",
            ),
            Self::InvalidCredentials => (
                "invalid_credentials",
                S::UNAUTHORIZED,
                "Wrong name or password",
                "The name and the password do not go together.",
            ),
            Self::RateLimited => (
                "rate_limited",
                S::TOO_MANY_REQUESTS,
                "Too many attempts",
                "Please wait a moment before you try again.",
            ),
            Self::CsrfFailed => (
                "csrf_failed",
                S::FORBIDDEN,
                "Form out of date",
                "The request carries no valid X-CSRF-Token. Reload the page and try again.",
            ),
            Self::OriginRejected => (
                "origin_rejected",
                S::FORBIDDEN,
                "Request from another site",
                "The request does not come from this site. Programs send Origin with the public URL.",
            ),
            Self::ReauthenticationRequired => (
                "reauthentication_required",
                S::FORBIDDEN,
                "Please confirm your password",
                "Confirm your password first: POST /api/session/reauthenticate.",
            ),
            Self::Forbidden => {
                ("forbidden", S::FORBIDDEN, "Not allowed", "Your role does not allow this.")
            }
            Self::PlatformRequired => (
                "platform_required",
                S::FORBIDDEN,
                "No platform connected",
                "Connect a platform first.",
            ),
            Self::PlatformNotFound => (
                "platform_not_found",
                S::NOT_FOUND,
                "No such platform",
                "You have no active platform with this id.",
            ),
            Self::RevisionConflict => (
                "revision_conflict",
                S::CONFLICT,
                "Changed elsewhere",
                "The session was changed elsewhere first. Look at its state and try again.",
            ),
            Self::ValidationFailed => (
                "validation_failed",
                S::UNPROCESSABLE_ENTITY,
                "Invalid input",
                "Some of the input is not valid.",
            ),
            Self::PayloadTooLarge => (
                "payload_too_large",
                S::PAYLOAD_TOO_LARGE,
                "Too large",
                "The input is larger than is allowed here.",
            ),
            Self::StoreUnavailable => (
                "store_unavailable",
                S::SERVICE_UNAVAILABLE,
                "Temporarily unavailable",
                "Sessions cannot be read right now. Please try again in a moment.",
            ),
            Self::NotFound => {
                ("not_found", S::NOT_FOUND, "Not found", "There is nothing at this address.")
            }
            Self::MethodNotAllowed => (
                "method_not_allowed",
                S::METHOD_NOT_ALLOWED,
                "Method not allowed",
                "This address does not take this method.",
            ),
            Self::UnsupportedMediaType => (
                "unsupported_media_type",
                S::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported media type",
                "Send the input as application/json.",
            ),
            Self::InternalError => (
                "internal_error",
                S::INTERNAL_SERVER_ERROR,
                "Something went wrong",
                "The server could not do this. The request's id helps to find out why.",
            ),
        }
    }
}

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where, as in `platforms[0].name`; empty for the whole body.
    pub field: String,
    /// What is wrong. Never holds the value.
    pub message: String,
}

/// A code, as its URI.
#[derive(Clone, Copy, Debug)]
struct Kind(Code);

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("urn:sessrum:problem:{}", self.0.as_str()))
    }
}

/// A code, as its title.
#[derive(Clone, Copy, Debug)]
struct Title(Code);

impl Serialize for Title {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.row().2)
    }
}

/// A problem, as `application/problem+json`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A URI that names the kind of problem.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: Kind,
    /// The kind, for people.
    #[schema(value_type = String)]
    title: Title,
    /// The HTTP status.
    status: u16,
    /// What happened and what to do.
    pub detail: String,
    /// The stable name.
    pub code: Code,
    /// Names this request in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Why the session ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub end_reason: Option<EndReason>,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// How it is now, where someone changed it first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub current: Option<Box<RawValue>>,
    /// Seconds after which to try again.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// The problem of this code, in its usual words.
    #[must_use]
    pub fn new(code: Code) -> Self {
        let (_, status, _, detail) = code.row();
        Self {
            kind: Kind(code),
            title: Title(code),
            status: status.as_u16(),
            detail: detail.to_owned(),
            code,
            request_id: None,
            end_reason: None,
            errors: Vec::new(),
            current: None,
            retry_after: None,
        }
    }

    /// Input that is wrong in one field.
    #[must_use]
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let error = FieldError { field: field.into(), message: message.into() };
        let detail = if error.field.is_empty() {
            error.message.clone()
        } else {
            format!("{}: {}", error.field, error.message)
        };
        Self { detail, errors: vec![error], ..Self::new(Code::ValidationFailed) }
    }

    /// With other words.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// With another status than the code's own.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status.as_u16();
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The kind, for people.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.code.row().2
    }

    /// Whether signing in is what it takes.
    #[must_use]
    pub const fn asks_to_sign_in(&self) -> bool {
        matches!(self.code, Code::SessionNotFound | Code::SessionExpired | Code::SessionEnded)
    }
}

impl IntoResponse for Problem {
    /// The JSON answer; the problem itself goes along as an extension for [`Answers`](crate::Answers).
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

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
        EndReason::Logout => "You signed out. Please sign in again.",
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
