//! What lies in the tables: the audit trail, and what is left of what was removed.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use sessrum_conformance::Fixture;
use sessrum_conformance::database::tampering;
use sessrum_conformance::database::tampering::Tables as _;
use sessrum_core::store::{
    AccountStore as _, EventStore as _, SessionStore as _, Store, StoreErrorKind,
};
use sessrum_core::verify_trail;
use sessrum_postgres::PostgresStore;
use tokio_postgres::{Client, IsolationLevel};

use crate::support::{TestStore, by_system, connect, migrated};

/// The tables, as `psql` gets at them.
struct Tables(Client);

impl tampering::Tables for Tables {
    const SET_COUNT_BACK: &str = "UPDATE event_counter SET last_id = 0";

    const MAKE_UNREADABLE: &str =
        "ALTER TABLE session_events DROP CONSTRAINT session_events_user_id_check;
         UPDATE session_events SET user_id = '1x' WHERE id = 4";

    async fn execute(&self, statements: &str) {
        self.0.batch_execute(statements).await.unwrap();
    }

    async fn columns(&self) -> Vec<String> {
        let all = self.0.prepare("SELECT * FROM session_events").await.unwrap();
        all.columns().iter().map(|column| column.name().to_owned()).collect()
    }

    async fn count(&self, table: &str) -> i64 {
        let count = format!("SELECT count(*) FROM {table}");
        self.0.query_one(&count, &[]).await.unwrap().get(0)
    }

    fn bytes(digits: &str) -> String {
        format!("decode('{digits}', 'hex')")
    }

    fn user(number: i64) -> String {
        format!("'{number}'")
    }
}

async fn fresh() -> (Fixture, Tables, TestStore) {
    let test = TestStore::new().await;
    let tables = Tables(test.client().await);
    (Fixture::from(Arc::clone(&test.store) as Arc<dyn Store>), tables, test)
}

sessrum_conformance::tampering_suite!(fresh());

/// Who sets the count back alone stops nobody from writing.
#[tokio::test]
async fn a_count_that_was_set_back_gives_no_number_twice() {
    let (fixture, tables, test) = fresh().await;
    let ada = tampering::trail_of_ada(&fixture).await;
    tables.execute("UPDATE event_counter SET last_id = 2").await;
    assert_eq!(test.store.last_event_id().await.unwrap(), 6);
    test.sign_in(test.new_session(ada), 9).await;
    assert_eq!(test.store.last_event_id().await.unwrap(), 7);
    assert_eq!(verify_trail(&*test.store, |_| {}).await.unwrap().faults, []);
}

#[tokio::test]
async fn a_new_secret_seals_on_and_the_earlier_one_still_checks() {
    let test = TestStore::new().await;
    tampering::a_new_secret_seals_on_and_the_earlier_one_still_checks(async |sealer| {
        Arc::new(PostgresStore::open(&test.options, sealer).await.unwrap()) as _
    })
    .await;
}

/// Of a user who is forgotten no table holds anything personal, and once it is compacted no row that
/// was removed is left, nor its entries in the indexes.
#[tokio::test]
async fn what_is_forgotten_is_no_longer_in_the_tables() {
    let (fixture, _, test) = fresh().await;
    let ada = tampering::a_life(&fixture).await;
    let before = tables(&test).await;
    assert!(tampering::PERSONAL.iter().all(|text| before.contains(text)));
    assert!(!test.store.is_compaction_due().await.unwrap());
    test.store.forget_user(&ada, &by_system(61)).await.unwrap().unwrap();
    let left = tables(&test).await;
    assert!(left.contains("user_forgotten") && left.contains("bob"));
    assert!(!tampering::PERSONAL.iter().any(|text| left.contains(text)), "{left}");
    assert!(test.store.is_compaction_due().await.unwrap());
    assert!(dead_rows(&test).await > 0);
    test.store.compact().await.unwrap();
    assert!(!test.store.is_compaction_due().await.unwrap());
    assert_eq!(dead_rows(&test).await, 0);
    assert_eq!(verify_trail(&*test.store, |_| {}).await.unwrap().faults, []);
}

/// Until the last transaction that sees what was removed is over it stays, and stays due.
#[tokio::test]
async fn what_somebody_still_sees_is_not_taken_for_removed() {
    let database = migrated().await;
    let test = TestStore::through(database.address(), Duration::from_millis(500)).await;
    let ada = test.user_named("ada").await;
    let mut seeing = test.client().await;
    let seeing = seeing.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    let seeing = seeing.start().await.unwrap();
    seeing.query("SELECT FROM users", &[]).await.unwrap();
    test.store.forget_user(&ada, &by_system(2)).await.unwrap().unwrap();
    let error = test.store.compact().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Failed);
    assert!(error.source().unwrap().to_string().contains("still sees"), "{error:?}");
    assert!(dead_rows(&test).await > 0);
    assert!(test.store.is_compaction_due().await.unwrap());
    // One that is over soon is waited for.
    let (compacted, over) = tokio::join!(test.store.compact(), seeing.commit());
    over.unwrap();
    compacted.unwrap();
    assert_eq!(dead_rows(&test).await, 0);
    assert!(!test.store.is_compaction_due().await.unwrap());
}

