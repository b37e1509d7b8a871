//! What lies in the tables: what others change in the audit trail is found, and what is removed or
//! forgotten is no longer there. A store's own test file says how one gets at them, with
//! [`tampering_suite!`](crate::tampering_suite).

use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;

use sessrum_core::store::{EventFilter, NewPlatform, NewSession, Page, Store};
use sessrum_core::{
    Actor, Change, Client, EndReason, EventSealer, Predecessor, RecordedKind, SecretKey,
    TrailFault, UserId, verify_trail,
};

use crate::Fixture;
use crate::fixture::{at, change, new_platform, sealer};
use crate::runner::runtime;

/// The tables as somebody finds them who goes around the store.
pub trait Tables {
    /// Sets the count of events back to none.
    const SET_COUNT_BACK: &str;

    /// Makes of event 4 what is no event.
    const MAKE_UNREADABLE: &str;

    /// Runs statements, all on one connection.
    fn execute(&self, statements: &str) -> impl Future<Output = ()>;

    /// The names of the columns of `session_events`.
    fn columns(&self) -> impl Future<Output = Vec<String>>;

    /// How many rows a table has.
    fn count(&self, table: &str) -> impl Future<Output = i64>;

    /// How bytes are written in a statement, given their hexadecimal digits.
    fn bytes(digits: &str) -> String;

    /// How the bundled user of this number is written in a statement.
    fn user(number: i64) -> String;
}

/// Makes a `#[test]` of each behaviour for what `$factory`, a future, makes anew for each: an empty
/// store, its tables, and what must outlive both.
#[macro_export]
macro_rules! tampering_suite {
    ($factory:expr) => {
        $crate::tampering_suite! {
            $factory;
            every_column_that_is_altered_is_found,
            an_event_that_cannot_be_read_is_named,
            an_event_of_a_kind_that_came_later_is_listed_and_checks,
            a_row_before_the_first_number_is_found,
            deleting_is_found_though_the_trail_goes_on,
            the_newest_events_are_missed_unless_the_count_was_set_back_too,
            a_removed_session_takes_its_tokens_and_data_and_leaves_its_events,
        }
    };
    ($factory:expr; $($behaviour:ident,)+) => {$(
        #[test]
        fn $behaviour() {
            $crate::database::tampering::run($factory, $crate::database::tampering::$behaviour);
        }
    )+};
}

/// Runs one behaviour. [`tampering_suite!`](crate::tampering_suite) calls it.
pub fn run<T: Tables, Guard, Behaviour: Future<Output = ()>>(
    make: impl Future<Output = (Fixture, T, Guard)>,
    behaviour: impl FnOnce(Fixture, T) -> Behaviour,
) {
    runtime().block_on(async {
        let (store, tables, _guard) = make.await;
        behaviour(store, tables).await;
    });
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").unwrap();
        digits
    })
}

/// What a user does on a device that has a name.
fn by(user: &UserId, seconds: u64) -> Change {
    let client = Client {
        ip_address: Some([192, 0, 2, 231].into()),
        user_agent: Some("canary-agent/1.0".into()),
        ..Client::default()
    };
    Change { at: at(seconds), by: Actor::User(user.clone()), client }
}

async fn faults(store: &Fixture) -> Vec<TrailFault> {
    verify_trail(&**store, |_| {}).await.unwrap().faults
}

async fn sign_in(store: &Fixture, user: &UserId, seconds: u64) {
    store.create(store.new_session(user), &by(user, seconds)).await.unwrap();
}

/// A trail of six events of a user, 1 to 6.
pub async fn trail_of_ada(store: &Fixture) -> UserId {
    let ada = store.user("ada").await;
    for seconds in 1..=5 {
        sign_in(store, &ada, seconds).await;
    }
    assert_eq!(faults(store).await, []);
    ada
}

