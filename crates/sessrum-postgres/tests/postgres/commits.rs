//! What becomes of a change when the connection breaks around its commit.

use std::time::Duration;

use sessrum_core::store::{EventStore as _, NewEvent, SessionStore as _, StoreErrorKind};
use sessrum_core::{EventKind, verify_trail};
use sessrum_testbed::{Database, Postgres, TcpProxy, Way, until};
use tokio_postgres::Client;

use crate::support::{TestStore, by_system, connect};

const LONG: Duration = Duration::from_secs(20);

pub(crate) fn event(detail: &str) -> NewEvent {
    let kind = EventKind::SignInFailed;
    NewEvent { kind, user_id: None, session: None, detail: detail.to_owned() }
}

/// Waits until somebody waits for a lock.
pub(crate) async fn somebody_waits(database: &Database) {
    let client = connect(&database.url()).await;
    let waits = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity \
                 WHERE datname = current_database() AND wait_event_type = 'Lock')";
    until(async || client.query_one(waits, &[]).await.unwrap().get::<_, bool>(0)).await;
}

/// Waits until so many events are committed.
pub(crate) async fn until_events(client: &Client, many: i64) {
    let written = "SELECT count(*) FROM session_events";
    until(async || client.query_one(written, &[]).await.unwrap().get::<_, i64>(0) == many).await;
}

async fn behind_a_proxy() -> (TestStore, TcpProxy) {
    let proxy = TcpProxy::start(Postgres::shared().await.address()).await;
    let test = TestStore::through(proxy.address(), LONG).await;
    test.record(event("before"), &by_system(1)).await.unwrap();
    (test, proxy)
}

/// Whether it was committed cannot be known: it is told so, and never made twice.
#[tokio::test]
async fn what_may_have_been_committed_is_not_made_again() {
    let (test, proxy) = behind_a_proxy().await;
    let client = test.client().await;
    client.batch_execute("BEGIN; LOCK session_events IN SHARE MODE").await.unwrap();
    let change = by_system(2);
    let recording = test.record(event("once"), &change);
    let breaking = async {
        // The events and the commit are with the server.
        somebody_waits(&test.database).await;
        proxy.stall(Way::ToClient);
        client.batch_execute("COMMIT").await.unwrap();
        until_events(&client, 2).await;
        proxy.cut().await;
        proxy.resume(Way::ToClient);
    };
    let (recorded, ()) = tokio::join!(recording, breaking);
    assert_eq!(recorded.unwrap_err().kind(), StoreErrorKind::Unavailable);
    let details: Vec<_> = test.trail().await.into_iter().map(|event| event.detail).collect();
    assert_eq!(details, ["before", "once"]);
    test.record(event("after"), &change).await.unwrap();
    assert_eq!(verify_trail(&*test.store, |_| {}).await.unwrap().faults, []);
}

/// Before that nothing was made, and it is made on another connection.
#[tokio::test]
async fn what_was_not_committed_is_made_on_another_connection() {
    let (test, proxy) = behind_a_proxy().await;
    let client = test.client().await;
    client.batch_execute("BEGIN; SELECT 1 FROM event_counter FOR UPDATE").await.unwrap();
    let change = by_system(2);
    let recording = test.record(event("once"), &change);
    let breaking = async {
        somebody_waits(&test.database).await;
        proxy.cut().await;
        client.batch_execute("COMMIT").await.unwrap();
    };
    let (recorded, ()) = tokio::join!(recording, breaking);
    recorded.unwrap();
    let details: Vec<_> = test.trail().await.into_iter().map(|event| event.detail).collect();
    assert_eq!(details, ["before", "once"]);
}

/// A server that is told to stop ends connections with a reason.
#[tokio::test]
async fn a_connection_that_the_server_ends_is_replaced() {
    let test = TestStore::new().await;
    let client = test.client().await;
    client.batch_execute("BEGIN; SELECT 1 FROM event_counter FOR UPDATE").await.unwrap();
    let change = by_system(2);
    let recording = test.record(event("once"), &change);
    let ending = async {
        somebody_waits(&test.database).await;
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        client.query(end, &[]).await.unwrap();
        client.batch_execute("COMMIT").await.unwrap();
    };
    let (recorded, ()) = tokio::join!(recording, ending);
    recorded.unwrap();
    assert_eq!(test.trail().await.len(), 1);
}

/// Events are sent together with the commit, also on a connection that has not sent any yet.
#[tokio::test]
async fn a_change_whose_event_cannot_be_written_is_not_made() {
    let test = TestStore::new().await;
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         RAISE EXCEPTION 'no'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON session_events FOR EACH ROW EXECUTE FUNCTION refuse()";
    test.execute(refuse).await;
    let error = test.create(test.new_session(1), &by_system(1)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Failed);
    test.execute("DROP TRIGGER refuse ON session_events").await;
    assert_eq!((test.count("user_sessions").await, test.last_event_id().await.unwrap()), (0, 0));
    test.sign_in(test.new_session(1), 2).await;
    assert_eq!(verify_trail(&*test.store, |_| {}).await.unwrap().faults, []);
}

/// A database may be set to answer before anything is on its disk: here that is not for what writes.
#[tokio::test]
async fn what_is_answered_is_on_the_disk_whatever_the_database_is_set_to() {
    let test = TestStore::new().await;
    let unsafe_setting = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I \
         SET synchronous_commit = off', current_database()); END $$;
         CREATE TABLE settings (value text);
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO settings SELECT current_setting('synchronous_commit'); RETURN NEW; END $$;
         CREATE TRIGGER note AFTER INSERT ON session_events EXECUTE FUNCTION note()";
    test.execute(unsafe_setting).await;
    let other = test.beside().await;
    other.record(event("x"), &by_system(1)).await.unwrap();
    let client = test.client().await;
    let own: String = client.query_one("SHOW synchronous_commit", &[]).await.unwrap().get(0);
    let noted: String = client.query_one("SELECT value FROM settings", &[]).await.unwrap().get(0);
    assert_eq!((own.as_str(), noted.as_str()), ("off", "on"));
}

/// Where transactions see only what was there when they began, taking turns would be of no use.
#[tokio::test]
async fn the_databases_own_isolation_plays_no_part() {
    let test = TestStore::new().await;
    let setting = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I \
         SET default_transaction_isolation = serializable', current_database()); END $$";
    test.execute(setting).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = test.beside().await;
        tasks.spawn(async move {
            for second in 0..20 {
                store.record(event("x"), &by_system(second)).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(test.trail().await.len(), 160);
}
