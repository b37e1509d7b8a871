//! The middleware that gives every request its session.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::future::BoxFuture;
use sessrum_core::UnifiedSessionManager;
use tower_layer::Layer;
use tower_service::Service;

use crate::access;
use crate::answer::Audience;
use crate::client::client_from;
use crate::cookie::SessionCookieManager;
use crate::csrf::is_safe;
use crate::problem::Problem;
use crate::request_session::{CookieChange, RequestSession};

/// Gives every request a [`RequestSession`], as an extension and to the [accessors](crate::access).
/// Nothing is loaded until someone asks: a static file or a health check opens no database.
#[derive(Clone)]
pub struct DatabaseSessionLayer {
    manager: Arc<UnifiedSessionManager>,
    cookies: SessionCookieManager,
}

impl DatabaseSessionLayer {
    /// A layer over a manager.
    #[must_use]
    pub const fn new(manager: Arc<UnifiedSessionManager>, cookies: SessionCookieManager) -> Self {
        Self { manager, cookies }
    }
}

impl<S> Layer<S> for DatabaseSessionLayer {
    type Service = DatabaseSessionMiddleware<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DatabaseSessionMiddleware { layer: self.clone(), inner }
    }
}

/// What [`DatabaseSessionLayer`] wraps a service in.
#[derive(Clone)]
pub struct DatabaseSessionMiddleware<S> {
    layer: DatabaseSessionLayer,
    inner: S,
}

impl<S> Service<Request> for DatabaseSessionMiddleware<S>
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
        let cookies = self.layer.cookies;
        let session = RequestSession::new(
            Arc::clone(&self.layer.manager),
            cookies.extract(request.headers()),
            client_from(request.headers(), request.extensions()),
            is_safe(request.method()),
        );
        let audience = Audience::of(&request);
        request.extensions_mut().insert(session.clone());
        let handled = self.inner.call(request);
        Box::pin(async move {
            let mut response = access::scope(session.clone(), handled).await?;
            let line = match session.finish().await {
                CookieChange::Set(token, max_age) => Some(cookies.set(&token, max_age)),
                CookieChange::Clear => Some(cookies.clear()),
                CookieChange::Keep if is_dead_end(&response, &session, audience) => {
                    Some(cookies.clear())
                }
                CookieChange::Keep => None,
            };
            let signed_in = session.read_context().is_some();
            let status = response.status();
            if signed_in && (status.is_client_error() || status.is_server_error()) {
                // For the page of a problem, which is made further out.
                response.extensions_mut().insert(session);
            }
            let headers = response.headers_mut();
            let no_store = HeaderValue::from_static("no-store");
            if let Some(line) = line {
                // Whatever the handler allows: an answer with a token is nobody else's.
                headers.insert(header::CACHE_CONTROL, no_store);
                headers.append(header::SET_COOKIE, line);
            } else if signed_in {
                headers.entry(header::CACHE_CONTROL).or_insert(no_store);
            }
            Ok(response)
        })
    }
}

/// A page that sends a person to sign in takes the dead cookie away. An answer to a program never
/// does: it may come late, and would wipe what a newer sign-in has just set.
fn is_dead_end(response: &Response, session: &RequestSession, audience: Audience) -> bool {
    audience == Audience::Person
        && session.cookie_was_sent()
        && response.extensions().get::<Problem>().is_some_and(Problem::asks_to_sign_in)
}
