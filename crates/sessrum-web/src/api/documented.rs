//! The problems that routes share, for their OpenAPI descriptions.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
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
    Reading: 401 500 503
);
problems!(
    /// Of lists that not everyone may read.
    Listing: 401 403 422 500 503
);
problems!(
    /// Of unsafe requests without a body.
    Changing: 401 403 500 503
);
problems!(
    /// Of unsafe requests with a JSON body.
    Sending: 400 401 403 413 415 422 500 503
);

fn problem(status: u16) -> (String, RefOr<Response>) {
    let words = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let schema = Ref::from_schema_name(Problem::name());
    let response = ResponseBuilder::new()
        .description(words.unwrap_or_default())
        .content("application/problem+json", Content::new(Some(schema)))
        .build();
    (status.to_string(), RefOr::T(response))
}
