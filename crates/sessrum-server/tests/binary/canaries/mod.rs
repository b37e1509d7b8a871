//! Secrets go through the whole program, in their places and out of place, and are then searched
//! for in all that came out of it.

mod base;
mod misuses;
mod search;
mod uses;
mod visitor;

use std::cell::RefCell;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::process::{Server, run_with_input, sessrum};
use base::Base;
use search::{Place, Search};
use visitor::Visitor;

/// An installation, its running server, and what has come out so far.
struct Campaign {
    base: Base,
    directory: tempfile::TempDir,
    /// Where the server's standard output goes.
    stdout: tempfile::NamedTempFile,
    search: Rc<RefCell<Search>>,
}

impl Campaign {
    fn new(base: Base, directory: tempfile::TempDir) -> Self {
        let stdout = tempfile::NamedTempFile::new().unwrap();
        let campaign = Self { base, directory, stdout, search: Rc::default() };
        if let Some(password) = campaign.base.password() {
            campaign.search.borrow_mut().canary("the database's password", password, &[]);
        }
        campaign
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

    fn keep_files(&self) {
        self.keep_files_in(self.base.files());
    }

    fn keep_files_in(&self, directory: &Path) {
        for file in std::fs::read_dir(directory).unwrap() {
            let path = file.unwrap().path();
            // What is no file is a socket. A running server removes some of its files.
            let Ok(found) = path.metadata() else { continue };
            if found.is_dir() {
                self.keep_files_in(&path);
            } else if found.is_file() && path.extension().is_none_or(|extension| extension != "key")
            {
                let name = path.display().to_string();
                let Ok(bytes) = std::fs::read(path) else { continue };
                self.search.borrow_mut().piece(Place::Files, name, bytes);
            }
        }
    }

    /// The secret key and the hashes of passwords, as they lie in the files.
    async fn know_what_is_kept(&self) {
        let hashes = self.base.password_hashes().await;
        let mut search = self.search.borrow_mut();
        let key = std::fs::read_to_string(self.path().join(self.base.key())).unwrap();
        search.canary("the secret key", STANDARD.decode(&key).unwrap(), &[]);
        search.canary("the secret key's text", &key, &[]);
        for hash in hashes {
            search.canary("a password's hash", hash, &[Place::Files]);
        }
    }
}

async fn no_secret_comes_out(campaign: Campaign, log_format: &str) {
    let first = uses::set_up(&campaign);
    let server = campaign.serve(log_format);
    let mut ada = campaign.visitor(&server);
    uses::sign_in(&campaign, &mut ada, &first).await;
    let last = uses::change(&campaign, &mut ada, &first).await;
    misuses::misplace(&campaign, &mut ada, &last).await;
    campaign.know_what_is_kept().await;
    misuses::fail(&campaign, &mut ada, &last).await;
    uses::export(&campaign, &mut ada).await;
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
    let directory = tempfile::tempdir().unwrap();
    no_secret_comes_out(Campaign::new(Base::sqlite(directory.path()), directory), "text").await;
}

/// Security: 3.3.4, 14.2.1, 16.2.5
#[tokio::test]
async fn no_secret_comes_out_of_a_server_that_logs_json() {
    let directory = tempfile::tempdir().unwrap();
    no_secret_comes_out(Campaign::new(Base::sqlite(directory.path()), directory), "json").await;
}

/// Security: 3.3.4, 14.2.1, 16.2.5
#[tokio::test]
async fn no_secret_comes_out_of_a_server_on_postgresql_nor_of_that() {
    let directory = tempfile::tempdir().unwrap();
    let base = Base::postgres(directory.path()).await;
    no_secret_comes_out(Campaign::new(base, directory), "text").await;
}
