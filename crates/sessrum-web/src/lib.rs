//! Sessions in an axum application: one cookie, one middleware, and what stands on them.
//!
//! [`DatabaseSessionLayer`] gives every request a [`RequestSession`], which loads the session's row
//! when it is first asked for, once. Handlers take it by an extractor ([`CurrentSession`],
//! `Option<CurrentSession>`, [`ObservedSession`]) or by a guard ([`RequirePlatform`],
//! [`RequireRole`], [`RequireFreshLogin`]); code below them by an [accessor](access). What goes
//! wrong is a [`Problem`], and [`Answers`] decides how it is told. [`CsrfGate`] keeps requests of
//! other sites out, [`SecurityHeaders`] makes browsers careful. [`SESSION_SYNC`] keeps pages that are
//! open in step.

pub mod access;
mod answer;
pub mod api;
mod client;
mod cookie;
mod csrf;
mod extract;
mod guard;
mod json;
mod media_type;
mod middleware;
mod origin;
mod problem;
mod proxy;
mod query;
mod request_id;
mod request_session;
mod security_headers;
mod sent_form;
mod session_sync;

pub use answer::{Answers, AnswersMiddleware, Audience, ProblemPage};
pub use client::{client_of, first_language};
pub use cookie::{SessionCookie, SessionCookieManager};
pub use csrf::{CsrfGate, CsrfGateMiddleware, LARGEST_FORM};
pub use extract::{CurrentSession, ObservedSession, PathText};
pub use guard::{
    Admin, Moderator, RequireFreshLogin, RequirePlatform, RequireRole, RequiredRole, Reviewer,
    Viewer,
};
pub use json::JsonBody;
pub use middleware::{DatabaseSessionLayer, DatabaseSessionMiddleware};
pub use origin::{Origin, OriginError, local_path};
pub use problem::{Code, FieldError, Problem, reason_text};
pub use proxy::{ProxyGate, ProxyGateMiddleware, TrustedProxies, TrustedProxiesError};
pub use request_id::RequestId;
pub use request_session::RequestSession;
pub use security_headers::{ScriptNonce, SecurityHeaders, SecurityHeadersMiddleware};
pub use sent_form::SentForm;
pub use session_sync::{SESSION_SYNC, session_sync};
