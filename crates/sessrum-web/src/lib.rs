//! Sessions in an axum application: one cookie, one middleware, and what stands on them.
//!
//! [`DatabaseSessionLayer`] gives every request a [`RequestSession`], which loads the session's row
//! when it is first asked for, once. Handlers take it by an extractor ([`CurrentSession`],
//! `Option<CurrentSession>`, [`ObservedSession`]) or by a guard ([`RequirePlatform`],
//! [`RequireRole`], [`RequireFreshLogin`]); code below them by an [accessor](access). What goes
//! wrong is a [`Problem`], and [`Answers`] decides how it is told.

pub mod access;
mod answer;
pub mod api;
mod client;
mod cookie;
mod csrf;
mod extract;
mod guard;
mod json;
mod middleware;
mod origin;
mod problem;
mod query;
mod request_session;

pub use answer::{Answers, Audience, ProblemPage, RequestId};
pub use client::client_of;
pub use cookie::{SessionCookie, SessionCookieManager};
pub use csrf::CsrfGate;
pub use extract::{CurrentSession, ObservedSession, PathText};
pub use guard::{
    Admin, Moderator, RequireFreshLogin, RequirePlatform, RequireRole, RequiredRole, Reviewer,
    Viewer,
};
pub use json::JsonBody;
pub use middleware::{DatabaseSessionLayer, DatabaseSessionMiddleware};
pub use origin::{Origin, OriginError, local_path};
pub use problem::{Code, FieldError, Problem, reason_text};
pub use request_session::RequestSession;
