//! JSON in, with errors that name the field and never repeat the value, and JSON out.

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::media_type;
use crate::problem::{Code, Problem};
use crate::request_session::RequestSession;

/// A JSON body, of a request or of an answer. Only `application/json` is taken: browsers cannot be made
/// to send that from another site without asking first. `Option<JsonBody<T>>` is `None` for a request
/// without a body.
#[derive(Clone, Copy, Debug)]
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        require_json(request.headers())?;
        let bytes = read_body(request, state).await?;
        parse(&bytes).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        if request.body().is_end_stream() && !request.headers().contains_key(header::CONTENT_TYPE) {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state).await.map(Some)
    }
}

/// Room for most answers, in bytes: text that outgrows its room is moved.
const ROOM: usize = 1024;

impl<T: Serialize> IntoResponse for JsonBody<T> {
    fn into_response(self) -> Response {
        let mut text = Vec::with_capacity(ROOM);
        if let Err(error) = serde_json::to_writer(&mut text, &self.0) {
            tracing::error!("an answer cannot be written as JSON: {error}");
            let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
            // Not written here: that takes JSON, too.
            response.extensions_mut().insert(Problem::new(Code::InternalError));
            return response;
        }
        let mut response = Response::new(Body::from(text));
        let media_type = HeaderValue::from_static(media_type::JSON);
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        response
    }
}

/// Refuses anything that is not declared to be JSON.
///
/// # Errors
/// [`Code::UnsupportedMediaType`].
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    if media_type::is(headers, media_type::JSON) {
        Ok(())
    } else {
        Err(Problem::new(Code::UnsupportedMediaType))
    }
}

/// The whole body, up to the router's limit.
///
/// # Errors
/// [`Code::PayloadTooLarge`], [`Code::ValidationFailed`] when it breaks off, or what became of the
/// session while the body was on its way.
pub(crate) async fn read_body<S: Send + Sync>(
    request: Request,
    state: &S,
) -> Result<Bytes, Problem> {
    let session = request.extensions().get::<RequestSession>().cloned();
    let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(broken)
            if broken.status() == StatusCode::PAYLOAD_TOO_LARGE =>
        {
            Problem::new(Code::PayloadTooLarge)
        }
        _ => broken_body(),
    })?;
    if let Some(session) = session {
        session.look_again().await?;
    }
    Ok(bytes)
}

/// The problem of a body that does not arrive whole.
pub(crate) fn broken_body() -> Problem {
    Problem::field("", "the body broke off").with_status(StatusCode::BAD_REQUEST)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // An array of values would pass for an object without names.
    if bytes.trim_ascii_start().first().is_some_and(|byte| b"[\"tfn-0123456789".contains(byte)) {
        return Err(Problem::field("", "must be an object"));
    }
    let mut input = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut input).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            named(&path, &inner.to_string())
        } else {
            let at = format!("no JSON: line {}, column {}", inner.line(), inner.column());
            Problem::field("", at).with_status(StatusCode::BAD_REQUEST)
        }
    })?;
    input.end().map_err(|_| {
        Problem::field("", "there is more after the JSON").with_status(StatusCode::BAD_REQUEST)
    })?;
    Ok(value)
}

/// The name in serde's "unknown field `a`, expected one of `b`, `c`". It may hold anything, what is
/// expected after it may not.
pub(crate) fn unknown_field(text: &str) -> Option<&str> {
    let (unknown, _) = text.strip_prefix("unknown field `")?.rsplit_once("`, expected ")?;
    Some(unknown)
}

/// Turns serde's text into a field and what is wrong with it, leaving out the value: it may be a
/// password in the wrong place.
fn named(path: &str, text: &str) -> Problem {
    let path = if path == "." { "" } else { path };
    let quoted = text.split('`').nth(1).unwrap_or_default();
    if let Some(unknown) = unknown_field(text) {
        let parent = path.strip_suffix(unknown).unwrap_or(path);
        Problem::field(format!("{parent}{unknown}"), "is not known here")
    } else if text.starts_with("missing field") {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
        Problem::field(format!("{prefix}{quoted}"), "is missing")
    } else if text.starts_with("duplicate field") {
        Problem::field(quoted, "is there twice")
    } else {
        let expected = text.rsplit("expected ").next().unwrap_or_default();
        let expected = match expected.split(" at line").next().unwrap_or_default() {
            "i64" => "a whole number",
            other => other,
        };
        Problem::field(path, format!("must be {expected}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[expect(dead_code, reason = "only parsed")]
        username: String,
        #[expect(dead_code, reason = "only parsed")]
        remember: Option<bool>,
        #[expect(dead_code, reason = "only parsed")]
        revision: Option<i64>,
    }

    fn errors(json: &str) -> (u16, String, String) {
        let problem = parse::<Form>(json.as_bytes()).unwrap_err();
        let error = &problem.errors[0];
        (problem.status().as_u16(), error.field.clone(), error.message.clone())
    }

    /// Security: 16.5.1
    #[test]
    fn errors_name_the_field_and_keep_the_value_to_themselves() {
        let row = |status, field: &str, message: &str| (status, field.into(), message.into());
        assert_eq!(errors(r"{}"), row(422, "username", "is missing"));
        assert_eq!(errors(r#"{"username":"a","x":1}"#), row(422, "x", "is not known here"));
        assert_eq!(errors(r#"{"a`b":1}"#), row(422, "a`b", "is not known here"));
        assert_eq!(errors(r#"{"username":["hunter2"]}"#), row(422, "username", "must be a string"));
        assert_eq!(
            errors(r#"{"username":"a","remember":"hunter2"}"#),
            row(422, "remember", "must be a boolean")
        );
        for number in ["\"hunter2\"", "1.5", "9223372036854775808"] {
            assert_eq!(
                errors(&format!(r#"{{"username":"a","revision":{number}}}"#)),
                row(422, "revision", "must be a whole number")
            );
        }
        assert_eq!(errors(r#"{"username":"#), row(400, "", "no JSON: line 1, column 12"));
        assert_eq!(errors(r#"{"username":"a"} x"#).0, 400);
        for other in ["[1]", "[]", "null", "\"a\"", "7"] {
            assert_eq!(errors(other), row(422, "", "must be an object"));
        }
    }
}
