//! The one gate against requests that another site makes a browser send.
//!
//! An unsafe request (anything but GET, HEAD, OPTIONS, TRACE) must prove two things. Where it comes
//! from: `Sec-Fetch-Site: same-origin`, or where a client does not send that, an `Origin` that is
//! the site's own. And, when it is made in a session, that it comes from a page of that session: the
//! token in `X-CSRF-Token` or in the form field `csrf_token`.
//!
//! Its body must be declared: under `/api/` as JSON, elsewhere as a form or as what
//! [`CsrfGate::with_media_types`] names. What another site could send without asking first, such as
//! JSON that calls itself text, reaches no handler.
//!
//! Caveat: the origin is the configured public URL. Behind a proxy it must be the one that browsers
//! see, or every unsafe request is refused. Forms are read up to 64 KiB; any other body sends its
//! token as a header.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::{OriginalUri, Request};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::{BoxFuture, Either};
use http_body_util::LengthLimitError;
use tower_layer::Layer;
use tower_service::Service;

use crate::json::broken_body;
use crate::media_type::{self, FORM, JSON};
use crate::origin::Origin;
use crate::problem::{Code, Problem};
use crate::request_session::RequestSession;
use crate::sent_form::SentForm;

/// The most that is read of a form to find its token, in bytes.
pub const LARGEST_FORM: usize = 64 * 1024;

/// The layer that keeps the gate. Use it inside of
/// [`DatabaseSessionLayer`](crate::DatabaseSessionLayer).
#[derive(Clone, Debug)]
pub struct CsrfGate {
    origin: Arc<Origin>,
    /// Paths that need the origin alone: whoever signs in has no token yet.
    sign_in_paths: &'static [&'static str],
    /// What a body outside of `/api/` may be.
    media_types: &'static [&'static str],
}

impl CsrfGate {
    /// A gate for a site at this origin. Unsafe requests to `sign_in_paths` need no session token.
    #[must_use]
    pub fn new(origin: Origin, sign_in_paths: &'static [&'static str]) -> Self {
        Self { origin: Arc::new(origin), sign_in_paths, media_types: &[FORM, JSON] }
    }

    /// With other types of bodies outside of `/api/` than forms and JSON, such as
    /// `multipart/form-data` for an upload.
    #[must_use]
    pub const fn with_media_types(mut self, media_types: &'static [&'static str]) -> Self {
        self.media_types = media_types;
        self
    }

    /// Lets an unsafe request through, or says why not.
    async fn admit(&self, request: Request) -> Result<Request, Problem> {
        if !self.comes_from_here(request.headers()) {
            return Err(Problem::new(Code::OriginRejected));
        }
        self.check_media_type(&request)?;
        if self.sign_in_paths.contains(&request.uri().path()) {
            return Ok(request);
        }
        let Some(session) = request.extensions().get::<RequestSession>().cloned() else {
            tracing::error!("CsrfGate must stand inside of DatabaseSessionLayer");
            return Err(Problem::new(Code::InternalError));
        };
        // A form arrives whole before its session is looked at: it may have ended on the way.
        let (token, form, request) = sent_token(request).await?;
        // Without a session there is nothing to forge; the handler says what is missing.
        let Some(context) = session.observe_if_signed_in().await? else { return Ok(request) };
        let key = session.manager().csrf_key();
        if token.is_some_and(|token| key.verify_session_token(&context.session.handle, &token)) {
            return Ok(request);
        }
        let mut problem = Problem::new(Code::CsrfFailed);
        let address = request.extensions().get::<OriginalUri>().map_or(request.uri(), |it| &it.0);
        let address = address.path_and_query().map_or("", PathAndQuery::as_str);
        let sent = form.and_then(|form| SentForm::read(address, &form));
        problem.sent_form = sent.map(Box::new);
        Err(problem)
    }

    /// A client that does not say which site sends the request is no browser of today: it must
    /// name the origin itself. What is said twice is not believed.
    fn comes_from_here(&self, headers: &HeaderMap) -> bool {
        let mut sites = headers.get_all("sec-fetch-site").iter();
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (sites.next(), sites.next(), origins.next(), origins.next()) {
            (Some(site), None, _, _) => site == "same-origin",
            (None, None, Some(origin), None) => {
                origin.to_str().is_ok_and(|origin| self.origin.matches(origin))
            }
            _ => false,
        }
    }

    fn check_media_type(&self, request: &Request) -> Result<(), Problem> {
        let headers = request.headers();
        if !headers.contains_key(header::CONTENT_TYPE) && request.body().is_end_stream() {
            return Ok(());
        }
        let is_api = request.uri().path().starts_with("/api/");
        let taken = if is_api { &[JSON] } else { self.media_types };
        if taken.iter().any(|media_type| media_type::is(headers, media_type)) {
            return Ok(());
        }
        let detail = format!("Send the input as {}.", taken.join(" or "));
        Err(Problem::new(Code::UnsupportedMediaType).with_detail(detail))
    }
}

