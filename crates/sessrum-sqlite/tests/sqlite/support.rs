//! A store in a directory of its own, and things to put into it.

use std::path::PathBuf;
use std::sync::Arc;

use sessrum_conformance::new_session;
use sessrum_core::store::{
    AccountStore as _, AddUser, CreateOutcome, EventFilter, EventStore as _, NewSession, NewUser,
    Page, SessionStore as _,
};
use sessrum_core::{
    Change, EventSealer, Role, SeededRandom, SessionEvent, Timestamp, UserId, UserSession,
};
use sessrum_sqlite::SqliteStore;
use tempfile::TempDir;

pub(crate) struct TestStore {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) path: PathBuf,
    random: SeededRandom,
    directory: TempDir,
}

pub(crate) fn sealer() -> EventSealer {
    sessrum_conformance::sealer(1)
}

impl std::ops::Deref for TestStore {
    type Target = SqliteStore;

    fn deref(&self) -> &SqliteStore {
        &self.store
    }
}

pub(crate) const ALL: Page = Page { before: None, limit: 10_000 };

pub(crate) const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

pub(crate) fn by_system(seconds: i64) -> Change {
    Change::by_system(at(seconds))
}

impl TestStore {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sessions.db");
        let store = Arc::new(SqliteStore::open_and_migrate(&path, sealer()).unwrap());
        Self { store, path, random: SeededRandom::new(2), directory }
    }

    /// Closes the store and opens it again.
    pub(crate) fn reopen(self) -> Self {
        let Self { store, path, random, directory } = self;
        drop(store);
        let store = Arc::new(SqliteStore::open(&path, sealer()).unwrap());
        Self { store, path, random, directory }
    }

    pub(crate) fn new_session(&self, user: impl Into<UserId>) -> NewSession {
        new_session(user.into(), &self.random)
    }

    pub(crate) async fn sign_in(&self, new: NewSession, seconds: i64) -> UserSession {
        match self.store.create(new, &by_system(seconds)).await.unwrap() {
            CreateOutcome::Created { session, .. } => *session,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn user_named(&self, name: &str) -> UserId {
        let new = NewUser {
            username: name.to_owned(),
            email: format!("{name}@example.org"),
            role: Role::Viewer,
            password_hash: None,
        };
        match self.store.add_user(new, &by_system(0)).await.unwrap() {
            AddUser::Added(id) => id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn trail(&self) -> Vec<SessionEvent> {
        let mut events = self.store.events(&EventFilter::default(), ALL).await.unwrap();
        events.reverse();
        events
    }
}
