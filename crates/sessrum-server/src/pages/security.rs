use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sessrum_core::{Accounts, LONGEST_PASSWORD, SHORTEST_PASSWORD, SessionContext};
use sessrum_web::api::change_password;
use sessrum_web::{Code, CurrentSession, Problem, RequestSession};
use zeroize::Zeroizing;

use super::form::{FieldErrors, FormBody, PageQuery};
use super::human_time::Moment;
use super::layout::{Frame, Notice, come_back_in, page};
use super::security_log::{self, SecurityLog};

const HERE: &str = "/account/security";

#[derive(Template)]
#[template(path = "security.html")]
struct SecurityPage {
    frame: Frame,
    username: String,
    /// When the password last changed; `None` when the user signs in elsewhere.
    changed: Option<Moment>,
    errors: FieldErrors,
    log: SecurityLog,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SecurityQuery {
    done: String,
    /// The last entry of the log on the page before.
    before: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PasswordForm {
    current_password: Zeroizing<String>,
    new_password: Zeroizing<String>,
    new_password_again: Zeroizing<String>,
}

/// The password, and what happened to the account.
pub(super) async fn show(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    PageQuery(query): PageQuery<SecurityQuery>,
) -> Result<Response, Problem> {
    let notice = (query.done == "password_changed").then_some(Notice::done(
        "Your password is changed. All your other devices are signed out.",
    ));
    let log = security_log::read(&session, &context, query.before).await?;
    security(&session, &context, StatusCode::OK, notice, FieldErrors::default(), log).await
}

/// Changes the password.
pub(super) async fn change(
    CurrentSession(context): CurrentSession,
    session: RequestSession,
    State(accounts): State<Arc<Accounts>>,
    FormBody(form): FormBody<PasswordForm>,
) -> Result<Response, Problem> {
    let (current, new) = (&form.current_password, &form.new_password);
    let outcome = if *new == form.new_password_again {
        change_password(&accounts, &context, &session, current, new).await.map(drop)
    } else {
        Err(Problem::field("new_password_again", "it is not the same as the new password"))
    };
    let problem = match outcome {
        Ok(()) => {
            return Ok(Redirect::to("/account/security?done=password_changed").into_response());
        }
        Err(problem) => problem,
    };
    let (status, retry_after) = (problem.status(), problem.retry_after);
    let errors = match problem.code {
        Code::InvalidCredentials | Code::RateLimited => {
            FieldErrors::one("current_password", problem.detail)
        }
        Code::ValidationFailed => FieldErrors::worded(problem.errors, "Please try again:"),
        _ => return Err(problem),
    };
    let notice = Notice::failed("Your password is unchanged. See below what to correct.");
    let log = security_log::read(&session, &context, None).await?;
    let again = security(&session, &context, status, Some(notice), errors, log).await?;
    Ok(come_back_in(again, retry_after))
}

async fn security(
    session: &RequestSession,
    context: &SessionContext,
    status: StatusCode,
    notice: Option<Notice>,
    errors: FieldErrors,
    log: SecurityLog,
) -> Result<Response, Problem> {
    let manager = session.manager();
    let facts = manager.directory().find_for_sign_in(&context.user.username).await?;
    let changed = facts.filter(|facts| facts.password_hash.is_some());
    let template = SecurityPage {
        frame: Frame::signed_in(session, context, HERE)?.with_notice(notice),
        username: context.user.username.clone(),
        changed: changed.map(|facts| Moment::seen_from(manager.now(), facts.password_changed_at)),
        errors,
        log,
    };
    page(status, &template.frame, &template)
}
