//! The problems that routes share, for their OpenAPI descriptions.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{
    Content, Header, HeaderBuilder, Object, Ref, RefOr, Response, ResponseBuilder,
};
use utoipa::{IntoResponses, ToSchema};

use crate::problem::Problem;

macro_rules! problems {
    ($(#[$doc:meta])* $name:ident: $($status:literal)+) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$($status),+].into_iter().map(problem).collect()
            }
        }
    };
}

problems!(
    /// Of whatever reads a session.
    Reading: 401 403 500 503
);
problems!(
    /// Of lists that not everyone may read.
    Listing: 401 403 422 500 503
);
problems!(
    /// Of unsafe requests without a body.
    Changing: 401 403 415 500 503
);
problems!(
    /// Of unsafe requests with a JSON body.
    Sending: 400 401 403 413 415 422 500 503
);
problems!(
    /// Of whatever takes a password, and of streams; it says when to come back.
    TooMany: 429
);

fn problem(status: u16) -> (String, RefOr<Response>) {
    let status = status.to_string();
    let schema = Ref::from_schema_name(Problem::name());
    let mut response = ResponseBuilder::new();
    if matches!(status.as_str(), "429" | "503") {
        response = response.header("Retry-After", seconds());
    }
    let response = response
        .description(words(&status))
        .content("application/problem+json", Content::new(Some(schema)))
        .build();
    (status, RefOr::T(response))
}

/// The usual words for a status.
pub(super) fn words(status: &str) -> &'static str {
    status.parse().ok().and_then(|status: StatusCode| status.canonical_reason()).unwrap_or_default()
}

fn seconds() -> Header {
    let schema = Object::builder().schema_type(Type::Integer).build();
    HeaderBuilder::new().schema(Some(schema)).description(Some("Seconds to wait.")).build()
}
