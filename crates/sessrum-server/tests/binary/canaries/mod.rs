//! Secrets go through the whole program, in their places and out of place, and are then searched
//! for in all that came out of it.

mod search;
mod visitor;

use std::cell::RefCell;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, REFERER};
use rusqlite::Connection;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::process::{Server, run_with_input, sessrum};
use search::{Place, Search};
use visitor::Visitor;

/// An installation, its running server, and what has come out so far.
struct Campaign {
    directory: tempfile::TempDir,
    /// Where the server's standard output goes.
    stdout: tempfile::NamedTempFile,
    search: Rc<RefCell<Search>>,
}

impl Campaign {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            stdout: tempfile::NamedTempFile::new().unwrap(),
            search: Rc::default(),
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A new secret with what each way of writing escapes.
    fn secret(&self, name: &'static str) -> String {
        let secret = format!("{name} \"5€\" <&'> \\ +%41 violet");
        self.search.borrow_mut().canary(name, &secret, &[]);
        secret
    }

    /// Runs a command and keeps what it prints and says.
    fn run(&self, arguments: &[&str], input: &str) -> Option<i32> {
        let output = run_with_input(arguments, self.path(), &format!("{input}\n"));
        let mut search = self.search.borrow_mut();
        let name = arguments.join(" ");
        search.piece(Place::Command, &name, output.stdout);
        search.piece(Place::Command, &name, output.stderr);
        output.status.code()
    }

    fn add_user(&self, name: &str, role: &str, password: &str) -> Option<i32> {
        let email = format!("{name}@example.org");
        let add = ["user", "add", name, "--email", &email, "--role", role, "--password-stdin"];
        self.run(&add, password)
    }

    /// A server that says all it can say and replaces tokens at every turn.
    fn serve(&self, log_format: &str) -> Server {
        let mut command = sessrum(&["serve", "--listen", "127.0.0.1:0"]);
        command
            .current_dir(self.path())
            .env("SESSRUM_LOG__LEVEL", "trace")
            .env("SESSRUM_LOG__FORMAT", log_format)
            .env("SESSRUM_SESSION__ROTATE_EVERY", "1ms")
            .stdout(Stdio::from(File::create(self.stdout.path()).unwrap()));
        Server::spawn(&mut command)
    }

    fn visitor(&self, server: &Server) -> Visitor {
        Visitor::new(&server.url, &self.search)
    }

    fn database(&self) -> Connection {
        Connection::open(self.path().join("sessrum.db")).unwrap()
    }

    fn keep_files(&self) {
        for file in std::fs::read_dir(self.path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "key") {
                let name = path.display().to_string();
                self.search.borrow_mut().piece(Place::Files, name, std::fs::read(path).unwrap());
            }
        }
    }

    /// The secret key and the hashes of passwords, as they lie in the files.
    fn know_what_is_kept(&self) {
        let mut search = self.search.borrow_mut();
        let key = std::fs::read_to_string(self.path().join("sessrum.db.key")).unwrap();
        search.canary("the secret key", STANDARD.decode(&key).unwrap(), &[]);
        search.canary("the secret key's text", &key, &[]);
        let database = self.database();
        let mut hashes = database.prepare("SELECT password_hash FROM users").unwrap();
        for hash in hashes.query_map([], |row| row.get::<_, String>(0)).unwrap() {
            search.canary("a password's hash", hash.unwrap(), &[Place::Files]);
        }
    }
}

