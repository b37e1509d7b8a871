use askama::Template;
use axum::response::{IntoResponse, Response};
use sessrum_web::{Code, Problem, RequestSession};

use super::layout::{Frame, come_back_in, page, with_next};
use super::sent_form::{is_worth_showing, sent_form_page};

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: Frame,
    status: u16,
    title: &'a str,
    detail: &'a str,
    request_id: Option<&'a str>,
    /// What the way on is called, and where it leads.
    way_on: &'static str,
    address: String,
}

/// The page that tells a person of a problem. Whose session was loaded keeps the navigation.
#[must_use]
pub fn problem_page(
    problem: &Problem,
    here: Option<&str>,
    session: Option<&RequestSession>,
) -> Response {
    let frame = session.and_then(signed_in).unwrap_or_else(Frame::plain);
    let frame = Frame { opened_from: Some(here.unwrap_or("/").to_owned()), ..frame };
    if let Some(form) = problem.sent_form.as_ref().filter(|form| is_worth_showing(form)) {
        return sent_form_page(problem, form, here, frame);
    }
    let (way_on, address) = way_on(problem.code, here);
    let template = ProblemPage {
        frame,
        status: problem.status().as_u16(),
        title: problem.title(),
        detail: words(problem),
        request_id: problem.request_id.as_deref(),
        way_on,
        address,
    };
    match page(problem.status(), &template.frame, &template) {
        Ok(response) => come_back_in(response, problem.retry_after),
        Err(_) => problem.clone().into_response(),
    }
}

fn signed_in(session: &RequestSession) -> Option<Frame> {
    Frame::signed_in(session, &*session.read_context()?, "").ok()
}

/// Some details are for programs; people are told in other words.
fn words(problem: &Problem) -> &str {
    match problem.code {
        Code::CsrfFailed => {
            "Nothing has been changed yet: you have signed in again since you opened that page. Go \
             back to it and try once more."
        }
        Code::OriginRejected => {
            "Nothing was changed: the form was not sent from this site. Open the page here and try \
             again."
        }
        Code::ReauthenticationRequired => "This needs your password once more.",
        _ => &problem.detail,
    }
}

/// Where it is not known which page was open, the start page is the way on.
fn way_on(code: Code, here: Option<&str>) -> (&'static str, String) {
    let back = here.unwrap_or("/");
    let (label, address) = match code {
        Code::SessionNotFound | Code::SessionExpired | Code::SessionEnded => ("Sign in", "/login"),
        Code::ReauthenticationRequired => {
            return ("Confirm your password", with_next("/account/confirm", back));
        }
        Code::PlatformRequired => ("Connect a platform", "/account/platforms"),
        Code::StoreUnavailable | Code::InternalError | Code::RateLimited => ("Try again", back),
        Code::CsrfFailed => ("Back to the page", back),
        _ => ("Go to the start page", "/"),
    };
    (label, address.to_owned())
}
