//! Ending sessions: one, a user's, everyone's, the expired.

use sessrum_core::store::{EndedSession, NewSession};
use sessrum_core::{EndReason, Ended, ExpiryLimits, SessionId, UserId, UserSession};

use crate::Fixture;
use crate::fixture::{at, change, ids};

/// At 1000 s: idle since 500 s, or since 200 s when remembered.
const LIMITS: fn() -> ExpiryLimits =
    || ExpiryLimits { now: at(1000), idle_since: at(500), remembered_idle_since: at(200) };

pub async fn ending_says_when_and_why_and_keeps_the_row(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let ended = store.end(session.id, EndReason::RevokedByUser, &change(5)).await.unwrap();
    let expected = EndedSession {
        id: session.id,
        handle: session.handle,
        user_id: session.user_id.clone(),
        reason: EndReason::RevokedByUser,
        revision: 1,
    };
    assert_eq!(ended, Some(expected));
    let row = UserSession {
        ended: Some(Ended { at: at(5), reason: EndReason::RevokedByUser }),
        updated_at: at(5),
        ..session.clone()
    };
    assert_eq!(store.row(&session).await, row);
}

pub async fn every_reason_is_kept(store: Fixture) {
    for reason in EndReason::ALL {
        let (session, token) = store.signed_in(&UserId::from(1), 1).await;
        store.end(session.id, *reason, &change(5)).await.unwrap().unwrap();
        assert_eq!(store.loaded(&token).await.session.ended.unwrap().reason, *reason);
    }
}

/// Security: abuse 23
pub async fn abuse_23_ending_twice_or_ending_the_unknown_is_none(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    store.end(session.id, EndReason::Logout, &change(5)).await.unwrap();
    let (row, events) = (store.row(&session).await, store.trail().await);
    assert_eq!(store.end(session.id, EndReason::RevokedByAdmin, &change(6)).await.unwrap(), None);
    assert_eq!(store.end(SessionId(99), EndReason::Logout, &change(6)).await.unwrap(), None);
    assert_eq!(store.row(&session).await, row);
    assert_eq!(store.trail().await, events);
}

/// Security: abuse 22
pub async fn abuse_22_ending_all_of_a_user_spares_the_kept_and_other_users(store: Fixture) {
    let user = UserId::from(1);
    let kept = store.session(&user, 1).await;
    let one = store.session(&user, 2).await;
    let two = store.session(&user, 3).await;
    let other = store.session(&UserId::from(2), 1).await;
    let reason = EndReason::RevokedByUser;
    let ended = store.end_for_user(&user, Some(kept.id), reason, &change(5)).await.unwrap();
    assert_eq!(ids(&ended), [one.id, two.id]);
    assert!(ended.iter().all(|ended| ended.reason == reason && ended.user_id == user));
    assert_eq!(store.row(&kept).await, kept);
    assert_eq!(store.row(&other).await, other);
    let again = store.end_for_user(&user, None, reason, &change(6)).await.unwrap();
    assert_eq!(ids(&again), [kept.id]);
}

pub async fn ending_everyone_goes_by_limit_and_spares_the_kept(store: Fixture) {
    let mut sessions = Vec::new();
    for user in 1..=5 {
        sessions.push(store.session(&UserId::from(user), 1).await.id);
    }
    let kept = sessions[2];
    let mut ended = Vec::new();
    for expected in [2, 2, 0] {
        let batch =
            store.end_all(Some(kept), EndReason::RevokedByAdmin, 2, &change(5)).await.unwrap();
        assert_eq!(batch.len(), expected);
        ended.extend(batch);
    }
    sessions.remove(2);
    assert_eq!(ids(&ended), sessions);
    assert_eq!(store.count_live().await.unwrap(), 1);
}

/// Security: 7.3.1
pub async fn the_idle_end_as_expired_each_kind_by_its_limit_7_3_1(store: Fixture) {
    let user = UserId::from(1);
    let mut expected = Vec::new();
    for (remembered, seconds, is_over) in
        [(false, 500, true), (false, 501, false), (true, 200, true), (true, 201, false)]
    {
        let new = NewSession { remembered, ..store.new_session(&user) };
        let (session, _) = store.created(new, seconds).await;
        if is_over {
            expected.push(session.id);
        }
    }
    let ended = store.end_expired(LIMITS(), 10, &change(1000)).await.unwrap();
    assert_eq!(ids(&ended), expected);
    assert!(ended.iter().all(|ended| ended.reason == EndReason::Expired));
}

/// Security: 7.3.2
pub async fn those_past_the_absolute_end_end_as_expired_7_3_2(store: Fixture) {
    let user = UserId::from(1);
    let mut sessions = Vec::new();
    for expires_at in [at(1000), at(1001)] {
        let new = NewSession { expires_at, ..store.new_session(&user) };
        sessions.push(store.created(new, 999).await.0);
    }
    let ended = store.end_expired(LIMITS(), 10, &change(1000)).await.unwrap();
    assert_eq!(ids(&ended), [sessions[0].id]);
    let row = store.row(&sessions[0]).await;
    assert_eq!(row.ended, Some(Ended { at: at(1000), reason: EndReason::Expired }));
}

pub async fn expiring_goes_by_limit_until_none_is_left(store: Fixture) {
    let user = UserId::from(1);
    let idle = |remembered| NewSession { remembered, ..store.new_session(&user) };
    let too_old = || NewSession { expires_at: at(900), ..store.new_session(&user) };
    for (new, seconds) in
        [(idle(false), 1), (idle(false), 1), (idle(true), 1), (too_old(), 600), (too_old(), 600)]
    {
        store.created(new, seconds).await;
    }
    for expected in [2, 2, 1, 0] {
        let ended = store.end_expired(LIMITS(), 2, &change(1000)).await.unwrap();
        assert_eq!(ended.len(), expected);
    }
}

pub async fn expiring_leaves_what_had_ended_as_it_was(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    store.end(session.id, EndReason::Logout, &change(2)).await.unwrap();
    let row = store.row(&session).await;
    assert!(store.end_expired(LIMITS(), 10, &change(1000)).await.unwrap().is_empty());
    assert_eq!(store.row(&session).await, row);
}