/// The passwords of a user who is an administrator, from the command line on.
fn set_up(campaign: &Campaign) -> String {
    let password = campaign.secret("password from the command line");
    campaign.run(&["migrate"], "");
    let first = campaign.secret("first password");
    assert_eq!(campaign.add_user("ada", "admin", &first), Some(0));
    let set = ["user", "set-password", "ada", "--password-stdin"];
    assert_eq!(campaign.run(&set, &password), Some(0));
    assert_eq!(campaign.add_user("bob", "viewer", &campaign.secret("password of bob")), Some(0));
    // Refused: the name is taken, the password is too long, or easy to guess.
    let refused = campaign.secret("password of a user there is already");
    assert_eq!(campaign.add_user("ada", "viewer", &refused), Some(1));
    let long = campaign.secret("too long a password").repeat(9);
    assert_eq!(campaign.run(&set, &long), Some(1));
    campaign.search.borrow_mut().canary("an easy password", "qwertyuiop1", &[]);
    assert_eq!(campaign.run(&set, "qwertyuiop1"), Some(1));
    let platform = ["platform", "add", "ada", "--type", "pixelfed", "--access-token-stdin"];
    let at = |url| ["--name", "art", "--username", "ada", "--instance-url", url];
    let token = campaign.secret("access token from the command line");
    let good = [&platform[..], &at("https://pixelfed.example")].concat();
    assert_eq!(campaign.run(&good, &token), Some(0));
    assert_eq!(campaign.run(&good, &campaign.secret("access token of a second")), Some(1));
    let bad = [&platform[..], &at("nowhere")].concat();
    assert_eq!(campaign.run(&bad, &campaign.secret("access token for nowhere")), Some(1));
    password
}

/// Signs in in every way, with right and wrong passwords and with some in other fields.
async fn sign_in(campaign: &Campaign, ada: &mut Visitor, password: &str) {
    let wrong = campaign.secret("wrong password");
    assert_eq!(ada.post("/api/login", json!({"username": "ada", "password": wrong})).await, 401);
    let login = json!({"username": "ada", "password": password});
    assert_eq!(ada.post("/api/login", login.clone()).await, 200);
    let other = json!({"username": "ada", "password": password, "platform_id": 99});
    assert_eq!(ada.post("/api/login", other).await, 404);
    ada.page("/login").await;
    let name = "password typed as a name";
    campaign.search.borrow_mut().canary(name, name, &[Place::Body]);
    ada.token = None;
    ada.page("/login").await;
    assert_eq!(ada.form("/login", &[("username", name), ("password", &wrong)]).await, 401);
    let beside = campaign.secret("password in the fields beside its own");
    for field in ["next", "remember", "csrf_token"] {
        ada.form("/login", &[("username", "ada"), ("password", &wrong), (field, &beside)]).await;
    }
    for field in ["remember", "platform_id", "username"] {
        let mut input = json!({"username": "nobody", "password": beside});
        input[field] = json!([beside]);
        assert!(ada.post("/api/login", input.clone()).await >= 400);
        input[field] = json!(beside);
        assert!(ada.post("/api/login", input).await >= 400);
    }
    ada.page("/login").await;
    assert_eq!(ada.form("/login", &[("username", "ada"), ("password", password)]).await, 303);
    assert_eq!(ada.get("/api/session/csrf-token").await, 200);
    let mut http_2 = ada.signed_out().over_http_2();
    assert_eq!(http_2.post("/api/login", login).await, 200);
    assert_eq!(http_2.page("/account/security").await, 200);
    // Too many failures.
    let statuses = [401, 401, 401, 401, 401, 429];
    for status in statuses {
        let login = json!({"username": "bob", "password": campaign.secret("bob's wrong one")});
        assert_eq!(ada.post("/api/login", login).await, status);
    }
}

