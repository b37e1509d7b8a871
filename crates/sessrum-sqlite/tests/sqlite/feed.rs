//! What watchers are told when the events in the file are not what was expected.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use rusqlite::Connection;
use sessrum_core::store::{EventStore as _, SessionStore as _};
use sessrum_core::{EndReason, SessionWatch, UserSession, WatchLimits};

use crate::support::{TestStore, by_system};

/// A session of ada, watched by whoever has its page open.
async fn watched(test: &TestStore) -> (UserSession, SessionWatch) {
    let ada = test.user_named("ada").await;
    let session = test.sign_in(test.new_session(ada), 1).await;
    let (user, handle) = (&session.user_id, &session.handle);
    let watch = test.store.feed().watchers().watch(user, handle, WatchLimits::default()).unwrap();
    (session, watch)
}

/// Whether something was heard since the last call. Does not wait for it.
fn hears(watch: &mut SessionWatch) -> bool {
    let news = pin!(watch.changed());
    news.poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(true)
}

#[tokio::test]
async fn an_event_that_is_not_understood_holds_up_no_news() {
    let test = TestStore::new();
    let (session, mut watch) = watched(&test).await;
    let newer = "INSERT INTO session_events SELECT 1 + max(id), at, 'of_a_newer_program', user_id, \
                 session_handle, actor, ip_address, user_agent, device, detail, seal_key_id, \
                 previous_id, client_digest, client_salt, short_digest, short_salt, mac \
                 FROM session_events";
    Connection::open(&test.path).unwrap().execute(newer, []).unwrap();
    // The poll tells that something happened, whatever it was.
    assert!(watch.changed().await);
    test.store.end(session.id, EndReason::Logout, &by_system(2)).await.unwrap();
    assert!(hears(&mut watch));
}

#[tokio::test]
async fn an_older_copy_of_the_database_holds_up_no_news() {
    let test = TestStore::new();
    let (session, mut watch) = watched(&test).await;
    let older = "DELETE FROM session_events; DELETE FROM sqlite_sequence;";
    Connection::open(&test.path).unwrap().execute_batch(older).unwrap();
    assert!(watch.changed().await);
    test.store.end(session.id, EndReason::Logout, &by_system(2)).await.unwrap();
    assert!(hears(&mut watch));
}
