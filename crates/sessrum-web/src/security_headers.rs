//! The headers that tell browsers to be careful with an answer.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use futures_util::future::BoxFuture;
use sessrum_core::{Random, RandomError, hex};
use tower_layer::Layer;
use tower_service::Service;

use crate::origin::Origin;

/// No script at all, no inline style, nothing from elsewhere, no frame around it.
const CONTENT: &str = "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self'; \
                       form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Features that no page uses.
const PERMISSIONS: &str = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), \
                           magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// Two years, and this host alone: those below it may belong to others.
const TRANSPORT: &str = "max-age=63072000";

/// `same-origin`, not `no-referrer`: with that one browsers send `Origin: null` with a site's own
/// forms, and an origin check refuses them.
const REFERRER: &str = "same-origin";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::REFERRER_POLICY, REFERRER),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Room in the table for these and for an answer's own.
const ROOM: usize = 24;

/// Gives every answer its security headers: errors, redirects and pages that are not there, too.
/// Use it as the outermost layer.
///
/// A header that an answer has already stays as it is: a page with a script of its own sends the
/// policy of a [`ScriptNonce`] with it.
///
/// Caveat: over https the answers carry `Strict-Transport-Security`, which browsers keep for two
/// years: the host must be served by https from then on. It says nothing of hosts below this one;
/// where they are all yours, let the proxy say `includeSubDomains`. What a proxy or the HTTP
/// library answers by itself, such as to a broken request, does not come through here.
///
/// ```
/// use axum::{Router, body::Body, http::Request, routing::get};
/// use sessrum_web::{Origin, SecurityHeaders};
/// # use tower::ServiceExt as _;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let origin = Origin::parse("https://example.org")?;
/// let app: Router =
///     Router::new().route("/", get(|| async { "hello" })).layer(SecurityHeaders::new(&origin));
///
/// let answer = app.oneshot(Request::get("/nothing").body(Body::empty())?).await?;
/// assert_eq!(answer.headers()["strict-transport-security"], "max-age=63072000");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SecurityHeaders(Arc<HeaderMap>);

impl SecurityHeaders {
    /// For a site at this origin.
    #[must_use]
    pub fn new(origin: &Origin) -> Self {
        let transport = (header::STRICT_TRANSPORT_SECURITY, TRANSPORT);
        let all = HEADERS.into_iter().chain(origin.is_secure().then_some(transport));
        let mut headers = HeaderMap::with_capacity(ROOM);
        headers.extend(all.map(|(name, value)| (name, HeaderValue::from_static(value))));
        Self(Arc::new(headers))
    }

    /// The answer's own come on top: fewer are moved than the other way round.
    fn add_to(&self, response: &mut Response) {
        let own = std::mem::replace(response.headers_mut(), HeaderMap::clone(&self.0));
        response.headers_mut().extend(own);
    }
}

/// Lets the scripts of one page run: those that name it, and what they import. Make one for each
/// answer.
///
/// ```
/// use axum::response::Html;
/// use sessrum_core::{OsRandom, RandomError};
/// use sessrum_web::ScriptNonce;
///
/// # fn page() -> Result<impl axum::response::IntoResponse, RandomError> {
/// let nonce = ScriptNonce::new(&OsRandom)?;
/// let script = format!("<script type=\"module\" nonce=\"{nonce}\" src=\"/page.js\"></script>");
/// Ok(([nonce.policy()], Html(script)))
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ScriptNonce(String);

impl ScriptNonce {
    /// A new one, of 128 bits.
    ///
    /// # Errors
    /// [`RandomError`] when there is no randomness to be had.
    pub fn new(random: &dyn Random) -> Result<Self, RandomError> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes)?;
        Ok(Self(hex(&bytes)))
    }

    /// The `Content-Security-Policy` of the page: its scripts, and requests to the site itself.
    #[must_use]
    pub fn policy(&self) -> (HeaderName, String) {
        let scripts = format!("script-src 'nonce-{self}'; connect-src 'self'");
        (header::CONTENT_SECURITY_POLICY, CONTENT.replace("script-src 'none'", &scripts))
    }
}

impl fmt::Display for ScriptNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S> Layer<S> for SecurityHeaders {
    type Service = SecurityHeadersMiddleware<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SecurityHeadersMiddleware { headers: self.clone(), inner }
    }
}

/// What [`SecurityHeaders`] wraps a service in.
#[derive(Clone, Debug)]
pub struct SecurityHeadersMiddleware<S> {
    headers: SecurityHeaders,
    inner: S,
}

impl<S> Service<Request> for SecurityHeadersMiddleware<S>
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

    fn call(&mut self, request: Request) -> Self::Future {
        let (headers, answering) = (self.headers.clone(), self.inner.call(request));
        Box::pin(async move {
            let mut response = answering.await?;
            headers.add_to(&mut response);
            Ok(response)
        })
    }
}