/// Changes passwords and platforms, by the API and by the pages. Answers the last password.
async fn change(campaign: &Campaign, ada: &mut Visitor, first: &str) -> String {
    let [second, third] = ["second password", "third password"].map(|name| campaign.secret(name));
    let wrong = campaign.secret("wrong present password");
    let path = "/api/account/password";
    let change = |old: &str, new: &str| json!({"current_password": old, "new_password": new});
    assert_eq!(ada.post(path, change(&wrong, &second)).await, 403);
    assert_eq!(ada.post(path, change(first, "qwertyuiop1")).await, 422);
    assert_eq!(ada.post(path, change(first, &second)).await, 200);
    fn fields<'a>(old: &'a str, new: &'a str, again: &'a str) -> [(&'static str, &'a str); 3] {
        [("current_password", old), ("new_password", new), ("new_password_again", again)]
    }
    let path = "/account/security";
    assert_eq!(ada.page(path).await, 200);
    assert_eq!(ada.form(path, &fields(&second, &third, &wrong)).await, 422);
    assert_eq!(ada.form(path, &fields(&wrong, &third, &third)).await, 403);
    assert_eq!(ada.form(path, &fields(&second, &third, &third)).await, 303);
    let prove = "/api/session/reauthenticate";
    assert_eq!(ada.post(prove, json!({"password": wrong})).await, 403);
    assert_eq!(ada.post(prove, json!({"password": third})).await, 200);
    assert_eq!(ada.page("/account/confirm?next=/").await, 200);
    assert_eq!(ada.form("/account/confirm", &[("password", &wrong)]).await, 403);
    assert_eq!(ada.form("/account/confirm", &[("password", &third)]).await, 303);
    let added = campaign.secret("password of a user added by the API");
    let mut user = json!({"username": "eve", "email": "eve@example.org", "password": added});
    assert_eq!(ada.post("/api/admin/users", user.clone()).await, 201);
    assert_eq!(ada.post("/api/admin/users", user.clone()).await, 409);
    user["role"] = json!(added);
    assert_eq!(ada.post("/api/admin/users", user).await, 422);

    let token = campaign.secret("access token by the API");
    let mut platform = json!({"name": "news", "platform_type": "mastodon", "username": "ada",
        "instance_url": "https://mastodon.example", "access_token": token});
    assert_eq!(ada.post("/api/platforms", platform.clone()).await, 201);
    assert_eq!(ada.post("/api/platforms", platform.clone()).await, 409);
    platform["instance_url"] = json!(format!("https://ada:{token}@mastodon.example/?{token}"));
    assert_eq!(ada.post("/api/platforms", platform.clone()).await, 422);
    platform["access_token"] = json!([token]);
    assert_eq!(ada.post("/api/platforms", platform).await, 422);
    let patch = ada.ask(Method::PATCH, "/api/platforms/2");
    let other = campaign.secret("another access token by the API");
    assert_eq!(ada.send(patch.json(&json!({"access_token": other}))).await, 200);
    let token = campaign.secret("access token by the page");
    let fields = |name| {
        let url = "https://page.example";
        let account = [("platform_type", "peertube"), ("instance_url", url), ("username", "ada")];
        [&account[..], &[("name", name), ("access_token", &token)]].concat()
    };
    assert_eq!(ada.form("/account/platforms", &fields("videos")).await, 303);
    assert_eq!(ada.form("/account/platforms", &fields("")).await, 422);
    third
}

/// Puts secrets where they do not belong.
async fn misplace(campaign: &Campaign, ada: &mut Visitor, password: &str) {
    let token = ada.token.clone().unwrap();
    let secret = url::form_urlencoded::byte_serialize(password.as_bytes()).collect::<String>();
    let mut nobody = ada.signed_out();
    for value in [&token, &secret] {
        for path in [
            format!("/api/session/state?session_id={value}"),
            format!("/api/admin/sessions?user={value}&cursor={value}"),
            format!("/api/admin/audit?kind={value}&limit={value}"),
            format!("/api/sessions/{value}"),
            format!("/api/platforms/{value}"),
            format!("/api/{value}"),
            format!("/assets/{value}"),
            format!("/{value}"),
            format!("/api/session/data/{value}"),
            format!("/account/security?before=1&session_id={value}"),
            format!("/login?next=/account?session_id={value}"),
            format!("/account/sessions?session_id={value}"),
            format!("/?__Host-session_id={value}"),
            format!("/login?reason={value}&session_id={value}"),
        ] {
            for visitor in [&mut *ada, &mut nobody] {
                visitor.get(&path).await;
                visitor.page(&path).await;
                visitor.send(visitor.ask(Method::DELETE, &path)).await;
                visitor.send(visitor.ask(Method::PUT, &path).body("x")).await;
            }
        }
    }
    for body in [
        format!("{{\"username\": \"ada\", \"password\": \"{token}\""),
        format!("{token} {password}"),
        json!([token, password]).to_string(),
        json!({"password": {"a": password}, "username": token}).to_string(),
    ] {
        let form = ada.ask(Method::POST, "/login").header(CONTENT_TYPE, "multipart/form-data");
        ada.send(form.body(body.clone())).await;
        for path in ["/api/login", "/api/session/reauthenticate", "/api/session/platform"] {
            assert!((400..500).contains(&ada.post_raw(path, body.clone()).await), "{path}");
        }
    }
    let url = format!("http://127.0.0.1/account?session_id={token}");
    let request = nobody.ask(Method::GET, "/account/sessions").header(ACCEPT, "text/html");
    let request = request.header(REFERER, url).header("x-session-token", &token);
    let request = request.header("x-forwarded-for", &token).header("x-forwarded-host", &token);
    nobody.send(request.header(AUTHORIZATION, format!("Bearer {token}"))).await;
    for cookie in [format!("session_id={token}x"), format!("session_id=\"{token}; {token}")] {
        nobody.send(nobody.ask(Method::GET, "/").header(COOKIE, cookie)).await;
    }
    let forged = ada.ask(Method::POST, "/api/logout").header("origin", "https://evil.example");
    ada.send(forged.header("x-csrf-token", &token)).await;
    broken(campaign, ada, &token).await;
}

