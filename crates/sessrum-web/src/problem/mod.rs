//! What can go wrong, in the words of RFC 9457.

mod causes;
mod code;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use sessrum_core::EndReason;
use utoipa::ToSchema;

use crate::json::JsonBody;
use crate::sent_form::SentForm;

pub use causes::reason_text;
pub use code::Code;

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
    /// The form that was refused for its token, for the page that shows it once more.
    #[serde(skip)]
    pub sent_form: Option<Box<SentForm>>,
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
            sent_form: None,
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
        let mut response = (self.status(), JsonBody(&self)).into_response();
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