/// Security: 16.3.1
pub async fn every_column_that_is_altered_is_found<T: Tables>(store: Fixture, tables: T) {
    trail_of_ada(&store).await;
    tables.execute("CREATE TEMP TABLE kept AS SELECT * FROM session_events").await;
    let columns = tables.columns().await;
    assert_eq!(columns.len(), 17);
    for column in columns {
        let value = match column.as_str() {
            "id" => "1000".to_owned(),
            "at" | "previous_id" => "2".to_owned(),
            "user_id" => T::user(2),
            "session_handle" | "client_salt" | "short_salt" => T::bytes(&"00".repeat(16)),
            "client_digest" | "short_digest" | "mac" => T::bytes(&"00".repeat(32)),
            _ => "'x'".to_owned(),
        };
        for id in [4, 6] {
            let alter = format!("UPDATE session_events SET {column} = {value} WHERE id = {id}");
            tables.execute(&alter).await;
            assert!(!faults(&store).await.is_empty(), "{column} of event {id}");
            let restore =
                "DELETE FROM session_events; INSERT INTO session_events SELECT * FROM kept";
            tables.execute(restore).await;
            assert_eq!(faults(&store).await, []);
        }
    }
}

pub async fn an_event_that_cannot_be_read_is_named<T: Tables>(store: Fixture, tables: T) {
    trail_of_ada(&store).await;
    tables.execute(T::MAKE_UNREADABLE).await;
    let report = verify_trail(&*store, |_| {}).await.unwrap();
    assert_eq!(report.faults, [TrailFault::Unreadable { after: 3 }]);
    assert_eq!(report.events, 3);
}

/// A newer program recorded it, and the one before it is back.
pub async fn an_event_of_a_kind_that_came_later_is_listed_and_checks<T: Tables>(
    store: Fixture,
    tables: T,
) {
    let ada = trail_of_ada(&store).await;
    let mut sealed = store.sealed_events(4, 2).await.unwrap();
    let [previous, mut newer] = [sealed.remove(0), sealed.remove(0)];
    newer.event.kind = RecordedKind::from("passkey_added");
    let previous = Predecessor { id: previous.event.id, mac: previous.seal.mac };
    newer.seal = store.sealer().seal(&newer.event, Some(previous));
    let seal = &newer.seal;
    let bytes = |bytes: Option<&[u8]>| {
        bytes.map_or_else(|| "NULL".to_owned(), |bytes| T::bytes(&hexadecimal(bytes)))
    };
    let [client_digest, short_digest] =
        [&seal.client_digest, &seal.short_digest].map(|it| bytes(it.as_ref().map(|it| &it[..])));
    let [client_salt, short_salt] =
        [&seal.client_salt, &seal.short_salt].map(|it| bytes(it.as_ref().map(|it| &it[..])));
    let mac = bytes(Some(&seal.mac));
    let write = format!(
        "UPDATE session_events SET kind = 'passkey_added', client_digest = {client_digest}, \
         client_salt = {client_salt}, short_digest = {short_digest}, short_salt = {short_salt}, \
         mac = {mac} WHERE id = 6"
    );
    tables.execute(&write).await;
    assert_eq!(faults(&store).await, []);
    let of_ada = EventFilter { user_id: Some(ada.clone()), ..EventFilter::default() };
    for filter in [EventFilter::default(), of_ada] {
        let events = store.events(&filter, Page { before: None, limit: 10 }).await.unwrap();
        assert_eq!(events.len(), 6);
        assert_eq!(events[0], newer.event);
    }
    // The trail goes on, and another name for it is found.
    sign_in(&store, &ada, 9).await;
    assert_eq!(faults(&store).await, []);
    tables.execute("UPDATE session_events SET kind = 'unheard_of' WHERE id = 6").await;
    assert_eq!(faults(&store).await, [TrailFault::Altered { id: 6 }]);
}

pub async fn a_row_before_the_first_number_is_found<T: Tables>(store: Fixture, tables: T) {
    trail_of_ada(&store).await;
    for id in [0, -7] {
        let put_in = format!(
            "CREATE TEMP TABLE copy AS SELECT * FROM session_events WHERE id = 1;
             UPDATE copy SET id = {id};
             INSERT INTO session_events SELECT * FROM copy; DROP TABLE copy"
        );
        tables.execute(&put_in).await;
        assert!(faults(&store).await.contains(&TrailFault::Altered { id }), "{id}");
        tables.execute("DELETE FROM session_events WHERE id < 1").await;
    }
    assert_eq!(faults(&store).await, []);
}

