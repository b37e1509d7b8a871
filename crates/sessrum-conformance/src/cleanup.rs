//! Removing rows that ended long enough ago.

use sessrum_core::store::NewSession;
use sessrum_core::{EndReason, EventKind, TokenHash, UserId, UserSession};

use crate::Fixture;
use crate::fixture::{at, change};

async fn ended(store: &Fixture, seconds: u64) -> (UserSession, TokenHash) {
    let (session, token) = store.signed_in(&UserId::from(1), 1).await;
    store.put(session.id, "cart", "[1]").await;
    store.end(session.id, EndReason::Logout, &change(seconds)).await.unwrap();
    (session, token)
}

pub async fn rows_that_ended_before_go_with_their_tokens(store: Fixture) {
    let (session, token) = ended(&store, 10).await;
    assert_eq!(store.delete_ended_before(at(11), 10).await.unwrap(), 1);
    assert_eq!(store.find_by_handle(&session.handle).await.unwrap(), None);
    assert!(!store.opens(&token).await);
    let same_token = NewSession { token, ..store.new_session(&UserId::from(1)) };
    store.created(same_token, 12).await;
}

pub async fn rows_that_ended_at_or_after_the_moment_stay(store: Fixture) {
    let (session, token) = ended(&store, 10).await;
    assert_eq!(store.delete_ended_before(at(10), 10).await.unwrap(), 0);
    assert!(store.row(&session).await.ended.is_some());
    assert!(store.opens(&token).await);
}

/// Security: abuse 17
pub async fn abuse_17_live_rows_and_the_trail_are_spared(store: Fixture) {
    let (live, token) = store.signed_in(&UserId::from(1), 1).await;
    store.put(live.id, "cart", "[1]").await;
    ended(&store, 10).await;
    let events = store.trail().await;
    assert_eq!(store.delete_ended_before(at(99_999), 10).await.unwrap(), 1);
    assert_eq!(store.row(&live).await, live);
    assert!(store.opens(&token).await);
    assert_eq!(store.list_data(live.id).await.unwrap().len(), 1);
    assert_eq!(store.trail().await, events);
    assert_eq!(store.count(EventKind::SessionEnded).await, 1);
}

pub async fn the_oldest_ends_go_first_by_limit(store: Fixture) {
    let (third, _) = ended(&store, 30).await;
    let (first, _) = ended(&store, 10).await;
    let (second, _) = ended(&store, 20).await;
    for (gone, deleted) in [(&first, 1), (&second, 1), (&third, 1)] {
        assert!(store.find_by_handle(&gone.handle).await.unwrap().is_some());
        assert_eq!(store.delete_ended_before(at(99), 1).await.unwrap(), deleted);
        assert_eq!(store.find_by_handle(&gone.handle).await.unwrap(), None);
    }
    assert_eq!(store.delete_ended_before(at(99), 1).await.unwrap(), 0);
}
