//! Connections that break, stall or are not to be had: what is told, and that all goes on by itself.

use std::collections::HashSet;
use std::time::Duration;
use std::{iter, net};

use futures_util::future::join_all;
use sessrum_core::store::{EventStore as _, SessionStore as _, StoreErrorKind, UpdateOutcome};
use sessrum_core::{Clock as _, EndReason, SystemClock};
use sessrum_postgres::PostgresStore;
use sessrum_testbed::{Postgres, TcpProxy, Way, until};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_postgres::Client;

use crate::commits::somebody_waits;
use crate::support::{TestStore, by_system, connect, impatient, migrated, sealer};

const SHORT: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_secs(20);

async fn behind_a_proxy(timeout: Duration) -> (TestStore, TcpProxy) {
    let proxy = TcpProxy::start(Postgres::shared().await.address()).await;
    (TestStore::through(proxy.address(), timeout).await, proxy)
}

/// The server's processes that work for stores on a database.
async fn processes(client: &Client) -> HashSet<i32> {
    let processes = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                     AND application_name = 'sessrum'";
    let rows = client.query(processes, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_connection_that_broke_while_it_was_idle_is_replaced_unnoticed() {
    let (test, proxy) = behind_a_proxy(LONG).await;
    let new = test.new_session(1);
    let token = new.token;
    let session = test.sign_in(new, 1).await;
    for second in 2..10 {
        // Several are idle, and all of them break.
        join_all((0..8).map(|_| test.count_live())).await;
        proxy.cut().await;
        assert!(test.load_by_token(&token).await.unwrap().is_some());
        proxy.cut().await;
        test.sign_in(test.new_session(2), second).await;
    }
    assert!(test.end(session.id, EndReason::Logout, &by_system(99)).await.unwrap().is_some());
    assert_eq!(test.trail().await.len(), 10);
}

/// Security: abuse 27
#[tokio::test]
async fn a_database_that_is_away_is_unavailable_and_comes_back_by_itself() {
    let (test, mut proxy) = behind_a_proxy(LONG).await;
    let new = test.new_session(1);
    let token = new.token;
    test.sign_in(new, 1).await;
    proxy.refuse().await;
    proxy.cut().await;
    for _ in 0..3 {
        let error = test.load_by_token(&token).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        let error = test.create(test.new_session(1), &by_system(2)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    }
    proxy.accept().await;
    assert!(test.load_by_token(&token).await.unwrap().is_some());
    test.sign_in(test.new_session(1), 3).await;
    assert_eq!(test.count_live().await.unwrap(), 2);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up_and_asked_again_later() {
    let (test, proxy) = behind_a_proxy(SHORT).await;
    test.check().await.unwrap();
    for way in [Way::ToServer, Way::ToClient] {
        proxy.stall(way);
        let (read, written) = tokio::join!(test.count_live(), test.check());
        assert_eq!(read.unwrap_err().kind(), StoreErrorKind::Unavailable);
        assert_eq!(written.unwrap_err().kind(), StoreErrorKind::Unavailable);
        proxy.resume(way);
        test.check().await.unwrap();
    }
}

/// Where one connection was dead without a word, its neighbours are not waited for as well.
#[tokio::test]
async fn connections_beside_one_that_did_not_answer_are_not_used_again() {
    let (test, proxy) = behind_a_proxy(SHORT).await;
    join_all((0..4).map(|_| test.count_live())).await;
    let eye = test.client().await;
    let before = processes(&eye).await;
    proxy.stall(Way::ToClient);
    assert!(test.count_live().await.is_err());
    proxy.resume(Way::ToClient);
    assert_eq!(test.count_live().await.unwrap(), 0);
    // The one that listens.
    let left = async || processes(&eye).await.intersection(&before).count();
    until(async || left().await <= 1).await;
}

/// As when a request is given up: nobody else is lent its connection before it is answered.
#[tokio::test]
async fn a_look_up_whose_caller_has_gone_holds_up_nobody() {
    let database = migrated().await;
    let mut options = impatient(database.url(), LONG);
    options.pool_size = 2;
    let store = PostgresStore::open(&options, sealer()).await.unwrap();
    let locking = connect(&database.url()).await;
    locking.batch_execute("BEGIN; LOCK user_sessions").await.unwrap();
    tokio::select! {
        count = store.count_live() => panic!("the table is locked: {count:?}"),
        () = somebody_waits(&database) => {}
    }
    let asked_at = SystemClock.uptime();
    assert_eq!(store.last_event_id().await.unwrap(), 0);
    let waited = SystemClock.uptime().saturating_sub(asked_at);
    assert!(waited < LONG / 2, "{waited:?}");
    // And then it is lent again.
    locking.batch_execute("ROLLBACK").await.unwrap();
    let before = processes(&locking).await;
    let counts = join_all((0..4).map(|_| store.count_live())).await;
    assert!(counts.into_iter().all(|count| count.unwrap() == 0));
    assert_eq!(processes(&locking).await, before);
}

/// An instance whose machine stops in the middle of its turn holds up the others no longer than the
/// server lets it.
#[tokio::test]
async fn an_instance_that_stops_in_its_turn_loses_it() {
    let proxy = TcpProxy::start(Postgres::shared().await.address()).await;
    let test = TestStore::through(proxy.address(), Duration::from_secs(2)).await;
    let direct = impatient(test.database.url(), LONG);
    let other = PostgresStore::open(&direct, sealer()).await.unwrap();
    test.check().await.unwrap();
    proxy.stall(Way::ToClient);
    let takes_over = async {
        // It has the turn, and does not know.
        proxy.held(Way::ToClient).await;
        other.touch_many(&[]).await
    };
    tokio::select! {
        stopped = test.touch_many(&[]) => panic!("the others waited until it gave up: {stopped:?}"),
        outcome = takes_over => assert_eq!(outcome.unwrap(), 0),
    }
}

/// Somebody at the database who keeps the counter is waited for, but not for ever.
#[tokio::test]
async fn a_turn_that_does_not_come_is_told_to_everybody_who_waits() {
    let database = migrated().await;
    let test = TestStore::through(database.address(), SHORT).await;
    let client = test.client().await;
    client.batch_execute("BEGIN; UPDATE event_counter SET last_id = last_id").await.unwrap();
    let change = by_system(1);
    let waiting = (0..50).map(|user| test.create(test.new_session(user), &change));
    for outcome in join_all(waiting).await {
        assert_eq!(outcome.unwrap_err().kind(), StoreErrorKind::Unavailable);
    }
    client.batch_execute("ROLLBACK").await.unwrap();
    test.check().await.unwrap();
    assert_eq!(test.count_live().await.unwrap(), 0);
}

/// As when an index is made: nobody waits for each of those before.
#[tokio::test]
async fn changes_that_wait_for_a_lock_wait_once_for_all() {
    let database = migrated().await;
    let test = TestStore::through(database.address(), SHORT).await;
    let client = test.client().await;
    client.batch_execute("BEGIN; LOCK session_events IN SHARE MODE").await.unwrap();
    let change = by_system(1);
    let began_at = SystemClock.uptime();
    let waiting = (0..20).map(|user| test.create(test.new_session(user), &change));
    for outcome in join_all(waiting).await {
        assert_eq!(outcome.unwrap_err().kind(), StoreErrorKind::Unavailable);
    }
    let waited = SystemClock.uptime().saturating_sub(began_at);
    assert!(waited < SHORT * 8, "{waited:?}");
    client.batch_execute("ROLLBACK").await.unwrap();
    test.check().await.unwrap();
    assert_eq!(test.count_live().await.unwrap(), 0);
}

#[tokio::test]
async fn connections_that_run_out_are_unavailable_until_there_are_some() {
    let test = TestStore::new().await;
    let limit = |most: i32| {
        format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT {most}', \
             current_database()); END $$"
        )
    };
    let client = test.client().await;
    client.batch_execute(&limit(0)).await.unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    client.query(end, &[]).await.unwrap();
    let (read, written) = (test.count_live().await, test.check().await);
    assert_eq!(read.unwrap_err().kind(), StoreErrorKind::Unavailable);
    assert_eq!(written.unwrap_err().kind(), StoreErrorKind::Unavailable);
    client.batch_execute(&limit(-1)).await.unwrap();
    test.check().await.unwrap();
}

/// Else each who asks again would wait on one more, until the server has none left.
#[tokio::test]
async fn look_ups_that_take_too_long_take_no_further_connections() {
    let database = migrated().await;
    let mut options = impatient(database.url(), SHORT);
    options.pool_size = 2;
    let store = PostgresStore::open(&options, sealer()).await.unwrap();
    let (locking, watching) = (connect(&database.url()).await, connect(&database.url()).await);
    locking.batch_execute("BEGIN; LOCK user_sessions").await.unwrap();
    for _ in 0..3 {
        for count in join_all((0..2).map(|_| store.count_live())).await {
            assert_eq!(count.unwrap_err().kind(), StoreErrorKind::Unavailable);
        }
        // One more listens.
        assert_eq!(processes(&watching).await.len(), 3);
    }
    locking.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(store.count_live().await.unwrap(), 0);
}

/// What was prepared before is refused then.
#[tokio::test]
async fn a_column_whose_type_is_changed_keeps_nobody_from_reading_and_writing() {
    let test = TestStore::new().await;
    let new = test.new_session(1);
    let token = new.token;
    let session = test.sign_in(new, 1).await;
    for (second, kind) in [(2, "varchar"), (3, "text"), (4, "varchar")] {
        let found = test.load_by_token(&token).await.unwrap().unwrap();
        assert_eq!(found.session.id, session.id);
        let switched = test.switch_platform_if(session.id, None, None, &by_system(second)).await;
        assert!(matches!(switched.unwrap(), UpdateOutcome::Updated(_)));
        let alter = format!("ALTER TABLE user_sessions ALTER COLUMN user_agent TYPE {kind}");
        test.execute(&alter).await;
    }
    // Those that switched, and no more.
    assert_eq!(test.trail().await.len(), 4);
}

/// A machine that vanished takes no connection and refuses none; PostgreSQL that hangs takes it.
#[tokio::test]
async fn of_several_servers_one_that_is_silent_keeps_nobody_from_the_next() {
    let database = migrated().await;
    let there = database.address();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let gone = socket.listen(1).unwrap();
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    // As many as it has room for: of the others it says nothing.
    let mut waiting = Vec::new();
    while let Ok(taken) = timeout(SHORT, TcpStream::connect(gone.local_addr().unwrap())).await {
        waiting.push(taken.unwrap());
    }
    for silent in [gone.local_addr().unwrap(), hanging.local_addr().unwrap()] {
        let hosts = format!("{silent},{there}");
        let url = database.url().replace(&there.to_string(), &hosts);
        let store = PostgresStore::open(&impatient(url, SHORT * 5), sealer()).await.unwrap();
        assert_eq!(store.count_live().await.unwrap(), 0);
        store.check().await.unwrap();
    }
}

#[tokio::test]
async fn of_several_servers_the_one_that_was_there_is_asked_first() {
    let database = migrated().await;
    let (hanging, there) = (net::TcpListener::bind("127.0.0.1:0").unwrap(), database.address());
    hanging.set_nonblocking(true).unwrap();
    let hosts = format!("{},{there}", hanging.local_addr().unwrap());
    let url = database.url().replace(&there.to_string(), &hosts);
    let store = PostgresStore::open(&impatient(url, SHORT * 5), sealer()).await.unwrap();
    store.check().await.unwrap();
    let asked = || iter::from_fn(|| hanging.accept().ok()).count();
    assert!(asked() > 0);
    for count in join_all((0..10).map(|_| store.count_live())).await {
        assert_eq!(count.unwrap(), 0);
    }
    assert_eq!(asked(), 0);
}

#[tokio::test]
async fn each_connection_begins_with_another_server_where_the_url_says_so() {
    let database = migrated().await;
    let there = database.address();
    let proxies = [TcpProxy::start(there).await, TcpProxy::start(there).await];
    let hosts = proxies.each_ref().map(|proxy| proxy.address().to_string()).join(",");
    let url = database.url().replace(&there.to_string(), &hosts);
    let url = format!("{url}?load_balance_hosts=random");
    let store = PostgresStore::open(&impatient(url, LONG), sealer()).await.unwrap();
    store.check().await.unwrap();
    assert!(proxies.iter().all(|proxy| proxy.bytes(Way::ToServer) > 0));
}

/// More callers than connections wait for one another.
#[tokio::test]
async fn more_readers_than_connections_take_turns() {
    let database = migrated().await;
    let mut options = impatient(database.url(), LONG);
    options.pool_size = 2;
    let store = PostgresStore::open(&options, sealer()).await.unwrap();
    let counts = join_all((0..100).map(|_| store.count_live())).await;
    assert!(counts.into_iter().all(|count| count.unwrap() == 0));
    let client = connect(&database.url()).await;
    // One more listens.
    assert_eq!(processes(&client).await.len(), 3);
}
