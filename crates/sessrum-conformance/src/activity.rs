//! Marks of activity.

use sessrum_core::store::Activity;
use sessrum_core::{
    ExpiryLimits, SessionId, SessionPolicy, Timestamp, UserId, UserSession, Verdict, judge,
};

use crate::Fixture;
use crate::fixture::{at, change};

fn mark(session: &UserSession, at: Timestamp) -> Activity {
    Activity { session: session.id, at }
}

pub async fn a_touch_moves_last_activity_and_nothing_else(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    assert_eq!(store.touch_many(&[mark(&session, at(60))]).await.unwrap(), 1);
    let expected = UserSession { last_activity: at(60), ..session.clone() };
    assert_eq!(store.row(&session).await, expected);
}

pub async fn a_touch_never_moves_back(store: Fixture) {
    let session = store.session(&UserId::from(1), 10).await;
    assert_eq!(store.touch_many(&[mark(&session, at(9))]).await.unwrap(), 1);
    assert_eq!(store.row(&session).await, session);
}

/// Security: abuse 4
pub async fn abuse_04_touching_an_unknown_session_is_a_no_op(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let marks = [Activity { session: SessionId(99), at: at(5) }, mark(&session, at(5))];
    assert_eq!(store.touch_many(&marks).await.unwrap(), 1);
    assert_eq!(store.row(&session).await.last_activity, at(5));
    assert_eq!(store.count_live().await.unwrap(), 1);
}

pub async fn many_touches_go_at_once(store: Fixture) {
    let user = UserId::from(1);
    let mut sessions = Vec::new();
    for _ in 0..300 {
        let new = sessrum_core::store::NewSession { cap: 1000, ..store.new_session(&user) };
        sessions.push(store.created(new, 1).await.0);
    }
    let marks: Vec<Activity> =
        sessions.iter().zip(10..).map(|(session, seconds)| mark(session, at(seconds))).collect();
    assert_eq!(store.touch_many(&marks).await.unwrap(), 300);
    assert_eq!(store.row(&sessions[0]).await.last_activity, at(10));
    assert_eq!(store.row(&sessions[299]).await.last_activity, at(309));
}

pub async fn of_several_marks_of_a_session_the_last_counts_and_all_are_counted(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let gone = Activity { session: SessionId(session.id.0 + 1), at: at(5) };
    let [first, last, late] = [5, 9, 3].map(|seconds| mark(&session, at(seconds)));
    assert_eq!(store.touch_many(&[first, gone, last, late]).await.unwrap(), 3);
    assert_eq!(store.row(&session).await.last_activity, at(9));
}

pub async fn no_marks_touch_nobody(store: Fixture) {
    store.session(&UserId::from(1), 1).await;
    assert_eq!(store.touch_many(&[]).await.unwrap(), 0);
}

/// Security: abuse 18
pub async fn abuse_18_activity_extends_idle_but_never_the_absolute_end(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    store.touch_many(&[mark(&session, session.expires_at)]).await.unwrap();
    let row = store.row(&session).await;
    assert_eq!(row.expires_at, session.expires_at);
    let limits =
        ExpiryLimits { now: session.expires_at, idle_since: at(60), remembered_idle_since: at(60) };
    let ended = store.end_expired(limits, 10, &change(43_200)).await.unwrap();
    assert_eq!(ended.len(), 1);
}

/// Security: abuse 16
pub async fn abuse_16_an_expired_row_is_dead_before_it_is_swept(store: Fixture) {
    let (session, token) = store.signed_in(&UserId::from(1), 0).await;
    let policy = SessionPolicy::default();
    let row = store.loaded(&token).await.session;
    let judged = |seconds| judge(&row, row.last_activity, at(seconds), &policy);
    assert!(matches!(judged(1799), Verdict::Live { .. }));
    assert_eq!(judged(1800), Verdict::IdleTooLong);
    assert_eq!(judged(43_200), Verdict::TooOld);
    assert_eq!(row, session);
}
