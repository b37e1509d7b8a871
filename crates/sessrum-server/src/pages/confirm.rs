use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sessrum_core::{Accounts, SessionContext};
use sessrum_web::{CurrentSession, Problem, RequestSession, local_path};
use zeroize::Zeroizing;

use super::form::{FormBody, PageQuery};
use super::layout::{Frame, page};

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    frame: Frame,
    next: String,
    /// What is wrong with the password; empty at first.
    error: &'static str,
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
    ask(&session, &context, &query.next, StatusCode::OK, "")
}

/// Takes the password and goes on: the session is fresh and has a new token.
pub(super) async fn submit(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    State(accounts): State<Arc<Accounts>>,
    FormBody(form): FormBody<ConfirmForm>,
) -> Result<Response, Problem> {
    let renewed = accounts.reauthenticate(&context, &form.password, session.client()).await?;
    let Some(renewed) = renewed else {
        let error = "The password is not right.";
        return ask(&session, &context, &form.next, StatusCode::FORBIDDEN, error);
    };
    session.renew(renewed.token, renewed.context);
    Ok(Redirect::to(local_path(&form.next).unwrap_or("/")).into_response())
}

fn ask(
    session: &RequestSession,
    context: &SessionContext,
    next: &str,
    status: StatusCode,
    error: &'static str,
) -> Result<Response, Problem> {
    let template = ConfirmPage {
        frame: Frame::signed_in(session, context, "/account/confirm")?,
        next: local_path(next).unwrap_or("/").to_owned(),
        error,
    };
    page(status, &template)
}
