//! The audit trail as it lies in the tables: what others change there is found, and what is forgotten
//! is no longer in them.

use sessrum_core::store::{
    AccountStore as _, DataStore as _, DataWrite, EventFilter, EventStore as _, NewPlatform,
    NewSession, Page, Precondition, SessionStore as _,
};
use sessrum_core::{
    Actor, Change, Client, EndReason, Predecessor, RecordedKind, SecretKey, TrailFault, UserId,
    verify_trail,
};

use tokio_postgres::types::ToSql;

use crate::support::{TestStore, at, by_system, connect, sealer, sealer_of};

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
    let test = TestStore::new().await;
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
async fn every_column_that_is_altered_in_the_table_is_found() {
    let (test, _) = trail_of_ada().await;
    let table = test.client().await;
    table.batch_execute("CREATE TEMP TABLE kept AS SELECT * FROM session_events").await.unwrap();
    let columns = table.prepare("SELECT * FROM session_events").await.unwrap();
    assert_eq!(columns.columns().len(), 17);
    for column in columns.columns() {
        let column = column.name();
        let value = match column {
            "id" => "1000",
            "at" | "previous_id" => "2",
            "user_id" => "'\"1\"'",
            "session_handle" | "client_salt" | "short_salt" => "decode(repeat('00', 16), 'hex')",
            "client_digest" | "short_digest" | "mac" => "decode(repeat('00', 32), 'hex')",
            _ => "'x'",
        };
        for id in [4, 6] {
            let sql = format!("UPDATE session_events SET {column} = {value} WHERE id = {id}");
            assert_eq!(table.execute(&sql, &[]).await.unwrap(), 1);
            assert!(!faults(&test).await.is_empty(), "{column} of event {id}");
            let restore =
                "DELETE FROM session_events; INSERT INTO session_events SELECT * FROM kept";
            table.batch_execute(restore).await.unwrap();
            assert_eq!(faults(&test).await, []);
        }
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_named() {
    let (test, _) = trail_of_ada().await;
    let no_key = "ALTER TABLE session_events DROP CONSTRAINT session_events_user_id_check;
                  UPDATE session_events SET user_id = '1x' WHERE id = 4";
    test.execute(no_key).await;
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
    let write = "UPDATE session_events SET kind = 'passkey_added', client_digest = $1, \
                 client_salt = $2, short_digest = $3, short_salt = $4, mac = $5 WHERE id = 6";
    let seal: [Option<&[u8]>; 5] = [
        seal.client_digest.as_ref().map(|it| &it[..]),
        seal.client_salt.as_ref().map(|it| &it[..]),
        seal.short_digest.as_ref().map(|it| &it[..]),
        seal.short_salt.as_ref().map(|it| &it[..]),
        Some(&seal.mac),
    ];
    let [client_digest, client_salt, short_digest, short_salt, mac] = &seal;
    let row: [&(dyn ToSql + Sync); 5] = [client_digest, client_salt, short_digest, short_salt, mac];
    test.client().await.execute(write, &row).await.unwrap();
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
    test.execute("UPDATE session_events SET kind = 'unheard_of' WHERE id = 6").await;
    assert_eq!(faults(&test).await, [TrailFault::Altered { id: 6 }]);
}

#[tokio::test]
async fn a_row_before_the_first_number_is_found() {
    let (test, _) = trail_of_ada().await;
    for id in [0, -7] {
        let put_in = format!(
            "CREATE TEMP TABLE copy AS SELECT * FROM session_events WHERE id = 1;
             UPDATE copy SET id = {id};
             INSERT INTO session_events SELECT * FROM copy; DROP TABLE copy"
        );
        test.execute(&put_in).await;
        assert!(faults(&test).await.contains(&TrailFault::Altered { id }), "{id}");
        test.execute("DELETE FROM session_events WHERE id < 1").await;
    }
    assert_eq!(faults(&test).await, []);
}

#[tokio::test]
async fn deleting_is_found_though_the_trail_goes_on() {
    let (test, ada) = trail_of_ada().await;
    test.execute("DELETE FROM session_events WHERE id = 6").await;
    assert_eq!(faults(&test).await, [TrailFault::Missing { first: 6, last: 6 }]);
    test.user_named("bob").await;
    assert_eq!(faults(&test).await, [TrailFault::Missing { first: 6, last: 6 }]);
    test.execute("DELETE FROM session_events WHERE id = 4").await;
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
    for first in [6, 4, 1] {
        test.execute(&format!("DELETE FROM session_events WHERE id >= {first}")).await;
        assert_eq!(faults(&test).await, [TrailFault::Missing { first, last: 6 }]);
    }
    // What is written now has the numbers of those that are gone: nothing will ever show it.
    test.execute("UPDATE event_counter SET last_id = 0").await;
    assert_eq!(faults(&test).await, []);
    test.store.create(test.new_session(ada.clone()), &by_ada(&ada, 9)).await.unwrap();
    assert_eq!(faults(&test).await, []);
}

/// Who sets the count back alone stops nobody from writing.
#[tokio::test]
async fn a_count_that_was_set_back_gives_no_number_twice() {
    let (test, ada) = trail_of_ada().await;
    test.execute("UPDATE event_counter SET last_id = 2").await;
    assert_eq!(test.store.last_event_id().await.unwrap(), 6);
    test.store.create(test.new_session(ada.clone()), &by_ada(&ada, 9)).await.unwrap();
    assert_eq!(test.store.last_event_id().await.unwrap(), 7);
    assert_eq!(faults(&test).await, []);
}

#[tokio::test]
async fn a_new_secret_seals_on_and_the_earlier_one_still_checks() {
    let (test, ada) = trail_of_ada().await;
    let old = SecretKey::from_bytes([1; 32]);
    let test = test.reopen_sealing_with(sealer_of(2).with_earlier_secrets(&[old])).await;
    let new = test.new_session(ada.clone());
    test.store.create(new, &by_ada(&ada, 9)).await.unwrap();
    assert_eq!(faults(&test).await, []);
    // Without the earlier one each of its events is told, and the later one is still good.
    let test = test.reopen_sealing_with(sealer_of(2)).await;
    let found = faults(&test).await;
    assert_eq!(found.len(), 6);
    assert!(found.iter().all(|fault| matches!(fault, TrailFault::UnknownKey { .. })), "{found:?}");
    // What the new secret seals another cannot.
    let test = test.reopen_sealing_with(sealer()).await;
    assert!(matches!(faults(&test).await[..], [TrailFault::UnknownKey { id: 7, .. }]));
}

/// Of a user who is forgotten no table holds anything personal, and once it is compacted no row that
/// was removed is left, nor its entries in the indexes.
#[tokio::test]
async fn what_is_forgotten_is_no_longer_in_the_tables() {
    let test = TestStore::new().await;
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
    assert!(tables(&test).await.contains("canary"));
    assert!(!test.store.is_compaction_due().await.unwrap());
    test.store.forget_user(&ada, &by_system(61)).await.unwrap().unwrap();
    let left = tables(&test).await;
    assert!(left.contains("user_forgotten") && left.contains("bob"));
    assert!(!left.contains("canary") && !left.contains("192.0.2.231"), "{left}");
    assert!(test.store.is_compaction_due().await.unwrap());
    assert!(dead_rows(&test).await > 0);
    test.store.compact().await.unwrap();
    assert!(!test.store.is_compaction_due().await.unwrap());
    assert_eq!(dead_rows(&test).await, 0);
    assert_eq!(faults(&test).await, []);
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
    let superuser = connect(&test.database.url().replace("sessrum@", "postgres@")).await;
    superuser.batch_execute("CREATE EXTENSION IF NOT EXISTS pgstattuple").await.unwrap();
    let mut dead = 0;
    for table in &TABLES[..6] {
        let count = "SELECT dead_tuple_count FROM pgstattuple($1)";
        dead += superuser.query_one(count, &[table]).await.unwrap().get::<_, i64>(0);
    }
    dead
}
