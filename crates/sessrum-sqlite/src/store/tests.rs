use std::sync::mpsc;
use std::time::Duration;

use rusqlite::Connection;
use sessrum_core::store::{
    DataStore as _, DataWrite, EventFilter, EventStore as _, NewEvent, Page, Precondition,
    SessionStore as _, StoreErrorKind,
};
use sessrum_core::{
    Change, EventKind, ManualClock, OsRandom, SecretKey, SessionId, Timestamp, UserId,
};
use tokio::sync::oneshot;

use super::*;

fn sealer() -> EventSealer {
    EventSealer::new(&SecretKey::from_bytes([1; 32]), &OsRandom).unwrap()
}

fn store() -> (tempfile::TempDir, SqliteStore) {
    let directory = tempfile::tempdir().unwrap();
    let store =
        SqliteStore::open_and_migrate(directory.path().join("sessions.db"), sealer()).unwrap();
    (directory, store)
}

fn change() -> Change {
    Change::by_system(Timestamp::from_micros(1))
}

fn event(detail: String) -> NewEvent {
    NewEvent { kind: EventKind::SignInFailed, user_id: None, session: None, detail }
}

async fn recorded(store: &SqliteStore) -> usize {
    let page = Page { before: None, limit: 1_000 };
    store.events(&EventFilter::default(), page).await.unwrap().len()
}

/// Gives the database a disk of so many pages: SQLite answers as for a full one.
async fn set_disk(store: &SqliteStore, pages: i64) {
    store
        .writer
        .run(move |connection| connection.pragma_update(None, "max_page_count", pages))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_full_disk_is_told_and_writing_goes_on_when_there_is_room() {
    let (_directory, store) = store();
    set_disk(&store, 1).await; // SQLite keeps at least the pages there are.
    let mut failure = None;
    let mut made = 0;
    while failure.is_none() && made < 100 {
        failure = store.record(event("x".repeat(4_000)), &change()).await.err();
        made += usize::from(failure.is_none());
    }
    assert_eq!(failure.unwrap().kind(), StoreErrorKind::Full);
    assert_eq!(recorded(&store).await, made);
    assert_eq!(store.count_live().await.unwrap(), 0);

    set_disk(&store, 10_000).await;
    store.record(event("room again".to_owned()), &change()).await.unwrap();
    store.check().await.unwrap();
    assert_eq!(recorded(&store).await, made + 1);
}

/// Security: abuse 14
#[tokio::test]
async fn a_row_that_cannot_be_read_is_corruption() {
    let (_directory, store) = store();
    store
        .writer
        .run(|connection| {
            connection.execute_batch(
                "INSERT INTO session_events (at, kind, actor, detail, seal_key_id, mac)
                 VALUES (1, CAST(x'ff' AS TEXT), 'system', '', '', zeroblob(32))",
            )
        })
        .await
        .unwrap();
    let page = Page { before: None, limit: 1 };
    let error = store.events(&EventFilter::default(), page).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
}

#[tokio::test]
async fn readers_cannot_write() {
    let (_directory, store) = store();
    let error = store
        .readers
        .run(|connection| connection.execute("DELETE FROM session_events", []))
        .unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::ReadOnly);
}

#[tokio::test]
async fn the_writer_is_durable_and_checks_references() {
    let (_directory, store) = store();
    let pragma = |name: &'static str| {
        store.writer.run(move |connection| {
            connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
        })
    };
    assert_eq!(pragma("journal_mode").await.unwrap(), "wal".to_owned().into());
    assert_eq!(pragma("synchronous").await.unwrap(), 2.into());
    assert_eq!(pragma("foreign_keys").await.unwrap(), 1.into());
}

#[tokio::test]
async fn check_notices_that_nothing_can_be_written() {
    let (directory, store) = store();
    let other = Connection::open(directory.path().join("sessions.db")).unwrap();
    // Waiting for the lock is not what is tested.
    store
        .writer
        .run(|connection| connection.busy_timeout(std::time::Duration::ZERO))
        .await
        .unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(store.check().await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    let put = DataWrite {
        key: "key",
        value: "1",
        precondition: Precondition::None,
        cap: 100,
        at: Timestamp::from_micros(1),
    };
    let refused = store.put_data(SessionId(1), put).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Unavailable);
    other.execute_batch("ROLLBACK").unwrap();
    store.check().await.unwrap();
}

#[tokio::test]
async fn check_commits_what_it_writes_and_needs_no_more_room_each_time() {
    let (directory, store) = store();
    let other = Connection::open(directory.path().join("sessions.db")).unwrap();
    let ask =
        |pragma: &str| other.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).unwrap();
    let mut version = ask("data_version");
    let pages = ask("page_count");
    for _ in 0..10 {
        store.check().await.unwrap();
        let next = ask("data_version");
        assert_ne!(next, version, "nothing was committed");
        version = next;
    }
    assert_eq!(ask("page_count"), pages);
}

/// A slow disk, or another process, may hold up the writer, which then cannot look.
#[tokio::test]
async fn nothing_holds_for_longer_than_the_lease_when_the_writer_is_held_up() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    open::migrate(&path).unwrap();
    let clock = Arc::new(ManualClock::starting_at(Timestamp::from_micros(0)));
    let store = SqliteStore::open_with_clock(&path, sealer(), Arc::clone(&clock) as _).unwrap();
    let holds = || store.feed.holds(&UserId::from("ada"), store.feed.generation());
    let (begun, has_begun) = oneshot::channel();
    let (let_go, is_let_go) = mpsc::channel::<()>();
    let held_up = store.writer.run(move |_| {
        begun.send(()).unwrap();
        is_let_go.recv().unwrap();
        Ok(())
    });
    let meanwhile = async {
        has_begun.await.unwrap();
        clock.advance(store.feed.lease().saturating_sub(Duration::from_nanos(1)));
        assert!(holds());
        clock.advance(Duration::from_nanos(1));
        assert!(!holds());
        assert_eq!(store.count_live().await.unwrap(), 0);
        let_go.send(()).unwrap();
    };
    tokio::join!(held_up, meanwhile).0.unwrap();
    assert!(holds());
}
