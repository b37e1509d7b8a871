use askama::Template;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use sessrum_web::{Code, Problem};

use super::layout::{Frame, page};

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: Frame,
    status: u16,
    title: &'a str,
    detail: &'a str,
    request_id: Option<&'a str>,
    /// A label and where it leads.
    way_on: (&'static str, &'static str),
}

/// The page that tells a person of a problem.
#[must_use]
pub fn problem_page(problem: &Problem) -> Response {
    let template = ProblemPage {
        frame: Frame::signed_out(),
        status: problem.status().as_u16(),
        title: problem.title(),
        detail: words(problem),
        request_id: problem.request_id.as_deref(),
        way_on: way_on(problem.code),
    };
    let Ok(mut response) = page(problem.status(), &template) else {
        return problem.clone().into_response();
    };
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// Some details are for programs; people are told in other words.
fn words(problem: &Problem) -> &str {
    match problem.code {
        Code::CsrfFailed => {
            "Nothing was changed: the page had been open for too long, or you have signed in again \
             since. Go back, reload the page and try again."
        }
        Code::OriginRejected => {
            "Nothing was changed: the form was not sent from this site. Open the page here and try \
             again."
        }
        Code::ReauthenticationRequired => "This needs your password once more.",
        _ => &problem.detail,
    }
}

const fn way_on(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::SessionNotFound | Code::SessionExpired | Code::SessionEnded => ("Sign in", "/login"),
        Code::ReauthenticationRequired => ("Confirm your password", "/account/confirm"),
        Code::PlatformRequired => ("Connect a platform", "/account/platforms"),
        Code::StoreUnavailable | Code::InternalError | Code::RateLimited => ("Try again", ""),
        _ => ("Go to the start page", "/"),
    }
}
