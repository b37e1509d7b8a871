//! A newer program's tables under this one: programs of two versions work side by side when the newer
//! one's tables say so.

use std::sync::Arc;

use sessrum_core::store::{SessionStore as _, Store, StoreErrorKind};
use sessrum_postgres::{OpenError, PostgresOptions, PostgresStore, check_schema, migrate};
use sessrum_testbed::{Database, Postgres};

use crate::support::{TestStore, connect, migrated, sealer};

/// What a next version might do: another column that may be null, and a row that says so.
const NEXT: &str = "
    ALTER TABLE user_sessions ADD COLUMN country text;
    ALTER TABLE users ADD COLUMN country text;
    ALTER TABLE session_events ADD COLUMN country text;
    INSERT INTO sessrum_schema_history (version, name, applied_on, checksum)
        VALUES (2, 'countries', '2030-01-01T00:00:00Z', '1');
";

/// What a version after that might do: nothing works as before.
const BREAKING: &str = "
    UPDATE sessrum_schema_support SET oldest_schema = 2;
    INSERT INTO sessrum_schema_history (version, name, applied_on, checksum)
        VALUES (3, 'another_world', '2030-01-02T00:00:00Z', '1');
";

async fn on_newer_tables() -> (Arc<dyn Store>, Database) {
    let upgrade = async |url: String| {
        migrate(&PostgresOptions::new(&url)).await.unwrap();
        connect(&url).await.batch_execute(NEXT).await.unwrap();
    };
    let database = Postgres::shared().await.prepared_database("newer", upgrade).await;
    let options = PostgresOptions::new(database.url());
    // There is nothing to do, and nothing is done.
    assert!(migrate(&options).await.unwrap().is_empty());
    check_schema(&options).await.unwrap();
    (Arc::new(PostgresStore::open(&options, sealer()).await.unwrap()), database)
}

#[test]
fn the_next_versions_tables_do_for_this_program() {
    let disagreement = sessrum_conformance::model::disagreement(on_newer_tables, 8);
    assert!(disagreement.is_none(), "{}", disagreement.unwrap());
}

/// A program that runs keeps its prepared statements while another migrates.
#[tokio::test]
async fn this_program_runs_on_while_a_newer_one_migrates() {
    let test = TestStore::new().await;
    let before = test.sign_in(test.new_session(1), 1).await;
    test.execute(NEXT).await;
    let after = test.sign_in(test.new_session(1), 2).await;
    assert_eq!(test.list_for_user(&1.into()).await.unwrap(), [after, before]);
}

#[tokio::test]
async fn tables_that_this_program_does_not_work_on_are_refused() {
    let database = migrated().await;
    let options = PostgresOptions::new(database.url());
    connect(&database.url()).await.batch_execute(&format!("{NEXT}{BREAKING}")).await.unwrap();
    for error in [
        migrate(&options).await.unwrap_err(),
        check_schema(&options).await.unwrap_err(),
        PostgresStore::open(&options, sealer()).await.unwrap_err(),
    ] {
        let OpenError::NewerSchema { found: 3, known: 1, .. } = error else { panic!("{error:?}") };
        assert!(error.to_string().contains("upgrade the program"), "{error}");
        assert_eq!(error.kind(), StoreErrorKind::NewerSchema);
    }
}
