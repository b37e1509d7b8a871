//! What a browser sends along with a page's address or form.

use std::convert::Infallible;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use sessrum_web::{Code, FieldError, Problem, RequestSession};

/// What pages send.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// The query of a page. One that cannot be read says nothing: the page is shown anyway.
pub(super) struct PageQuery<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned + Default> FromRequestParts<S> for PageQuery<T> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = Query::try_from_uri(&parts.uri).map(|Query(query)| query);
        Ok(Self(query.unwrap_or_default()))
    }
}

/// A form. That it is declared as one is for [`CsrfGate`](sessrum_web::CsrfGate) to see to.
pub(super) struct FormBody<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequest<S> for FormBody<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Problem> {
        // `Form` knows its type in lower case alone.
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(FORM));
        let session = request.extensions().get::<RequestSession>().cloned();
        let Form(form) = Form::from_request(request, state).await.map_err(unreadable)?;
        if let Some(session) = session {
            session.look_again().await?;
        }
        Ok(Self(form))
    }
}

/// The rejection's own text may repeat a value.
fn unreadable(rejection: FormRejection) -> Problem {
    match rejection {
        other if other.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(Code::PayloadTooLarge)
        }
        _ => Problem::new(Code::ValidationFailed)
            .with_status(StatusCode::BAD_REQUEST)
            .with_detail("The form could not be read."),
    }
}

/// What is wrong with the fields of a form, to be said beside each.
#[derive(Default)]
pub(super) struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// One field is wrong.
    pub(super) fn one(field: &str, message: impl Into<String>) -> Self {
        Self(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }

    /// The same errors in words that stand by themselves, such as "This must have …".
    pub(super) fn worded(errors: Vec<FieldError>, prefix: &str) -> Self {
        let worded = |error: FieldError| FieldError {
            message: format!("{prefix} {}.", error.message),
            ..error
        };
        Self(errors.into_iter().map(worded).collect())
    }

    /// What is wrong with a field; empty when nothing is.
    pub(super) fn of(&self, field: &str) -> &str {
        self.0.iter().find(|error| error.field == field).map_or("", |error| &error.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stands_beside_its_own_field_and_in_a_sentence() {
        let problem = Problem::field("name", "must have 1 to 200 characters");
        let errors = FieldErrors::worded(problem.errors, "This");
        assert_eq!(errors.of("name"), "This must have 1 to 200 characters.");
        assert_eq!(errors.of("username"), "");
    }
}
