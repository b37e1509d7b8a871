use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sessrum_core::{Accounts, PasswordSignIn, SessionContext};
use sessrum_web::api::sign_in;
use sessrum_web::{Code, Problem, RequestSession, local_path, reason_text};
use zeroize::Zeroizing;

use super::form::{FormBody, PageQuery};
use super::layout::{Frame, Notice, come_back_in, page};

const STALE: &str = "This form had been open for too long. Please try again.";

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    frame: Frame,
    csrf_token: String,
    username: String,
    remember: bool,
    next: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LoginQuery {
    reason: String,
    next: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LoginForm {
    username: String,
    password: Zeroizing<String>,
    csrf_token: String,
    next: String,
    remember: Option<String>,
}

/// The sign-in page. Whoever is signed in goes on.
pub(super) async fn show(
    session: RequestSession,
    PageQuery(query): PageQuery<LoginQuery>,
) -> Result<Response, Problem> {
    let next = local_path(&query.next).unwrap_or("/");
    if session.observe_if_signed_in().await?.is_some() {
        return Ok(Redirect::to(next).into_response());
    }
    let manager = session.manager();
    let template = LoginPage {
        frame: Frame::signed_out(&session)?
            .with_notice(reason_text(&query.reason).map(Notice::info)),
        csrf_token: manager.csrf_key().form_token(manager.now()),
        username: String::new(),
        remember: false,
        next: next.to_owned(),
    };
    page(StatusCode::OK, &template.frame, &template)
}

/// Signs in and goes on.
pub(super) async fn submit(
    session: RequestSession,
    State(accounts): State<Arc<Accounts>>,
    FormBody(mut form): FormBody<LoginForm>,
) -> Result<Response, Problem> {
    let next = local_path(&form.next).unwrap_or("/").to_owned();
    let password = std::mem::take(&mut form.password);
    let manager = session.manager();
    let outcome = if manager.csrf_key().verify_form_token(&form.csrf_token, manager.now()) {
        let sign_in_form = PasswordSignIn {
            username: form.username.clone(),
            password,
            platform_id: None,
            remember: form.remember.is_some(),
        };
        sign_in(&accounts, sign_in_form, &session)
            .await
            .map(|context| Redirect::to(&way_on(&context, &next)))
    } else {
        go_on_if_signed_in(&session, &form.username, &next).await
    };
    match outcome {
        Ok(redirect) => Ok(redirect.into_response()),
        Err(problem) => again(&session, form, next, problem),
    }
}

/// Who has no platform yet and is on no errand connects one first.
fn way_on(context: &SessionContext, next: &str) -> String {
    match (&context.platform, next) {
        (None, "/") => "/account/platforms".to_owned(),
        (_, next) => next.to_owned(),
    }
}

/// A form that is too old may have been sent twice, or in another tab: then nothing is left to do.
async fn go_on_if_signed_in(
    session: &RequestSession,
    username: &str,
    next: &str,
) -> Result<Redirect, Problem> {
    match session.observe_if_signed_in().await? {
        Some(context) if context.user.username == username => Ok(Redirect::to(next)),
        _ => Err(Problem::new(Code::CsrfFailed).with_detail(STALE)),
    }
}

/// The form once more, with what was typed but the password.
fn again(
    session: &RequestSession,
    form: LoginForm,
    next: String,
    problem: Problem,
) -> Result<Response, Problem> {
    if !matches!(
        problem.code,
        Code::CsrfFailed | Code::InvalidCredentials | Code::RateLimited | Code::StoreUnavailable
    ) {
        return Err(problem);
    }
    let manager = session.manager();
    let (status, retry_after) = (problem.status(), problem.retry_after);
    let template = LoginPage {
        frame: Frame::signed_out(session)?.with_notice(Some(Notice::failed(problem.detail))),
        csrf_token: manager.csrf_key().form_token(manager.now()),
        username: form.username,
        remember: form.remember.is_some(),
        next,
    };
    Ok(come_back_in(page(status, &template.frame, &template)?, retry_after))
}
