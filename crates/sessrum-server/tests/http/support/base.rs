//! The database that a site stands on.

use std::path::PathBuf;
use std::sync::Arc;

use sessrum_core::store::Store;
use sessrum_core::{EventSealer, ManualClock, MemoryStore, OsRandom, SecretKey, Timestamp};
use sessrum_postgres::{PostgresOptions, PostgresStore};
use sessrum_sqlite::SqliteStore;
use sessrum_testbed::{Database, Postgres};
use tempfile::TempDir;

/// Which database a test wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// SQLite, or PostgreSQL where `SESSRUM_TEST_DATABASE` says so: it makes no difference.
    Any,
    /// A file, which the test looks into.
    Sqlite,
    /// None that lasts.
    Memory,
}

/// What goes with the site.
pub(super) enum Base {
    Sqlite(TempDir),
    Postgres { _database: Database },
    Memory,
}

impl Base {
    /// A new database, and the stores on it.
    pub(super) async fn new(wanted: Wanted, secret: &SecretKey) -> (Self, Arc<dyn Store>) {
        let sealer = EventSealer::new(secret, &OsRandom).unwrap();
        // However slow the machine is, no lease runs out.
        let clock = Arc::new(ManualClock::starting_at(Timestamp::from_micros(0)));
        match wanted {
            Wanted::Memory => (Self::Memory, Arc::new(MemoryStore::new())),
            Wanted::Any if is_postgres_asked_for() => {
                let migrate = async |url| {
                    sessrum_postgres::migrate(&PostgresOptions::new(url)).await.unwrap();
                };
                let postgres = Postgres::shared().await;
                let database = postgres.prepared_database("http", migrate).await;
                let options = PostgresOptions::new(database.url());
                let random = Arc::new(OsRandom);
                let store = PostgresStore::open_with(&options, sealer, clock, random).await;
                (Self::Postgres { _database: database }, Arc::new(store.unwrap()))
            }
            Wanted::Any | Wanted::Sqlite => {
                let directory = tempfile::tempdir().unwrap();
                let path = directory.path().join("sessions.db");
                sessrum_sqlite::migrate(&path).unwrap();
                let store = SqliteStore::open_with_clock(path, sealer, clock).unwrap();
                (Self::Sqlite(directory), Arc::new(store))
            }
        }
    }

    /// Where the file is.
    pub(super) fn file(&self) -> PathBuf {
        let Self::Sqlite(directory) = self else { panic!("the test did not ask for SQLite") };
        directory.path().join("sessions.db")
    }
}

#[expect(clippy::disallowed_methods, reason = "it says on what the tests run")]
fn is_postgres_asked_for() -> bool {
    match std::env::var("SESSRUM_TEST_DATABASE").as_deref() {
        Err(_) | Ok("sqlite") => false,
        Ok("postgres") => true,
        Ok(other) => panic!("SESSRUM_TEST_DATABASE must be sqlite or postgres, and not {other}"),
    }
}
