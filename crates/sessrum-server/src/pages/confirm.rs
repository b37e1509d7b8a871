use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sessrum_core::{Accounts, SessionContext};
use sessrum_web::api::prove_again;
use sessrum_web::{Code, CurrentSession, Problem, RequestSession, local_path};
use zeroize::Zeroizing;

use super::form::{FormBody, PageQuery};
use super::layout::{Frame, come_back_in, page};

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    frame: Frame,
    next: String,
    /// What is wrong with the password; empty at first.
    error: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ConfirmQuery {
    next: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ConfirmForm {
    password: Zeroizing<String>,
    next: String,
}

/// Asks for the password before something that needs it.
pub(super) async fn show(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PageQuery(query): PageQuery<ConfirmQuery>,
) -> Result<Response, Problem> {
    ask(&session, &context, &query.next, StatusCode::OK, String::new())
}

/// Takes the password and goes on: the session is fresh and has a new token.
pub(super) async fn submit(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    State(accounts): State<Arc<Accounts>>,
    FormBody(form): FormBody<ConfirmForm>,
) -> Result<Response, Problem> {
    let proved = prove_again(&accounts, &context, &session, &form.password).await;
    let Err(problem) = proved else {
        return Ok(Redirect::to(local_path(&form.next).unwrap_or("/")).into_response());
    };
    if !matches!(problem.code, Code::InvalidCredentials | Code::RateLimited) {
        return Err(problem);
    }
    let (status, retry_after) = (problem.status(), problem.retry_after);
    let again = ask(&session, &context, &form.next, status, problem.detail)?;
    Ok(come_back_in(again, retry_after))
}

fn ask(
    session: &RequestSession,
    context: &SessionContext,
    next: &str,
    status: StatusCode,
    error: String,
) -> Result<Response, Problem> {
    let next = local_path(next).unwrap_or("/");
    let template = ConfirmPage {
        frame: Frame::signed_in(session, context, "/account/confirm")?.on_the_way_to(next),
        next: next.to_owned(),
        error,
    };
    page(status, &template.frame, &template)
}
