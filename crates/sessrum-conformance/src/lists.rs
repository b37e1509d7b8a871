//! Lists and counts of sessions, and whether the store answers at all.

use sessrum_core::store::{Activity, Page, SessionFilter};
use sessrum_core::{EndReason, SessionId, UserId, UserSession};

use crate::Fixture;
use crate::fixture::{ALL, at, change};

fn keys(sessions: &[UserSession]) -> Vec<i64> {
    sessions.iter().map(|session| session.id.0).collect()
}

/// Sessions 1 to 4 of users 1, 2, 1, 1; the third has ended.
async fn four(store: &Fixture) {
    for (user, seconds) in [(1, 1), (2, 2), (1, 3), (1, 4)] {
        store.session(&UserId::from(user), seconds).await;
    }
    store.end(SessionId(3), EndReason::Logout, &change(5)).await.unwrap();
}

pub async fn the_list_of_a_user_has_live_rows_most_recently_active_first(store: Fixture) {
    four(&store).await;
    let user = UserId::from(1);
    assert_eq!(keys(&store.list_for_user(&user).await.unwrap()), [4, 1]);
    store.touch_many(&[Activity { session: SessionId(1), at: at(9) }]).await.unwrap();
    assert_eq!(keys(&store.list_for_user(&user).await.unwrap()), [1, 4]);
    assert!(store.list_for_user(&UserId::from(9)).await.unwrap().is_empty());
}

pub async fn a_list_has_live_rows_newest_first(store: Fixture) {
    four(&store).await;
    let filter = SessionFilter::default();
    assert_eq!(keys(&store.list(&filter, ALL).await.unwrap()), [4, 2, 1]);
}

pub async fn a_list_may_have_ended_rows_too(store: Fixture) {
    four(&store).await;
    let filter = SessionFilter { include_ended: true, ..SessionFilter::default() };
    assert_eq!(keys(&store.list(&filter, ALL).await.unwrap()), [4, 3, 2, 1]);
}

pub async fn a_list_may_be_of_one_user(store: Fixture) {
    four(&store).await;
    let user_id = Some(UserId::from(1));
    let filter = SessionFilter { user_id: user_id.clone(), include_ended: true };
    assert_eq!(keys(&store.list(&filter, ALL).await.unwrap()), [4, 3, 1]);
    let filter = SessionFilter { user_id, include_ended: false };
    assert_eq!(keys(&store.list(&filter, ALL).await.unwrap()), [4, 1]);
}

pub async fn pages_of_a_list_follow_each_other(store: Fixture) {
    four(&store).await;
    let filter = SessionFilter { include_ended: true, ..SessionFilter::default() };
    let mut before = None;
    for expected in [vec![4, 3], vec![2, 1], vec![]] {
        let page = store.list(&filter, Page { before, limit: 2 }).await.unwrap();
        assert_eq!(keys(&page), expected);
        before = page.last().map(|last| last.id.0);
    }
}

pub async fn the_count_is_of_live_rows(store: Fixture) {
    assert_eq!(store.count_live().await.unwrap(), 0);
    four(&store).await;
    assert_eq!(store.count_live().await.unwrap(), 3);
}

pub async fn a_check_passes_and_changes_nothing(store: Fixture) {
    store.check().await.unwrap();
    assert_eq!(store.count_live().await.unwrap(), 0);
    assert!(store.trail().await.is_empty());
}
