use axum::http::StatusCode;
use serde::Serialize;
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
    /// The request came by plain http to a site that is https.
    HttpsRequired,
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
    pub(super) const fn row(self) -> (&'static str, StatusCode, &'static str, &'static str) {
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
                "Wrong username or password.",
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
            Self::HttpsRequired => (
                "https_required",
                S::FORBIDDEN,
                "Not by plain http",
                "This site is served by https alone. What was sent has gone over the network in \
                 clear: use https, and another password if there was one.",
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
                "Sessions are out of reach right now. Please try again in a moment.",
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