pub async fn deleting_is_found_though_the_trail_goes_on<T: Tables>(store: Fixture, tables: T) {
    let ada = trail_of_ada(&store).await;
    tables.execute("DELETE FROM session_events WHERE id = 6").await;
    assert_eq!(faults(&store).await, [TrailFault::Missing { first: 6, last: 6 }]);
    store.user("bob").await;
    assert_eq!(faults(&store).await, [TrailFault::Missing { first: 6, last: 6 }]);
    tables.execute("DELETE FROM session_events WHERE id = 4").await;
    sign_in(&store, &ada, 9).await;
    let expected = [
        TrailFault::Missing { first: 4, last: 4 },
        TrailFault::OutOfChain { id: 5, follows: Some(4) },
        TrailFault::Missing { first: 6, last: 6 },
    ];
    assert_eq!(faults(&store).await, expected);
}

/// Security: 16.3.1
pub async fn the_newest_events_are_missed_unless_the_count_was_set_back_too<T: Tables>(
    store: Fixture,
    tables: T,
) {
    let ada = trail_of_ada(&store).await;
    for first in [6, 4, 1] {
        tables.execute(&format!("DELETE FROM session_events WHERE id >= {first}")).await;
        assert_eq!(faults(&store).await, [TrailFault::Missing { first, last: 6 }]);
    }
    // What is written now has the numbers of those that are gone: nothing will ever show it.
    tables.execute(T::SET_COUNT_BACK).await;
    assert_eq!(faults(&store).await, []);
    sign_in(&store, &ada, 9).await;
    assert_eq!(faults(&store).await, []);
}

pub async fn a_removed_session_takes_its_tokens_and_data_and_leaves_its_events<T: Tables>(
    store: Fixture,
    tables: T,
) {
    let session = store.session(&UserId::from(1), 1).await.id;
    store.put(session, "cart", "[1]").await;
    store.end(session, EndReason::Logout, &change(5)).await.unwrap();
    assert_eq!(store.delete_ended_before(at(6), 10).await.unwrap(), 1);
    for table in ["user_sessions", "session_tokens", "session_data"] {
        assert_eq!(tables.count(table).await, 0, "{table}");
    }
    assert_eq!(tables.count("session_events").await, 2);
}

/// `open` opens a store on the same database, which seals so.
pub async fn a_new_secret_seals_on_and_the_earlier_one_still_checks(
    open: impl AsyncFn(EventSealer) -> Arc<dyn Store>,
) {
    let store = Fixture::from(open(sealer(1)).await);
    let ada = trail_of_ada(&store).await;
    let both = sealer(2).with_earlier_secrets(&[SecretKey::from_bytes([1; 32])]);
    let store = store.beside(open(both).await);
    sign_in(&store, &ada, 9).await;
    assert_eq!(faults(&store).await, []);
    // Without the earlier one each of its events is told, and the later one is still good.
    let found = faults(&store.beside(open(sealer(2)).await)).await;
    assert_eq!(found.len(), 6);
    assert!(found.iter().all(|fault| matches!(fault, TrailFault::UnknownKey { .. })), "{found:?}");
    // What the new secret seals another cannot.
    let found = faults(&store.beside(open(sealer(1)).await)).await;
    assert!(matches!(found[..], [TrailFault::UnknownKey { id: 7, .. }]), "{found:?}");
}

/// What is personal in the life of a user that [`a_life`] makes.
pub const PERSONAL: [&str; 2] = ["canary", "192.0.2.231"];

/// A user who did many things.
pub async fn a_life(store: &Fixture) -> UserId {
    let ada = store.user("canary-ada").await;
    let platform = NewPlatform {
        instance_url: "https://canary-instance.example".to_owned(),
        ..new_platform("canary-name")
    };
    store.add_platform(&ada, platform, &by(&ada, 1)).await.unwrap();
    for seconds in 2..60 {
        let new = NewSession {
            user_agent: Some("canary-agent/1.0".into()),
            ip_address: Some([192, 0, 2, 231].into()),
            ..store.new_session(&ada)
        };
        let session = store.created(new, seconds).await.0;
        store.put(session.id, "draft", &format!("\"canary-data-{seconds}\"")).await;
        store.end(session.id, EndReason::Logout, &by(&ada, seconds)).await.unwrap();
    }
    let bob = store.user("bob").await;
    store.set_user_active(&bob, false, &by(&ada, 60)).await.unwrap();
    ada
}