#[tokio::test]
async fn whoever_has_locked_a_table_is_not_waited_for_without_end() {
    let database = migrated().await;
    let test = TestStore::through(database.address(), Duration::from_millis(500)).await;
    let ada = test.user_named("ada").await;
    test.store.forget_user(&ada, &by_system(2)).await.unwrap().unwrap();
    let client = test.client().await;
    let lock = "BEGIN; LOCK TABLE session_tokens IN SHARE UPDATE EXCLUSIVE MODE";
    client.batch_execute(lock).await.unwrap();
    let error = test.store.compact().await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("lock timeout"), "{error:?}");
    assert!(test.store.is_compaction_due().await.unwrap());
    client.batch_execute("COMMIT").await.unwrap();
    test.store.compact().await.unwrap();
    assert!(!test.store.is_compaction_due().await.unwrap());
}

#[tokio::test]
async fn who_may_not_vacuum_is_told_so() {
    let test = TestStore::new().await;
    let ada = test.user_named("ada").await;
    test.store.forget_user(&ada, &by_system(2)).await.unwrap().unwrap();
    let superuser = superuser(&test).await;
    superuser.batch_execute(GIVE_AWAY).await.unwrap();
    let error = test.store.compact().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Failed);
    assert!(error.source().unwrap().to_string().contains("owns users"), "{error:?}");
    assert!(test.store.is_compaction_due().await.unwrap());
    superuser.batch_execute("ALTER TABLE users OWNER TO sessrum").await.unwrap();
    test.store.compact().await.unwrap();
    assert!(!test.store.is_compaction_due().await.unwrap());
}

/// What PostgreSQL counts for its plans are names and addresses, too. Of a table without rows it keeps
/// what it counted last.
#[tokio::test]
async fn what_is_forgotten_is_no_longer_in_the_statistics() {
    let (fixture, _, test) = fresh().await;
    let ada = tampering::a_life(&fixture).await;
    test.sign_in(test.new_session(999), 60).await;
    let client = test.client().await;
    let data = "INSERT INTO session_data \
                SELECT id, 'key', '1', 1, 1 FROM user_sessions WHERE user_id = '999'; ANALYZE";
    client.batch_execute(data).await.unwrap();
    let before = statistics(&client).await;
    assert!(tampering::PERSONAL.iter().all(|text| before.contains(text)), "{before}");
    test.store.forget_user(&ada, &by_system(61)).await.unwrap().unwrap();
    test.store.compact().await.unwrap();
    let left = statistics(&client).await;
    assert!(!tampering::PERSONAL.iter().any(|text| left.contains(text)), "{left}");
}

/// The owner of a database may vacuum what is in it.
const GIVE_AWAY: &str = "ALTER TABLE users OWNER TO postgres; GRANT SELECT, INSERT, UPDATE, DELETE ON users TO sessrum; \
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO postgres', current_database()); END $$";

async fn statistics(client: &Client) -> String {
    let all = "SELECT string_agg(s::text, '\n') FROM pg_stats s WHERE schemaname = 'public'";
    client.query_one(all, &[]).await.unwrap().get(0)
}

const TABLES: [&str; 8] = [
    "users",
    "platform_connections",
    "user_sessions",
    "session_tokens",
    "session_data",
    "session_events",
    "sign_in_counters",
    "due_compactions",
];

/// Every row there is, as text.
async fn tables(test: &TestStore) -> String {
    let client = test.client().await;
    let mut all = String::new();
    for table in TABLES {
        let rows = format!("SELECT coalesce(string_agg(it::text, '\n'), '') FROM {table} it");
        all += client.query_one(&rows, &[]).await.unwrap().get(0);
    }
    all
}

/// Rows that were removed or overwritten and are still there, out of everybody's sight.
async fn dead_rows(test: &TestStore) -> i64 {
    let superuser = superuser(test).await;
    superuser.batch_execute("CREATE EXTENSION IF NOT EXISTS pgstattuple").await.unwrap();
    let mut dead = 0;
    for table in &TABLES[..6] {
        let count = "SELECT dead_tuple_count FROM pgstattuple($1)";
        dead += superuser.query_one(count, &[table]).await.unwrap().get::<_, i64>(0);
    }
    dead
}

async fn superuser(test: &TestStore) -> Client {
    connect(&test.database.url().replace("sessrum@", "postgres@")).await
}
