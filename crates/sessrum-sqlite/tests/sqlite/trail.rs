//! The audit trail as it lies in the file: what others change there is found, and what is forgotten
//! is no longer in it.

use rusqlite::{Connection, params};
use sessrum_core::store::{
    AccountStore as _, DataStore as _, DataWrite, EventFilter, EventStore as _, NewPlatform,
    NewSession, Page, Precondition, SessionStore as _,
};
use sessrum_core::{
    Actor, Change, Client, EndReason, Predecessor, RecordedKind, SecretKey, TrailFault, UserId,
    verify_trail,
};

use crate::support::{TestStore, at, by_system, sealer, sealer_of};

/// What a user does on a device that has a name.
fn by_ada(user: &UserId, seconds: i64) -> Change {
    let client = Client {
        ip_address: Some([192, 0, 2, 231].into()),
        user_agent: Some("canary-agent/1.0".into()),
        ..Client::default()
    };
    Change { at: at(seconds), by: Actor::User(user.clone()), client }
}

async fn faults(test: &TestStore) -> Vec<TrailFault> {
    verify_trail(&test.store, |_| {}).await.unwrap().faults
}

/// A trail of six events of ada, 1 to 6.
async fn trail_of_ada() -> (TestStore, UserId) {
    let test = TestStore::new();
    let ada = test.user_named("ada").await;
    for seconds in 1..=5 {
        let new = test.new_session(ada.clone());
        test.store.create(new, &by_ada(&ada, seconds)).await.unwrap();
    }
    assert_eq!(faults(&test).await, []);
    (test, ada)
}

