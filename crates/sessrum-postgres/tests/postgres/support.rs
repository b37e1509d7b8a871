//! A store in a database of its own, and things to put into it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sessrum_conformance::new_session;
use sessrum_core::store::{
    AccountStore as _, AddUser, CreateOutcome, EventFilter, EventStore as _, NewSession, NewUser,
    Page, SessionStore as _,
};
use sessrum_core::{
    Change, EventSealer, Role, SeededRandom, SessionEvent, Timestamp, UserId, UserSession,
};
use sessrum_postgres::{PostgresOptions, PostgresStore, migrate};
use sessrum_testbed::{Database, Postgres};
use tokio_postgres::{Client, NoTls};

pub(crate) struct TestStore {
    pub(crate) store: Arc<PostgresStore>,
    pub(crate) options: PostgresOptions,
    random: SeededRandom,
    // The store goes before it.
    pub(crate) database: Database,
}

pub(crate) fn sealer() -> EventSealer {
    sessrum_conformance::sealer(1)
}

impl std::ops::Deref for TestStore {
    type Target = PostgresStore;

    fn deref(&self) -> &PostgresStore {
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

/// A migrated database on the cluster that all tests share.
pub(crate) async fn migrated() -> Database {
    let prepare = async |url| drop(migrate(&PostgresOptions::new(url)).await.unwrap());
    Postgres::shared().await.prepared_database("postgres", prepare).await
}

/// A connection of its own, for what the store has no verb for.
pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Options with which a test does not wait long.
pub(crate) fn impatient(url: String, timeout: Duration) -> PostgresOptions {
    let mut options = PostgresOptions::new(url);
    options.connect_timeout = timeout;
    options.statement_timeout = timeout;
    options
}

impl TestStore {
    pub(crate) async fn new() -> Self {
        let database = migrated().await;
        let options = PostgresOptions::new(database.url());
        Self::opened(database, options).await
    }

    /// A store whose statements may take so long, by way of this address.
    pub(crate) async fn through(address: SocketAddr, timeout: Duration) -> Self {
        let database = migrated().await;
        let options = impatient(database.url_through(address), timeout);
        Self::opened(database, options).await
    }

    async fn opened(database: Database, options: PostgresOptions) -> Self {
        let store = Arc::new(PostgresStore::open(&options, sealer()).await.unwrap());
        Self { store, options, random: SeededRandom::new(2), database }
    }

    /// Another store on the same database, as another instance has.
    pub(crate) async fn beside(&self) -> PostgresStore {
        PostgresStore::open(&self.options, sealer()).await.unwrap()
    }

    /// A connection to the same database, around the store.
    pub(crate) async fn client(&self) -> Client {
        connect(&self.database.url()).await
    }

    pub(crate) async fn execute(&self, sql: &str) {
        self.client().await.batch_execute(sql).await.unwrap();
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let count = format!("SELECT count(*) FROM {table}");
        self.client().await.query_one(&count, &[]).await.unwrap().get(0)
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
