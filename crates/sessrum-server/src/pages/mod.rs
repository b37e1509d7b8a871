//! The pages that people see. They work without scripts; with them they follow the session. One file is one page: its template struct
//! stands beside its handlers; what they share is in `layout`.

mod assets;
mod confirm;
mod form;
mod home;
mod human_time;
mod layout;
mod login;
mod logout;
mod platforms;
mod problem;
mod security;
mod security_log;
mod sent_form;
mod sessions;
mod switch;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Redirect;
use axum::routing::{get, post};
use sessrum_core::Accounts;
use sessrum_web::{LARGEST_FORM, session_sync};

pub(crate) use form::FORM;
pub use problem::problem_page;

/// The address of a form, opened by itself, leads to the page that the form stands on.
const FORMS: [(&str, &str); 8] = [
    ("/logout", "/"),
    ("/account/sessions/end", "/account/sessions"),
    ("/account/sessions/end-others", "/account/sessions"),
    ("/account/platforms/switch", "/account/platforms"),
    ("/account/platforms/{id}/default", "/account/platforms"),
    ("/account/platforms/{id}/activate", "/account/platforms"),
    ("/account/platforms/{id}/deactivate", "/account/platforms"),
    ("/account/platforms/{id}/remove", "/account/platforms"),
];

/// Every page and what pages load.
///
/// Needs [`DatabaseSessionLayer`](sessrum_web::DatabaseSessionLayer) around it, and
/// [`CsrfGate`](sessrum_web::CsrfGate) with `/login` among its sign-in paths: the sign-in form
/// brings a token of its own. Who is not signed in gets a problem, which
/// [`Answers`](sessrum_web::Answers) turns into the way to `/login`.
pub fn router(accounts: Arc<Accounts>) -> Router {
    let lead_on = |router: Router<_>, (form, page)| {
        router.route(form, get(move || async move { Redirect::to(page) }))
    };
    FORMS
        .into_iter()
        .fold(Router::new(), lead_on)
        .route("/", get(home::show))
        .route("/login", get(login::show).post(login::submit))
        .route("/logout", post(logout::submit))
        .route("/account/confirm", get(confirm::show).post(confirm::submit))
        .route("/account/sessions", get(sessions::show))
        .route("/account/sessions/end", post(sessions::end))
        .route("/account/sessions/end-others", post(sessions::end_others))
        .route("/account/platforms", get(platforms::show).post(platforms::add))
        .route("/account/platforms/switch", post(switch::submit))
        .route("/account/platforms/{id}/default", post(platforms::make_default))
        .route("/account/platforms/{id}/activate", post(platforms::activate))
        .route("/account/platforms/{id}/deactivate", post(platforms::deactivate))
        .route("/account/platforms/{id}/remove", post(platforms::remove))
        .route("/account/security", get(security::show).post(security::change))
        .route("/assets/session-sync.js", get(session_sync))
        .route("/assets/{*path}", get(assets::show))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .with_state(accounts)
}
