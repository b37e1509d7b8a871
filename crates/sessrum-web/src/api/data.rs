use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use sessrum_core::Timestamp;
use sessrum_core::store::{DataEntry, DataWrite, Precondition, PutOutcome, RemoveOutcome};
use utoipa::ToSchema;

use super::data_parameters::{DataKey, IfMatch, IfNoneMatch, LONGEST_KEY};
use super::documented::{Changing, Reading, Sending};
use crate::extract::{CurrentSession, PathText};
use crate::json::{JsonBody, read_body, require_json};
use crate::problem::{Code, Problem};
use crate::request_session::RequestSession;

/// One key of the session's data.
#[derive(Serialize, ToSchema)]
pub(super) struct Entry {
    key: String,
    /// Any JSON, as it was set.
    #[schema(value_type = serde_json::Value)]
    value: Box<RawValue>,
    /// What `If-Match` takes, in quotes.
    revision: i64,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// The session's data.
#[derive(Serialize, ToSchema)]
pub(super) struct Entries {
    entries: Vec<Entry>,
}

/// All of the session's data, by key.
#[utoipa::path(get, path = "/api/session/data", tag = "data", responses(
    (status = 200, body = Entries),
    Reading,
))]
pub(super) async fn list(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
) -> Result<JsonBody<Entries>, Problem> {
    let found = session.manager().store().list_data(context.session.id).await?;
    if found.is_empty() {
        // The data goes with its session, which may have ended meanwhile.
        session.look_again().await?;
    }
    let entries = found.into_iter().map(entry).collect::<Result<_, _>>()?;
    Ok(JsonBody(Entries { entries }))
}

fn entry(found: DataEntry) -> Result<Entry, Problem> {
    let DataEntry { key, value, revision, updated_at } = found;
    let value = RawValue::from_string(value).map_err(|error| {
        tracing::error!(key, "stored data is no JSON: {error}");
        Problem::new(Code::InternalError)
    })?;
    Ok(Entry { key, value, revision, updated_at })
}

/// One key's value, with its revision as `ETag`.
#[utoipa::path(get, path = "/api/session/data/{key}", tag = "data",
params(DataKey), responses(
    (status = 200, description = "The value as it was set.", content_type = "application/json",
        headers(("ETag" = String, description = "The revision in quotes"))),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
    Reading,
))]
pub(super) async fn get(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(key): PathText,
) -> Result<Response, Problem> {
    check_key(&key)?;
    let found = session.manager().store().data(context.session.id, &key).await?;
    let Some(found) = found else {
        session.look_again().await?;
        return Err(missing());
    };
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json), etag(found.revision)], found.value).into_response())
}

/// Sets a key. With `If-Match` only if its revision is still that one, with `If-None-Match: *` only
/// if it is new.
#[utoipa::path(put, path = "/api/session/data/{key}", tag = "data",
params(DataKey, IfMatch, IfNoneMatch),
request_body(content = serde_json::Value, description = "Any JSON"), responses(
    (status = 201, description = "The key is new.",
        headers(("ETag" = String, description = "The revision in quotes"))),
    (status = 204, description = "The key is set.",
        headers(("ETag" = String, description = "The revision in quotes"))),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    Sending,
))]
pub(super) async fn put(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(key): PathText,
    request: Request,
) -> Result<Response, Problem> {
    check_key(&key)?;
    require_json(request.headers())?;
    let precondition = precondition(request.headers())?;
    let body = read_body(request, &()).await?;
    let value = serde_json::from_slice::<&RawValue>(&body).map_err(|error| {
        let at = format!("no JSON: line {}, column {}", error.line(), error.column());
        Problem::field("", at).with_status(StatusCode::BAD_REQUEST)
    })?;
    let manager = session.manager();
    let write = DataWrite {
        key: &key,
        value: value.get(),
        precondition,
        cap: manager.policy().data_bytes_per_session,
        at: manager.now(),
    };
    match manager.store().put_data(context.session.id, write).await? {
        PutOutcome::Stored { revision, created } => {
            let status = if created { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
            Ok((status, [etag(revision)]).into_response())
        }
        PutOutcome::Conflict(current) => Err(conflict(current)),
        PutOutcome::TooLarge => Err(Problem::new(Code::PayloadTooLarge).with_detail(format!(
            "A session holds at most {} bytes of data.",
            manager.policy().data_bytes_per_session
        ))),
        PutOutcome::Gone => Err(gone(&session).await),
    }
}

/// Removes a key, with `If-Match` only if its revision is still that one.
#[utoipa::path(delete, path = "/api/session/data/{key}", tag = "data",
params(DataKey, IfMatch), responses(
    (status = 204, description = "It is gone."),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
    Changing,
))]
pub(super) async fn remove(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PathText(key): PathText,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    check_key(&key)?;
    let precondition = precondition(&headers)?;
    let store = session.manager().store();
    match store.remove_data(context.session.id, &key, precondition).await? {
        RemoveOutcome::Removed => Ok(StatusCode::NO_CONTENT),
        RemoveOutcome::Missing => Err(missing()),
        RemoveOutcome::Conflict(current) => Err(conflict(current)),
        RemoveOutcome::Gone => Err(gone(&session).await),
    }
}

/// Why there is no session to write to.
async fn gone(session: &RequestSession) -> Problem {
    session.look_again().await.err().unwrap_or_else(|| Problem::new(Code::SessionNotFound))
}

fn check_key(key: &str) -> Result<(), Problem> {
    if key.chars().count() <= LONGEST_KEY && !key.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Problem::field("key", format!("must be at most {LONGEST_KEY} characters without controls")))
}

/// One `If-Match` revision, `If-Match: *`, `If-None-Match: *`, or nothing (RFC 9110, 13.1).
fn precondition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    let text = |name| {
        let mut values = headers.get_all(name).iter();
        let first = values.next()?;
        // Several are none that can be told apart.
        let only = values.next().map_or(first.to_str().ok(), |_| None);
        Some(only.unwrap_or_default().trim())
    };
    match (text(header::IF_MATCH), text(header::IF_NONE_MATCH)) {
        (None, None) => Ok(Precondition::None),
        (None, Some("*")) => Ok(Precondition::Absent),
        (Some("*"), None) => Ok(Precondition::Present),
        (Some(tag), None) => tag
            .strip_prefix('"')
            .and_then(|tag| tag.strip_suffix('"'))
            .and_then(|tag| tag.parse::<i64>().ok().filter(|revision| revision.to_string() == tag))
            .map(Precondition::Revision)
            .ok_or_else(|| bad_precondition("If-Match", "must be one ETag of this key, or *")),
        (_, Some(_)) => Err(bad_precondition("If-None-Match", "must be *, without If-Match")),
    }
}

fn bad_precondition(name: &str, message: &str) -> Problem {
    Problem::field(name, message).with_status(StatusCode::BAD_REQUEST)
}

fn conflict(current: Option<i64>) -> Problem {
    let detail = match current {
        Some(revision) => format!("The key has the revision \"{revision}\" now."),
        None => "The key does not exist.".to_owned(),
    };
    Problem::new(Code::RevisionConflict)
        .with_status(StatusCode::PRECONDITION_FAILED)
        .with_detail(detail)
}

fn missing() -> Problem {
    Problem::new(Code::NotFound).with_detail("The session has no data under this key.")
}

fn etag(revision: i64) -> (HeaderName, HeaderValue) {
    let quoted = HeaderValue::try_from(format!("\"{revision}\""));
    (header::ETAG, quoted.unwrap_or_else(|_| HeaderValue::from(revision)))
}
