//! The one place that decides how a problem is told: programs get problem+json, people are sent to
//! sign in or shown a page.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::future::BoxFuture;
use sessrum_core::Random;
use tower_layer::Layer;
use tower_service::Service;
use tracing::{Instrument as _, Span};
use url::{Position, Url};

use crate::origin::local_path;
use crate::problem::{Code, Problem};
use crate::request_id::{RequestId, RequestIds};
use crate::request_session::RequestSession;

/// Who reads the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// A person in front of a browser.
    Person,
    /// A script or another program.
    Program,
}

impl Audience {
    /// API paths and whoever does not ask for HTML are programs.
    #[must_use]
    pub fn of<B>(request: &axum::http::Request<B>) -> Self {
        let is_html =
            |accept: &HeaderValue| accept.to_str().is_ok_and(|accept| accept.contains("text/html"));
        let is_page = !request.uri().path().starts_with("/api/");
        if is_page && request.headers().get_all(header::ACCEPT).iter().any(is_html) {
            Self::Person
        } else {
            Self::Program
        }
    }
}

/// Makes the page that tells a person of a problem, and where they can try again: the page they
/// asked for, or that of the form they sent. The session is there if the request had loaded it.
pub type ProblemPage =
    dyn Fn(&Problem, Option<&str>, Option<&RequestSession>) -> Response + Send + Sync;

/// The layer that gives each request an id and a span, and tells what went wrong. Use it outside of
/// [`DatabaseSessionLayer`](crate::DatabaseSessionLayer).
#[derive(Clone)]
pub struct Answers {
    ids: Arc<RequestIds>,
    page: Arc<ProblemPage>,
    sign_in_path: &'static str,
    platforms_path: &'static str,
}

impl Answers {
    /// Answers whose problem pages come from `page`. People sign in at `/login` and connect
    /// platforms at `/account/platforms`, both with `reason` and `next` in the query.
    pub fn new(
        random: Arc<dyn Random>,
        page: impl Fn(&Problem, Option<&str>, Option<&RequestSession>) -> Response
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            ids: Arc::new(RequestIds::new(random)),
            page: Arc::new(page),
            sign_in_path: "/login",
            platforms_path: "/account/platforms",
        }
    }

    /// With other addresses for signing in and for connecting a platform.
    #[must_use]
    pub const fn with_paths(mut self, sign_in: &'static str, platforms: &'static str) -> Self {
        self.sign_in_path = sign_in;
        self.platforms_path = platforms;
        self
    }

    fn present(
        &self,
        mut response: Response,
        audience: Audience,
        here: Option<&str>,
        id: &str,
    ) -> Response {
        let session = response.extensions_mut().remove::<RequestSession>();
        let found = response.extensions_mut().remove::<Problem>();
        let Some(mut problem) = found.or_else(|| routing_problem(&response)) else {
            return response;
        };
        problem.request_id = Some(id.to_owned());
        let mut told = match audience {
            Audience::Program => problem.into_response(),
            Audience::Person if problem.asks_to_sign_in() => {
                redirect(self.sign_in_path, &problem, here)
            }
            Audience::Person if problem.code == Code::PlatformRequired => {
                redirect(self.platforms_path, &problem, here)
            }
            Audience::Person => (self.page)(&problem, here, session.as_ref()),
        };
        told.extensions_mut().remove::<Problem>();
        for name in [header::SET_COOKIE, header::ALLOW] {
            for value in response.headers().get_all(&name) {
                told.headers_mut().append(&name, value.clone());
            }
        }
        told.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        told
    }
}

impl<S> Layer<S> for Answers {
    type Service = AnswersMiddleware<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AnswersMiddleware { answers: self.clone(), inner }
    }
}

/// What [`Answers`] wraps a service in.
#[derive(Clone)]
pub struct AnswersMiddleware<S> {
    answers: Answers,
    inner: S,
}

impl<S> Service<Request> for AnswersMiddleware<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let answers = self.answers.clone();
        let id = answers.ids.next();
        let audience = Audience::of(&request);
        let here = if audience == Audience::Person { here(&request) } else { None };
        let span = span(&request, &id);
        request.extensions_mut().insert(RequestId(id.clone()));
        let answering = span.in_scope(|| self.inner.call(request));
        let answered = async move {
            let response = answering.await?;
            let mut response = answers.present(response, audience, here.as_deref(), &id);
            tracing::debug!(status = response.status().as_u16(), "answered");
            if let Ok(id) = HeaderValue::try_from(id) {
                response.headers_mut().insert("x-request-id", id);
            }
            Ok(response)
        };
        Box::pin(answered.instrument(span))
    }
}

/// What the log tells of a request. Not the address: anyone can put anything there, also a token.
fn span(request: &Request, id: &str) -> Span {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    // Of the highest level: whatever is logged of the request has it.
    tracing::error_span!("request", id, method = request.method().as_str(), route)
}

/// What the router itself refuses has no problem yet, and no content: a handler's own page with
/// such a status stays.
fn routing_problem(response: &Response) -> Option<Problem> {
    if response.headers().contains_key(header::CONTENT_TYPE) {
        return None;
    }
    match response.status() {
        StatusCode::NOT_FOUND => Some(Problem::new(Code::NotFound)),
        StatusCode::METHOD_NOT_ALLOWED => Some(Problem::new(Code::MethodNotAllowed)),
        _ => None,
    }
}

/// The longest address to come back to, in bytes: a proxy's buffer for headers holds it.
const LONGEST_WAY_BACK: usize = 2000;

/// Where a person comes back to after signing in: the page they asked for, or the page of the form
/// that they sent.
fn here(request: &Request) -> Option<String> {
    let path = if request.method() == Method::GET {
        request.uri().path_and_query()?.as_str().to_owned()
    } else {
        // Of whatever site it tells, what is taken is a path of this one.
        let page = request.headers().get(header::REFERER)?.to_str().ok()?;
        let page = Url::parse(page).ok()?;
        page[Position::BeforePath..Position::AfterQuery].to_owned()
    };
    let worth_it = path != "/" && path.len() <= LONGEST_WAY_BACK;
    local_path(&path).filter(|_| worth_it).map(str::to_owned)
}

fn redirect(path: &str, problem: &Problem, here: Option<&str>) -> Response {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("reason", problem.end_reason.map_or(problem.code.as_str(), |r| r.as_str()));
    if let Some(here) = here {
        query.append_pair("next", here);
    }
    Redirect::to(&format!("{path}?{}", query.finish())).into_response()
}