/// Requests that are no HTTP, over a socket.
async fn broken(campaign: &Campaign, ada: &Visitor, token: &str) {
    for request in [
        format!("GET / HTTP/1.1\r\nCookie session_id={token}\r\n\r\n"),
        format!("GET /{token}\u{1} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("{token}\r\n\r\n"),
    ] {
        let mut socket = tokio::net::TcpStream::connect(ada.address()).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        campaign.search.borrow_mut().piece(Place::Body, "no HTTP", answer);
    }
}

/// A database that fails, and rows that cannot be read.
async fn fail(campaign: &Campaign, ada: &mut Visitor, password: &str) {
    let login = json!({"username": "ada", "password": password});
    let change = json!({"current_password": password, "new_password": password});
    let database = campaign.database();
    database.execute_batch("ALTER TABLE session_tokens RENAME TO away").unwrap();
    for path in ["/api/login", "/api/account/password", "/api/session/heartbeat"] {
        assert_eq!(ada.post(path, login.clone()).await, 503, "{path}");
    }
    assert_eq!(ada.page("/account/sessions?session_id=x").await, 503);
    database.execute_batch("ALTER TABLE away RENAME TO session_tokens").unwrap();
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON session_tokens \
                  BEGIN SELECT RAISE(ABORT, 'refused'); END";
    database.execute_batch(refuse).unwrap();
    let mut nobody = ada.signed_out();
    assert_eq!(nobody.post("/api/login", login.clone()).await, 503);
    assert_eq!(nobody.post("/api/account/password", change).await, 401);
    database.execute_batch("DROP TRIGGER refuse; PRAGMA ignore_check_constraints = ON").unwrap();
    let hash = campaign.secret("a hash that is none");
    let sql = "UPDATE users SET password_hash = ?1 WHERE username = 'eve'";
    database.execute(sql, [&hash]).unwrap();
    campaign.search.borrow_mut().allow("a hash that is none", &[Place::Files]);
    let eve = json!({"username": "eve", "password": campaign.secret("eve's password")});
    assert!(nobody.post("/api/login", eve.clone()).await >= 400);
    database.execute_batch("UPDATE users SET role = 'queen' WHERE username = 'eve'").unwrap();
    assert_eq!(nobody.post("/api/login", eve).await, 503);
    assert_eq!(ada.get("/api/admin/users").await, 503);
    assert_eq!(campaign.run(&["user", "list"], ""), Some(1));
    let repair = "UPDATE users SET role = 'viewer', password_hash = NULL WHERE username = 'eve';
                  UPDATE platform_connections SET credentials_key_id = 'x' WHERE id = 3";
    database.execute_batch(repair).unwrap();
    assert_eq!(campaign.run(&["platform", "reseal", "--json"], ""), Some(1));
    assert_eq!(campaign.run(&["doctor", "--json"], ""), Some(1));
    let forget = "UPDATE platform_connections SET credentials = NULL, credentials_key_id = NULL \
                  WHERE id = 3";
    database.execute_batch(forget).unwrap();
}

/// Everything that lists or shows something.
async fn export(campaign: &Campaign, ada: &mut Visitor) {
    for path in [
        "/api/session/state",
        "/api/session/csrf-token",
        "/api/session/data",
        "/api/sessions",
        "/api/platforms",
        "/api/platforms/1",
        "/api/account/events",
        "/api/admin/users",
        "/api/admin/sessions?include_ended=true",
        "/api/admin/audit?limit=200",
        "/openapi.json",
        "/healthz",
        "/readyz",
    ] {
        assert_eq!(ada.get(path).await, 200, "{path}");
    }
    assert_eq!(ada.get("/metrics").await, 404);
    for page in ["/", "/account/sessions", "/account/platforms", "/account/security"] {
        assert_eq!(ada.page(page).await, 200, "{page}");
    }
    let handle = ada.handle().await;
    for arguments in [
        &["audit", "--json"][..],
        &["audit"],
        &["session", "list", "--json"],
        &["session", "list"],
        &["session", "show", &handle, "--json"],
        &["user", "list", "--json"],
        &["platform", "list", "ada", "--json"],
        &["status", "--json"],
        &["doctor", "--json"],
        &["openapi"],
        &["config", "print"],
        &["cleanup", "--json"],
    ] {
        assert_eq!(campaign.run(arguments, ""), Some(0), "{arguments:?}");
    }
    // A key that stands in the configuration, and one that opens nothing.
    let key = std::fs::read_to_string(campaign.path().join("sessrum.db.key")).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let config = file.path().to_str().unwrap();
    for (key, code) in [(key.clone(), 0), (key[4..].to_owned(), 1)] {
        std::fs::write(file.path(), format!("secret_key = \"{key}\"")).unwrap();
        for command in [["config", "print"], ["config", "check"], ["doctor", "--json"]] {
            let arguments = [&["--config", config], &command[..]].concat();
            assert_eq!(campaign.run(&arguments, ""), Some(code), "{command:?}");
        }
    }
}

async fn no_secret_comes_out(log_format: &str) {
    let campaign = Campaign::new();
    let first = set_up(&campaign);
    let server = campaign.serve(log_format);
    let mut ada = campaign.visitor(&server);
    sign_in(&campaign, &mut ada, &first).await;
    let last = change(&campaign, &mut ada, &first).await;
    misplace(&campaign, &mut ada, &last).await;
    campaign.know_what_is_kept();
    fail(&campaign, &mut ada, &last).await;
    export(&campaign, &mut ada).await;
    assert_eq!(ada.post("/api/logout", json!({})).await, 204);
    campaign.keep_files();
    server.terminate();
    let (_, log) = server.wait();
    campaign.keep_files();
    let stdout = std::fs::read(campaign.stdout.path()).unwrap();
    let mut search = campaign.search.borrow_mut();
    search.piece(Place::Log, "standard output", stdout);
    search.piece(Place::Log, "standard error", log);
    for place in [Place::Log, Place::Files, Place::Header, Place::Body, Place::Command] {
        assert!(search.seen(place) > 10_000, "{place:?}");
    }
    assert!(search.count("a session token") > 20 && search.count("a CSRF token") > 20);
    assert_eq!(search.count("a password's hash"), 3);
    let leaks = search.leaks();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

/// Security: 3.3.4, 14.2.1, 16.2.5
#[tokio::test]
async fn no_secret_comes_out_of_a_server_that_logs_text() {
    no_secret_comes_out("text").await;
}

/// Security: 3.3.4, 14.2.1, 16.2.5
#[tokio::test]
async fn no_secret_comes_out_of_a_server_that_logs_json() {
    no_secret_comes_out("json").await;
}
