//! Starts the program and talks to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use reqwest::header::{COOKIE, HeaderValue, ORIGIN, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// The program with arguments, away from any configuration of this machine. Passwords cost next to
/// nothing, so that tests wait for the program and not for Argon2.
pub(crate) fn sessrum(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sessrum"));
    command
        .args(arguments)
        .env_clear()
        .env("SESSRUM_PASSWORD__MEMORY_KIB", "64")
        .env("SESSRUM_PASSWORD__PASSES", "1")
        .stdin(Stdio::null());
    command
}

/// Runs a command to its end with a text on its standard input.
pub(crate) fn run_with_input(arguments: &[&str], directory: &Path, input: &str) -> Output {
    let mut child = sessrum(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Runs a command that must succeed; its standard output.
pub(crate) fn run(arguments: &[&str], directory: &Path) -> String {
    let output = run_with_input(arguments, directory, PASSWORD);
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {talk}");
    String::from_utf8(output.stdout).unwrap()
}

/// A directory with a database, the user ada and her three platforms.
pub(crate) fn installation() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    run(&["migrate"], path);
    run(&["user", "add", "ada", "--email", "ada@example.org", "--password-stdin"], path);
    for name in ["one", "two", "three"] {
        let url = format!("https://{name}.example");
        let of = ["--type", "pixelfed", "--instance-url", &url, "--username", "ada"];
        run(&[&["platform", "add", "ada", "--name", name], &of[..]].concat(), path);
    }
    directory
}

/// A server on a free port, stopped when it goes.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    log: Option<std::thread::JoinHandle<String>>,
}

impl Server {
    /// Serves the installation in a directory.
    pub(crate) fn start(directory: &Path) -> Self {
        let mut command = sessrum(&["serve", "--listen", "127.0.0.1:0"]);
        Self::spawn(command.current_dir(directory))
    }

    /// Runs a command that serves, and waits until it says where.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut talk = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let url = loop {
            let start = said.len();
            assert!(talk.read_line(&mut said).unwrap() > 0, "it did not start: {said}");
            // As text or as JSON.
            if let Some((_, url)) = said[start..].split_once("public_url") {
                let url = url.trim_start_matches(['=', '"', ':']);
                break url.split(['"', ' ', '\n']).next().unwrap().to_owned();
            }
        };
        let log = std::thread::spawn(move || {
            let mut rest = String::new();
            let _ = talk.read_to_string(&mut rest);
            said + &rest
        });
        Self { child, url, log: Some(log) }
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The first line of its standard output.
    pub(crate) fn first_line(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        line
    }

    /// Ends the process as the kernel does when memory runs out: at once.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to stop.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Stops the process where it is, until it is to go on.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    /// Has a frozen process go on.
    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits for the process to end; its log.
    pub(crate) fn wait(mut self) -> (std::process::ExitStatus, String) {
        let status = self.child.wait().unwrap();
        (status, self.log.take().unwrap().join().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A signed-in client that is no browser: it keeps its cookie and its CSRF token.
#[derive(Clone)]
pub(crate) struct SignedIn {
    http: reqwest::Client,
    url: String,
    origin: String,
    cookie: HeaderValue,
    csrf_token: String,
    pub(crate) state: Value,
}

impl SignedIn {
    /// Signs ada in.
    pub(crate) async fn ada(http: &reqwest::Client, url: &str) -> reqwest::Result<Self> {
        let answer = Self::ask(http, url, "ada").await?.error_for_status()?;
        let set_cookie = answer.headers()[SET_COOKIE].clone();
        Ok(Self::of(http, url, &set_cookie, answer.json().await?))
    }

    /// Asks to sign a user in.
    pub(crate) async fn ask(
        http: &reqwest::Client,
        url: &str,
        username: &str,
    ) -> reqwest::Result<Response> {
        let input = json!({"username": username, "password": PASSWORD});
        http.post(format!("{url}/api/login")).header(ORIGIN, url).json(&input).send().await
    }

    /// The client of a sign-in that was answered.
    pub(crate) fn of(
        http: &reqwest::Client,
        url: &str,
        set_cookie: &HeaderValue,
        state: Value,
    ) -> Self {
        let set_cookie = set_cookie.to_str().unwrap();
        let cookie = set_cookie.split(';').next().unwrap().parse().unwrap();
        let csrf_token = state["csrf_token"].as_str().unwrap().to_owned();
        let (url, origin) = (url.to_owned(), url.to_owned());
        Self { http: http.clone(), url, origin, cookie, csrf_token, state }
    }

    /// The same client after the server moved to another port.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self { origin: url.to_owned(), ..self.past_the_proxy(url) }
    }

    /// The same client, which asks a server and not the proxy in front of it.
    pub(crate) fn past_the_proxy(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    pub(crate) fn handle(&self) -> &str {
        self.state["session"]["handle"].as_str().unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Result<Response> {
        let request = self.http.get(format!("{}{path}", self.url));
        request.header(COOKIE, self.cookie.clone()).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> reqwest::Result<Response> {
        self.unsafe_request(Method::POST, path).json(&body).send().await
    }

    pub(crate) async fn delete(&self, path: &str) -> reqwest::Result<Response> {
        self.unsafe_request(Method::DELETE, path).send().await
    }

    fn unsafe_request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.url))
            .header(COOKIE, self.cookie.clone())
            .header(ORIGIN, &self.origin)
            .header("x-csrf-token", &self.csrf_token)
    }

    /// The lines of an unsafe request up to its body, for a socket.
    pub(crate) fn raw_post(&self, path: &str, body_length: usize) -> String {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\nOrigin: {}\r\n\
             X-CSRF-Token: {}\r\nContent-Type: application/json\r\nConnection: close\r\n\
             Content-Length: {body_length}\r\n\r\n",
            self.cookie.to_str().unwrap(),
            self.url,
            self.csrf_token,
        )
    }
}

/// The repository's root.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
