//! A browser: keeps the cookie as browsers do, says where its requests come from, and remembers the
//! CSRF token.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use cookie::Cookie;
use serde_json::{Value, json};

use super::answer::Answer;
use super::site::{PASSWORD, Site};
use super::stream::EventStream;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Clones are tabs of the same browser.
#[derive(Clone)]
pub(crate) struct Browser {
    site: Site,
    state: Arc<Mutex<State>>,
    pub(crate) agent: &'static str,
    pub(crate) address: SocketAddr,
}

#[derive(Clone, Default)]
struct State {
    cookies: BTreeMap<String, String>,
    csrf: Option<String>,
}

impl Browser {
    pub(super) fn new(site: Site) -> Self {
        let address = SocketAddr::from(([192, 0, 2, 1], 50_000));
        Self { site, state: Arc::default(), agent: FIREFOX, address }
    }

    /// Another browser with a copy of all that this one holds.
    pub(crate) fn copied(&self) -> Self {
        Self { state: Arc::new(Mutex::new(self.state().clone())), ..self.clone() }
    }

    /// The same browser at another address.
    pub(crate) fn at(self, address: [u8; 4]) -> Self {
        Self { address: (address, 50_000).into(), ..self }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The session cookie's value.
    pub(crate) fn token(&self) -> Option<String> {
        self.state().cookies.get(self.site.cookie_name()).cloned()
    }

    /// Holds this value in the session cookie from now on.
    pub(crate) fn hold(&self, token: &str) {
        self.state().cookies.insert(self.site.cookie_name().to_owned(), token.to_owned());
    }

    pub(crate) fn csrf(&self) -> String {
        self.state().csrf.clone().unwrap()
    }

    pub(crate) fn set_csrf(&self, token: &str) {
        self.state().csrf = Some(token.to_owned());
    }

    /// A request as this browser's page makes it, not sent yet.
    pub(crate) fn call(&self, method: &str, path: &str) -> Call {
        let state = self.state();
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: &str| {
            headers.insert(name, HeaderValue::try_from(value).unwrap());
        };
        set(header::USER_AGENT, self.agent);
        set(header::ACCEPT, "application/json");
        set(HeaderName::from_static("sec-fetch-site"), "same-origin");
        let cookies: Vec<_> = state.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        if !cookies.is_empty() {
            set(header::COOKIE, &cookies.join("; "));
        }
        if !matches!(method, "GET" | "HEAD") {
            set(header::ORIGIN, &self.site.origin().to_string());
            if let Some(token) = &state.csrf {
                set(HeaderName::from_static("x-csrf-token"), token);
            }
        }
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let (browser, path) = (self.clone(), path.to_owned());
        Call { browser, method, path, headers, body: Body::empty() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    /// GET as a person does who follows a link.
    pub(crate) async fn open(&self, path: &str) -> Answer {
        self.call("GET", path).with("accept", "text/html").send().await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path).json(&body).send().await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call("PUT", path).json(&body).send().await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call("PATCH", path).json(&body).send().await
    }

    /// POST without a body.
    pub(crate) async fn press(&self, path: &str) -> Answer {
        self.call("POST", path).send().await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path).send().await
    }

    pub(crate) async fn sign_in(&self, name: &str) -> Answer {
        self.post("/api/login", json!({"username": name, "password": PASSWORD})).await
    }

    pub(crate) async fn sign_in_remembered(&self, name: &str) -> Answer {
        let body = json!({"username": name, "password": PASSWORD, "remember": true});
        self.post("/api/login", body).await
    }

    pub(crate) async fn reauthenticate(&self) -> Answer {
        self.post("/api/session/reauthenticate", json!({"password": PASSWORD})).await
    }

    pub(crate) async fn log_out(&self) -> Answer {
        self.press("/api/logout").await
    }

    pub(crate) async fn state_of(&self) -> Answer {
        self.get("/api/session/state").await
    }

    pub(crate) async fn heartbeat(&self) -> Answer {
        self.press("/api/session/heartbeat").await
    }

    /// Opens the stream of events that a page has.
    pub(crate) async fn watch(&self) -> EventStream {
        self.call("GET", "/api/session/events").listen().await
    }

    pub(crate) async fn handle(&self) -> String {
        self.state_of().await.ok().at("/session/handle")
    }

    /// Takes from an answer what a browser and its page keep.
    fn receive(&self, answer: &Answer) {
        let mut state = self.state();
        for line in answer.set_cookies() {
            let cookie = Cookie::parse(line.to_owned()).unwrap();
            if !is_accepted(&cookie) {
                continue;
            }
            if cookie.max_age().is_some_and(cookie::time::Duration::is_zero) {
                state.cookies.remove(cookie.name());
            } else {
                state.cookies.insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
        let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
        if let Some(Value::String(token)) = body.as_ref().and_then(|body| body.get("csrf_token")) {
            state.csrf = Some(token.clone());
        }
    }
}

/// What browsers ask of a `__Host-` cookie, deletions included.
fn is_accepted(cookie: &Cookie<'_>) -> bool {
    !cookie.name().starts_with("__Host-")
        || (cookie.secure() == Some(true)
            && cookie.path() == Some("/")
            && cookie.domain().is_none())
}

/// A request that can still be bent.
pub(crate) struct Call {
    browser: Browser,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Body,
}

impl Call {
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    pub(crate) fn also(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.headers.append(HeaderName::from_static(name), value);
        self
    }

    pub(crate) fn without(mut self, name: &'static str) -> Self {
        self.headers.remove(name);
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn body(mut self, media_type: &'static str, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self.with("content-type", media_type)
    }

    /// Sends it; the browser keeps what the answer brings.
    pub(crate) async fn send(self) -> Answer {
        let browser = self.browser.clone();
        let answer = self.send_and_lose_the_answer().await;
        browser.receive(&answer);
        answer
    }

    /// Sends it, but the answer never reaches the browser.
    pub(crate) async fn send_and_lose_the_answer(self) -> Answer {
        let (site, address) = (self.browser.site.clone(), self.browser.address);
        site.send(self.request(), address).await
    }

    /// Sends it; the answer is a stream of events.
    pub(crate) async fn listen(self) -> EventStream {
        let (site, address) = (self.browser.site.clone(), self.browser.address);
        EventStream::of(&site, site.answer(self.request(), address).await)
    }

    fn request(self) -> Request<Body> {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.path.parse().unwrap();
        *request.headers_mut() = self.headers;
        request
    }
}
