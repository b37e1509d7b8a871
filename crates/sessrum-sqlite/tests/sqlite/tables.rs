//! What lies in the file: the audit trail, and what is left of what was removed.

use std::sync::Arc;

use rusqlite::Connection;
use sessrum_conformance::Fixture;
use sessrum_conformance::database::tampering;
use sessrum_core::store::{AccountStore as _, SessionStore as _, Store};
use sessrum_core::verify_trail;
use sessrum_sqlite::SqliteStore;

use crate::support::{TestStore, by_system};

/// The file, opened as the `sqlite3` program does.
struct File(Connection);

impl tampering::Tables for File {
    const SET_COUNT_BACK: &str = "DELETE FROM sqlite_sequence WHERE name = 'session_events'";

    const MAKE_UNREADABLE: &str =
        "UPDATE session_events SET kind = CAST(x'ff' AS TEXT) WHERE id = 4";

    async fn execute(&self, statements: &str) {
        self.0.execute_batch(statements).unwrap();
    }

    async fn columns(&self) -> Vec<String> {
        let all = self.0.prepare("SELECT * FROM session_events").unwrap();
        all.column_names().iter().map(ToString::to_string).collect()
    }

    async fn count(&self, table: &str) -> i64 {
        let count = format!("SELECT count(*) FROM {table}");
        self.0.query_row(&count, [], |row| row.get(0)).unwrap()
    }

    fn bytes(digits: &str) -> String {
        format!("x'{digits}'")
    }

    fn user(number: i64) -> String {
        number.to_string()
    }
}

fn fresh() -> (Fixture, File, TestStore) {
    let test = TestStore::new();
    let file = File(Connection::open(&test.path).unwrap());
    (Fixture::from(Arc::clone(&test.store) as Arc<dyn Store>), file, test)
}

sessrum_conformance::tampering_suite!(async { fresh() });

#[tokio::test]
async fn a_new_secret_seals_on_and_the_earlier_one_still_checks() {
    let test = TestStore::new();
    tampering::a_new_secret_seals_on_and_the_earlier_one_still_checks(async |sealer| {
        Arc::new(SqliteStore::open(&test.path, sealer).unwrap()) as _
    })
    .await;
}

/// Of a user who is forgotten the file holds nothing personal once it is compacted.
#[tokio::test]
async fn what_is_forgotten_is_no_longer_in_the_file() {
    let (fixture, _, test) = fresh();
    let ada = tampering::a_life(&fixture).await;
    let bytes = || {
        let mut bytes = std::fs::read(&test.path).unwrap();
        bytes.extend(std::fs::read(test.path.with_extension("db-wal")).unwrap());
        bytes
    };
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|it| it == text.as_bytes());
    assert!(tampering::PERSONAL.iter().all(|text| has(&bytes(), text)));
    assert!(!test.store.is_compaction_due().await.unwrap());
    test.store.forget_user(&ada, &by_system(61)).await.unwrap().unwrap();
    assert!(test.store.is_compaction_due().await.unwrap());
    test.store.compact().await.unwrap();
    assert!(!test.store.is_compaction_due().await.unwrap());
    let bytes = bytes();
    assert!(has(&bytes, "user_forgotten") && has(&bytes, "bob"));
    assert!(!tampering::PERSONAL.iter().any(|text| has(&bytes, text)));
    assert_eq!(verify_trail(&*test.store, |_| {}).await.unwrap().faults, []);
}