impl<S> Layer<S> for CsrfGate {
    type Service = CsrfGateMiddleware<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CsrfGateMiddleware { gate: self.clone(), inner }
    }
}

/// What [`CsrfGate`] wraps a service in.
#[derive(Clone, Debug)]
pub struct CsrfGateMiddleware<S> {
    gate: CsrfGate,
    inner: S,
}

impl<S> Service<Request> for CsrfGateMiddleware<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if is_safe(request.method()) {
            return Either::Left(self.inner.call(request));
        }
        let gate = self.gate.clone();
        // The service that was polled ready goes along; the clone stays.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        Either::Right(Box::pin(async move {
            let session = request.extensions().get::<RequestSession>().cloned();
            match gate.admit(request).await {
                Ok(request) => inner.call(request).await,
                Err(problem) => {
                    note(session.as_ref(), problem.code).await;
                    Ok(problem.into_response())
                }
            }
        }))
    }
}

/// Each refusal is in the log; in the audit trail are those of requests in a session, since anybody
/// can send others.
async fn note(session: Option<&RequestSession>, code: Code) {
    let client = session.map(RequestSession::client);
    let address = client.and_then(|client| client.ip_address).map(tracing::field::display);
    tracing::warn!(code = code.as_str(), address, "an unsafe request was refused");
    let is_forgery = matches!(code, Code::OriginRejected | Code::CsrfFailed);
    let Some(session) = session.filter(|_| is_forgery) else { return };
    if let Ok(Some(context)) = session.observe_if_signed_in().await {
        let (manager, client) = (session.manager(), session.client());
        if let Err(error) = manager.record_refused_forgery(&context, code.as_str(), client).await {
            tracing::error!("a refusal could not be recorded: {error}");
        }
    }
}

/// Whether a method changes nothing.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// The token of the header or of a form. A form is read for it and put back.
async fn sent_token(request: Request) -> Result<(Option<String>, Option<Bytes>, Request), Problem> {
    if let Some(header) = request.headers().get("x-csrf-token") {
        return Ok((header.to_str().ok().map(str::to_owned), None, request));
    }
    if !media_type::is(request.headers(), FORM) {
        return Ok((None, None, request));
    }
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, LARGEST_FORM).await.map_err(|error| {
        if std::error::Error::source(&error)
            .is_some_and(<dyn std::error::Error>::is::<LengthLimitError>)
        {
            Problem::new(Code::PayloadTooLarge)
        } else {
            broken_body()
        }
    })?;
    let token = form_field(&bytes, "csrf_token");
    Ok((token, Some(bytes.clone()), Request::from_parts(parts, Body::from(bytes))))
}

fn form_field(bytes: &Bytes, name: &str) -> Option<String> {
    url::form_urlencoded::parse(bytes)
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