/// Security: 16.3.1
#[tokio::test]
async fn every_column_that_is_altered_in_the_file_is_found() {
    let (test, _) = trail_of_ada().await;
    let file = Connection::open(&test.path).unwrap();
    file.execute_batch("CREATE TEMP TABLE kept AS SELECT * FROM session_events").unwrap();
    let columns = file.prepare("SELECT * FROM session_events").unwrap();
    let columns: Vec<String> = columns.column_names().iter().map(ToString::to_string).collect();
    assert_eq!(columns.len(), 17);
    for column in columns {
        let value = match column.as_str() {
            "id" => "1000",
            "at" | "previous_id" => "2",
            "user_id" => "'1'",
            "session_handle" | "client_salt" | "short_salt" => "zeroblob(16)",
            "client_digest" | "short_digest" | "mac" => "zeroblob(32)",
            _ => "'x'",
        };
        for id in [4, 6] {
            let sql = format!("UPDATE session_events SET {column} = {value} WHERE id = {id}");
            assert_eq!(file.execute(&sql, []).unwrap(), 1);
            assert!(!faults(&test).await.is_empty(), "{column} of event {id}");
            let restore =
                "DELETE FROM session_events; INSERT INTO session_events SELECT * FROM kept";
            file.execute_batch(restore).unwrap();
            assert_eq!(faults(&test).await, []);
        }
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_named() {
    let (test, _) = trail_of_ada().await;
    let file = Connection::open(&test.path).unwrap();
    let no_text = "UPDATE session_events SET kind = CAST(x'ff' AS TEXT) WHERE id = 4";
    file.execute(no_text, []).unwrap();
    let report = verify_trail(&test.store, |_| {}).await.unwrap();
    assert_eq!(report.faults, [TrailFault::Unreadable { after: 3 }]);
    assert_eq!(report.events, 3);
}

/// A newer program recorded it, and the one before it is back.
#[tokio::test]
async fn an_event_of_a_kind_that_came_later_is_listed_and_checks() {
    let (test, ada) = trail_of_ada().await;
    let mut sealed = test.store.sealed_events(4, 2).await.unwrap();
    let [previous, mut newer] = [sealed.remove(0), sealed.remove(0)];
    newer.event.kind = RecordedKind::from("passkey_added");
    let previous = Predecessor { id: previous.event.id, mac: previous.seal.mac };
    newer.seal = test.store.sealer().seal(&newer.event, Some(previous));
    let seal = newer.seal.clone();
    let row = params![
        seal.client_digest,
        seal.client_salt,
        seal.short_digest,
        seal.short_salt,
        seal.mac,
    ];
    let write = "UPDATE session_events SET kind = 'passkey_added', client_digest = ?1, \
                 client_salt = ?2, short_digest = ?3, short_salt = ?4, mac = ?5 WHERE id = 6";
    Connection::open(&test.path).unwrap().execute(write, row).unwrap();
    assert_eq!(faults(&test).await, []);
    let of_ada = EventFilter { user_id: Some(ada.clone()), ..EventFilter::default() };
    for filter in [EventFilter::default(), of_ada] {
        let page = Page { before: None, limit: 10 };
        let events = test.store.events(&filter, page).await.unwrap();
        assert_eq!(events.len(), 6);
        assert_eq!(events[0], newer.event);
    }
    // The trail goes on, and another name for it is found.
    test.store.create(test.new_session(ada.clone()), &by_ada(&ada, 9)).await.unwrap();
    assert_eq!(faults(&test).await, []);
    let rename = "UPDATE session_events SET kind = 'unheard_of' WHERE id = 6";
    Connection::open(&test.path).unwrap().execute(rename, []).unwrap();
    assert_eq!(faults(&test).await, [TrailFault::Altered { id: 6 }]);
}

#[tokio::test]
async fn a_row_before_the_first_number_is_found() {
    let (test, _) = trail_of_ada().await;
    let file = Connection::open(&test.path).unwrap();
    for id in [0, -7] {
        file.execute_batch("CREATE TEMP TABLE row AS SELECT * FROM session_events WHERE id = 1")
            .unwrap();
        file.execute("UPDATE row SET id = ?1", [id]).unwrap();
        file.execute_batch("INSERT INTO session_events SELECT * FROM row; DROP TABLE row").unwrap();
        assert!(faults(&test).await.contains(&TrailFault::Altered { id }), "{id}");
        file.execute("DELETE FROM session_events WHERE id < 1", []).unwrap();
    }
    assert_eq!(faults(&test).await, []);
}

#[tokio::test]
async fn deleting_is_found_though_the_trail_goes_on() {
    let (test, ada) = trail_of_ada().await;
    let file = Connection::open(&test.path).unwrap();
    file.execute("DELETE FROM session_events WHERE id = 6", []).unwrap();
    assert_eq!(faults(&test).await, [TrailFault::Missing { first: 6, last: 6 }]);
    test.user_named("bob").await;
    assert_eq!(faults(&test).await, [TrailFault::Missing { first: 6, last: 6 }]);
    file.execute("DELETE FROM session_events WHERE id = 4", []).unwrap();
    let new = test.new_session(ada.clone());
    test.store.create(new, &by_ada(&ada, 9)).await.unwrap();
    let expected = [
        TrailFault::Missing { first: 4, last: 4 },
        TrailFault::OutOfChain { id: 5, follows: Some(4) },
        TrailFault::Missing { first: 6, last: 6 },
    ];
    assert_eq!(faults(&test).await, expected);
}

/// Security: 16.3.1
#[tokio::test]
async fn the_newest_events_are_missed_unless_the_count_was_set_back_too() {
    let (test, ada) = trail_of_ada().await;
    let file = Connection::open(&test.path).unwrap();
    for first in [6, 4, 1] {
        file.execute("DELETE FROM session_events WHERE id >= ?1", [first]).unwrap();
        assert_eq!(faults(&test).await, [TrailFault::Missing { first, last: 6 }]);
    }
    // What is written now has the numbers of those that are gone: nothing will ever show it.
    file.execute("DELETE FROM sqlite_sequence WHERE name = 'session_events'", []).unwrap();
    assert_eq!(faults(&test).await, []);
    test.store.create(test.new_session(ada.clone()), &by_ada(&ada, 9)).await.unwrap();
    assert_eq!(faults(&test).await, []);
}

#[tokio::test]
async fn a_new_secret_seals_on_and_the_earlier_one_still_checks() {
    let (test, ada) = trail_of_ada().await;
    let old = SecretKey::from_bytes([1; 32]);
    let test = test.reopen_sealing_with(sealer_of(2).with_earlier_secrets(&[old]));
    let new = test.new_session(ada.clone());
    test.store.create(new, &by_ada(&ada, 9)).await.unwrap();
    assert_eq!(faults(&test).await, []);
    // Without the earlier one each of its events is told, and the later one is still good.
    let test = test.reopen_sealing_with(sealer_of(2));
    let found = faults(&test).await;
    assert_eq!(found.len(), 6);
    assert!(found.iter().all(|fault| matches!(fault, TrailFault::UnknownKey { .. })), "{found:?}");
    // What the new secret seals another cannot.
    let test = test.reopen_sealing_with(sealer());
    assert!(matches!(faults(&test).await[..], [TrailFault::UnknownKey { id: 7, .. }]));
}

/// Of a user who is forgotten the file holds nothing personal once it is compacted.
#[tokio::test]
async fn what_is_forgotten_is_no_longer_in_the_file() {
    let test = TestStore::new();
    let ada = test.user_named("canary-ada").await;
    let platform = NewPlatform {
        name: "canary-name".to_owned(),
        platform_type: "pixelfed".to_owned(),
        instance_url: "https://canary-instance.example".to_owned(),
        username: "canary-account".to_owned(),
        credentials: None,
        is_default: false,
    };
    test.store.add_platform(&ada, platform, &by_ada(&ada, 1)).await.unwrap();
    for seconds in 2..60 {
        let new = NewSession {
            user_agent: Some("canary-agent/1.0".into()),
            ip_address: Some([192, 0, 2, 231].into()),
            ..test.new_session(ada.clone())
        };
        let session = test.sign_in(new, seconds).await;
        let value = format!("\"canary-data-{seconds}\"");
        let write = DataWrite {
            key: "draft",
            value: &value,
            precondition: Precondition::None,
            cap: 1_000,
            at: at(seconds),
        };
        test.store.put_data(session.id, write).await.unwrap();
        test.store.end(session.id, EndReason::Logout, &by_ada(&ada, seconds)).await.unwrap();
    }
    let bob = test.user_named("bob").await;
    test.store.set_user_active(&bob, false, &by_ada(&ada, 60)).await.unwrap();
    let bytes = || {
        let mut bytes = std::fs::read(&test.path).unwrap();
        bytes.extend(std::fs::read(test.path.with_extension("db-wal")).unwrap());
        bytes
    };
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|it| it == text.as_bytes());
    assert!(has(&bytes(), "canary") && has(&bytes(), "192.0.2.231"));
    assert!(!test.store.is_compaction_due().await.unwrap());
    test.store.forget_user(&ada, &by_system(61)).await.unwrap().unwrap();
    assert!(test.store.is_compaction_due().await.unwrap());
    test.store.compact().await.unwrap();
    assert!(!test.store.is_compaction_due().await.unwrap());
    let bytes = bytes();
    assert!(has(&bytes, "user_forgotten") && has(&bytes, "bob"));
    assert!(!has(&bytes, "canary") && !has(&bytes, "192.0.2.231"));
    assert_eq!(faults(&test).await, []);
}
