//! An answer, and what tests say of it.

use std::fmt::Write as _;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use serde_json::Value;

use super::invariants::SECURITY_HEADERS;

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    cookie_name: &'static str,
}

impl Answer {
    pub(super) async fn of(response: Response, cookie_name: &'static str) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status, headers: parts.headers, body, cookie_name }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    /// The body, which must be JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body's part at a JSON pointer, such as `/session/handle`, as text.
    #[track_caller]
    pub(crate) fn at(&self, pointer: &str) -> String {
        match self.json().pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => panic!("there is no {pointer}: {self:?}"),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// All that it has by this name.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// It worked.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert!(self.status.is_success(), "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// It is this problem.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status.as_u16(), self.at("/code").as_str()), (status, code), "{self:?}");
        self
    }

    /// The session ended for this reason.
    #[track_caller]
    pub(crate) fn ended(self, reason: &str) -> Self {
        let answer = self.problem(401, "session_ended");
        assert_eq!(answer.at("/end_reason"), reason);
        answer
    }

    /// Exactly this field is wrong.
    #[track_caller]
    pub(crate) fn invalid(self, field: &str) -> Self {
        let answer = self.problem(422, "validation_failed");
        let errors = answer.json();
        assert_eq!(errors["errors"].as_array().map(Vec::len), Some(1), "{answer:?}");
        assert_eq!(errors["errors"][0]["field"], field, "{answer:?}");
        answer
    }

    /// The `Set-Cookie` lines.
    pub(crate) fn set_cookies(&self) -> Vec<&str> {
        let lines = self.headers.get_all(header::SET_COOKIE).iter();
        lines.map(|line| line.to_str().unwrap()).collect()
    }

    /// The token that the answer brings, if it brings one.
    pub(crate) fn token(&self) -> Option<String> {
        let line = self.set_cookies().into_iter().next()?;
        let cookie = cookie::Cookie::parse(line).unwrap();
        (cookie.name() == self.cookie_name && !cookie.value().is_empty())
            .then(|| cookie.value().to_owned())
    }

    /// The answer leaves the cookie alone.
    #[track_caller]
    pub(crate) fn keeps_cookie(self) -> Self {
        assert!(self.set_cookies().is_empty(), "{self:?}");
        self
    }

    /// The answer takes the cookie away.
    #[track_caller]
    pub(crate) fn clears_cookie(self) -> Self {
        let name = self.cookie_name;
        let [line] = self.set_cookies()[..] else { panic!("{self:?}") };
        assert!(line.starts_with(&format!("{name}=;")) && line.contains("; Max-Age=0"), "{line}");
        self
    }

    /// The answer brings a token.
    #[track_caller]
    pub(crate) fn sets_cookie(self) -> Self {
        assert!(self.token().is_some() && self.set_cookies().len() == 1, "{self:?}");
        self
    }

    /// The whole answer for a snapshot, with a name in the place of each random thing.
    pub(crate) fn shown(&self) -> String {
        let mut text = format!("{}\n", self.status);
        let is_told = |name: &HeaderName| {
            *name != header::CONTENT_LENGTH
                // They are the same in all answers.
                && !SECURITY_HEADERS.iter().any(|(of_all, _)| name == of_all)
        };
        let mut headers: Vec<_> = self.headers.iter().filter(|(name, _)| is_told(name)).collect();
        headers.sort_by_key(|(name, _)| name.as_str());
        for (name, value) in headers {
            writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
        if let Ok(body) = serde_json::from_slice::<Value>(&self.body) {
            writeln!(text, "\n{body:#}").unwrap();
            for (pointer, name) in [("/session/handle", "[handle]"), ("/csrf_token", "[csrf]")] {
                if let Some(Value::String(random)) = body.pointer(pointer) {
                    text = text.replace(random, name);
                }
            }
        } else {
            writeln!(text, "\n{}", self.text()).unwrap();
        }
        for (random, name) in [
            (self.header("x-request-id").map(str::to_owned), "[request]"),
            (self.token(), "[token]"),
        ] {
            if let Some(random) = random {
                text = text.replace(&random, name);
            }
        }
        text
    }
}
