//! The query of an address, with errors that name the field and never repeat the value.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::json::unknown_field;
use crate::problem::Problem;

/// What the query of an address asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueryInput<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for QueryInput<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(query)| Self(query))
            .map_err(|rejection| unreadable(&rejection))
    }
}

/// Finds the field in the text of a rejection. The rest may repeat the value, so it is left out.
fn unreadable(rejection: &QueryRejection) -> Problem {
    let text = rejection.body_text();
    let field = |name: &str| text.split_once(name)?.1.split('`').nth(1);
    let unknown = text.find("unknown field").and_then(|at| unknown_field(text.get(at..)?));
    if let Some(unknown) = unknown {
        return Problem::field(unknown, "is not known here");
    }
    if let Some(doubled) = field("duplicate field") {
        return Problem::field(doubled, "is there twice");
    }
    match text.split(": ").collect::<Vec<_>>()[..] {
        [_, name, _, ..] => Problem::field(name, "is not valid"),
        _ => Problem::field("", "the query is not valid"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        limit: Option<usize>,
        #[serde(default)]
        all: bool,
    }

    async fn read(query: &str) -> Result<Asked, String> {
        let request = Request::get(format!("/list?{query}")).body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        let input = QueryInput::from_request_parts(&mut parts, &()).await;
        input.map(|QueryInput(asked)| asked).map_err(|problem| {
            assert_eq!(problem.status(), 422);
            problem.detail
        })
    }

    /// Security: 16.5.1
    #[tokio::test]
    async fn errors_name_the_field_and_keep_the_value_to_themselves() {
        let asked = read("limit=7&all=true").await.unwrap();
        assert_eq!((asked.limit, asked.all), (Some(7), true));
        assert_eq!(read("").await.unwrap().limit, None);
        for (query, told) in [
            ("limit=canary", "limit: is not valid"),
            ("limit=-1", "limit: is not valid"),
            ("limit=99999999999999999999", "limit: is not valid"),
            ("all=canary", "all: is not valid"),
            ("all=a:+b:+c", "all: is not valid"),
            ("other=canary", "other: is not known here"),
            ("ot%60her=canary", "ot`her: is not known here"),
            ("limit=1&limit=2", "limit: is there twice"),
        ] {
            assert_eq!(read(query).await.unwrap_err(), told, "{query}");
        }
    }
}
