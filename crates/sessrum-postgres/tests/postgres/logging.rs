//! What the client of the database writes into a log when it is asked to write everything.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};
use sessrum_core::store::{AccountStore as _, NewUser, SessionStore as _, StoreError};
use sessrum_core::{PasswordHash, Role, TokenHash};
use sessrum_postgres::{PostgresOptions, PostgresStore};

use crate::support::{TestStore, by_system, sealer};

static LINES: Lines = Lines(Mutex::new(String::new()));

/// Everything that is logged.
struct Lines(Mutex<String>);

impl Log for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(lines, "{} {}", record.target(), record.args()).unwrap();
    }

    fn flush(&self) {}
}

/// Security: 16.2.5
#[tokio::test]
async fn no_parameter_reaches_the_log() {
    log::set_logger(&LINES).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let test = TestStore::new().await;
    let mut options = PostgresOptions::new(test.database.url());
    options.prepared_statements = false;
    let unprepared = PostgresStore::open(&options, sealer()).await.unwrap();
    for (store, name) in [(&*test.store, "canary-ada"), (&unprepared, "canary-bob")] {
        let user = NewUser {
            username: name.to_owned(),
            email: format!("{name}@example.org"),
            role: Role::Viewer,
            password_hash: Some(PasswordHash::from_phc("$canary$hash".to_owned())),
        };
        store.add_user(user, &by_system(1)).await.unwrap();
        store.user_by_name(name).await.unwrap().unwrap();
        let mut new = test.new_session(1);
        (new.token, new.user_agent) = (TokenHash::from_bytes([77; 32]), Some("canary/1".into()));
        store.create(new, &by_system(1)).await.unwrap();
        store.load_by_token(&TokenHash::from_bytes([77; 32])).await.unwrap().unwrap();
    }
    let lines = LINES.0.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(lines.contains("executing statement"), "nothing was logged");
    for canary in ["canary", "77, 77", "4d4d"] {
        assert!(!lines.contains(canary), "{canary} in {lines}");
    }
}

/// PostgreSQL adds the whole row to some of its errors.
///
/// Security: 16.2.5
#[tokio::test]
async fn no_row_is_in_an_error() {
    let test = TestStore::new().await;
    test.execute("ALTER TABLE users ADD CHECK (username <> 'canary-ada')").await;
    let user = NewUser {
        username: "canary-ada".to_owned(),
        email: "canary@example.org".to_owned(),
        role: Role::Viewer,
        password_hash: Some(PasswordHash::from_phc("$canary$hash".to_owned())),
    };
    let error = test.add_user(user, &by_system(1)).await.unwrap_err();
    assert!(!whole(&error).contains("canary"), "{error:?}");
    assert!(whole(&error).contains("violates check constraint"), "{error:?}");
}

/// All that an error says, with its causes.
fn whole(error: &StoreError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        write!(text, " {error} {error:?}").unwrap();
        cause = error.source();
    }
    text
}
