//! A browser and a program in one. Whatever it is answered is kept, to be searched.

use std::cell::RefCell;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, HeaderMap, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::form_urlencoded::Serializer;

use super::search::{Place, Search};

#[derive(Clone)]
pub(super) struct Visitor {
    http: Client,
    url: String,
    search: Rc<RefCell<Search>>,
    pub(super) token: Option<String>,
    csrf_token: String,
    form_token: String,
}

impl Visitor {
    pub(super) fn new(url: &str, search: &Rc<RefCell<Search>>) -> Self {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none());
        Self {
            http: http.build().unwrap(),
            url: url.to_owned(),
            search: Rc::clone(search),
            token: None,
            csrf_token: String::new(),
            form_token: String::new(),
        }
    }

    /// The same over HTTP/2, whose library has a log of its own.
    pub(super) fn over_http_2(&self) -> Self {
        Self { http: Client::builder().http2_prior_knowledge().build().unwrap(), ..self.clone() }
    }

    /// The same without its cookie.
    pub(super) fn signed_out(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// Where the server listens.
    pub(super) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// The public name of its session.
    pub(super) async fn handle(&self) -> String {
        let answer = self.ask(Method::GET, "/api/session/state").send().await.unwrap();
        let state: Value = answer.json().await.unwrap();
        state["session"]["handle"].as_str().unwrap().to_owned()
    }

    /// A request of the site's own, with the cookie.
    pub(super) fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = request.header(ORIGIN, &self.url).header("x-csrf-token", &self.csrf_token);
        match &self.token {
            Some(token) => request.header(COOKIE, format!("session_id={token}")),
            None => request,
        }
    }

    pub(super) async fn get(&mut self, path: &str) -> u16 {
        self.send(self.ask(Method::GET, path)).await
    }

    /// Asks for a page, as a person does.
    pub(super) async fn page(&mut self, path: &str) -> u16 {
        self.send(self.ask(Method::GET, path).header(ACCEPT, "text/html")).await
    }

    pub(super) async fn post(&mut self, path: &str, input: Value) -> u16 {
        self.send(self.ask(Method::POST, path).json(&input)).await
    }

    /// Sends a body that is declared as JSON, whatever it is.
    pub(super) async fn post_raw(&mut self, path: &str, body: String) -> u16 {
        let request = self.ask(Method::POST, path).header(CONTENT_TYPE, "application/json");
        self.send(request.body(body)).await
    }

    /// Sends a page's form, with its token unless there is another among the fields.
    pub(super) async fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> u16 {
        let mut form = Serializer::new(String::new());
        if fields.iter().all(|(name, _)| *name != "csrf_token") {
            let signs_in = path == "/login";
            let token = if signs_in { &self.form_token } else { &self.csrf_token };
            form.append_pair("csrf_token", token);
        }
        let body = form.extend_pairs(fields).finish();
        let request = self.ask(Method::POST, path).header(ACCEPT, "text/html");
        self.send(request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body))
            .await
    }

    /// Sends a form of a page that was opened in an earlier session.
    pub(super) async fn old_form(&mut self, path: &str, fields: &[(&str, &str)]) -> u16 {
        let mut form = Serializer::new(String::new());
        let body = form.append_pair("csrf_token", "old").extend_pairs(fields).finish();
        let request = self.http.post(format!("{}{path}", self.url)).header(ORIGIN, &self.url);
        let token = self.token.as_deref().unwrap();
        let request = request.header(COOKIE, format!("session_id={token}"));
        let request = request.header(ACCEPT, "text/html");
        self.send(request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body))
            .await
    }

    /// Reads the first event of the session's stream.
    pub(super) async fn first_event(&mut self) {
        let mut answer = self.ask(Method::GET, "/api/session/events").send().await.unwrap();
        let event = answer.chunk().await.unwrap().unwrap();
        self.search.borrow_mut().piece(Place::Body, "the stream".to_owned(), event);
    }

    /// Sends a request and keeps what is answered, but for the token that it issues.
    pub(super) async fn send(&mut self, request: RequestBuilder) -> u16 {
        let request = request.build().unwrap();
        let name = format!("{} {}", request.method(), request.url().path());
        let answer = self.http.execute(request).await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.unwrap();
        self.keep_headers(&name, &headers);
        self.keep_csrf_tokens(&String::from_utf8_lossy(&body));
        self.search.borrow_mut().piece(Place::Body, format!("{name} ({status})"), body);
        status
    }

    fn keep_headers(&mut self, name: &str, headers: &HeaderMap) {
        let issued = headers.get(SET_COOKIE).map(|line| line.to_str().unwrap());
        let issued = issued.and_then(|line| line.strip_prefix("session_id=")?.split(';').next());
        let mut search = self.search.borrow_mut();
        for (header, value) in headers {
            let mut value = value.to_str().unwrap().to_owned();
            if let (Some(token), true) = (issued, header == SET_COOKIE) {
                value = value.replacen(token, "", 1);
            }
            search.piece(Place::Header, format!("{header} of {name}"), value);
        }
        let Some(token) = issued else { return };
        self.token = (!token.is_empty()).then(|| token.to_owned());
        if token.is_empty() {
            return;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
        search.canary("a session token", &bytes, &[]);
        search.canary("a session token's text", token, &[]);
        search.canary("a token's hash", Sha256::digest(&bytes), &[Place::Files]);
    }

    /// CSRF tokens stand in quotes, in JSON as in HTML. Their length tells which they are.
    fn keep_csrf_tokens(&mut self, body: &str) {
        let mut search = self.search.borrow_mut();
        for text in body.split('"') {
            let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) else { continue };
            match bytes.len() {
                64 => text.clone_into(&mut self.csrf_token),
                40 => text.clone_into(&mut self.form_token),
                _ => continue,
            }
            search.canary("a CSRF token", text, &[Place::Body]);
            if let ([mask @ .., _], 64) = (&bytes[..33], bytes.len()) {
                let unmasked = mask.iter().zip(&bytes[32..]).map(|(mask, byte)| mask ^ byte);
                search.canary("a CSRF token without its mask", unmasked.collect::<Vec<_>>(), &[]);
            }
        }
    }
}
