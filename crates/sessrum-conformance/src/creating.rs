//! Signing in: a session comes into being, and what gives way to it.

use sessrum_core::store::{Activity, CreateOutcome, NewSession, PasswordChange};
use sessrum_core::{EndReason, Ended, SessionFingerprint, SessionId, UserId};

use crate::Fixture;
use crate::fixture::{at, change, ids, password};

pub async fn a_new_session_is_as_it_was_given(store: Fixture) {
    let user = store.user("ada").await;
    let platform = store.platform(&user, "art").await;
    let new = NewSession {
        active_platform_id: Some(platform.id.clone()),
        remembered: true,
        fingerprint: SessionFingerprint::from_bytes(&[7; 40]),
        ..store.new_session(&user)
    };
    let (session, ended) = store.created(new.clone(), 3).await;
    assert!(ended.is_empty());
    assert_eq!(session.id, SessionId(1));
    assert_eq!(session.handle, new.handle);
    assert_eq!(session.user_id, user);
    assert_eq!(session.active_platform_id, Some(platform.id));
    let times =
        [session.created_at, session.updated_at, session.last_activity, session.authenticated_at];
    assert_eq!(times, [at(3); 4]);
    assert_eq!(session.expires_at, new.expires_at);
    assert!(session.remembered);
    assert_eq!(session.ended, None);
    assert_eq!(session.revision, 1);
    assert_eq!(session.fingerprint, new.fingerprint);
    assert_eq!(session.user_agent, new.user_agent);
    assert_eq!(session.ip_address, new.ip_address);
    assert_eq!(store.row(&session).await, session);
    assert_eq!(store.loaded(&new.token).await.session, session);
}

pub async fn what_may_be_missing_may_be_missing(store: Fixture) {
    let new =
        NewSession { user_agent: None, ip_address: None, ..store.new_session(&UserId::from(1)) };
    let (session, _) = store.created(new, 1).await;
    let row = store.row(&session).await;
    assert_eq!((row.user_agent, row.ip_address, row.fingerprint), (None, None, None));
    assert_eq!(row.active_platform_id, None);
}

pub async fn an_address_of_either_family_stays_what_it_was(store: Fixture) {
    for address in ["192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"] {
        let ip_address = Some(address.parse().unwrap());
        let new = NewSession { ip_address, ..store.new_session(&UserId::from(1)) };
        let (session, _) = store.created(new, 1).await;
        assert_eq!(store.row(&session).await.ip_address, ip_address);
    }
}

/// Security: abuse 36
pub async fn abuse_36_a_taken_handle_or_token_is_a_collision_and_changes_nothing(store: Fixture) {
    let user = store.user("ada").await;
    let old = store.new_session(&user);
    let (kept, _) = store.created(old.clone(), 1).await;
    let events = store.trail().await;
    let same_handle = NewSession { handle: old.handle, ..store.new_session(&user) };
    let same_token = NewSession { token: old.token, ..store.new_session(&user) };
    for new in [same_handle, same_token] {
        let new = NewSession { replaces: Some(kept.id), cap: 1, ..new };
        assert_eq!(store.create(new, &change(2)).await.unwrap(), CreateOutcome::Collision);
    }
    assert_eq!(store.row(&kept).await, kept);
    assert_eq!(store.trail().await, events);
    assert_eq!(store.count_live().await.unwrap(), 1);
}

/// Security: 7.2.3
pub async fn the_token_of_an_ended_session_is_not_given_again(store: Fixture) {
    let user = store.user("ada").await;
    let (session, token) = store.signed_in(&user, 1).await;
    store.end(session.id, EndReason::Logout, &change(2)).await.unwrap();
    let new = NewSession { token, ..store.new_session(&user) };
    assert_eq!(store.create(new, &change(3)).await.unwrap(), CreateOutcome::Collision);
}

/// Security: 7.4.2
pub async fn a_disabled_user_is_refused_and_nothing_changes(store: Fixture) {
    let user = store.user("ada").await;
    let other = store.session(&UserId::from("someone else"), 1).await;
    store.set_user_active(&user, false, &change(2)).await.unwrap();
    let events = store.trail().await;
    let new = NewSession { replaces: Some(other.id), ..store.new_session(&user) };
    let token = new.token;
    assert_eq!(store.create(new, &change(3)).await.unwrap(), CreateOutcome::Refused);
    assert!(!store.opens(&token).await);
    assert_eq!(store.row(&other).await, other);
    assert_eq!(store.trail().await, events);
    store.set_user_active(&user, true, &change(4)).await.unwrap();
    store.session(&user, 5).await;
}

/// Security: 15.4.2
pub async fn a_password_that_changed_after_it_was_checked_is_refused(store: Fixture) {
    let user = store.user("ada").await;
    let checked =
        |seconds| NewSession { password_changed_at: Some(at(seconds)), ..store.new_session(&user) };
    store.created(checked(0), 1).await;
    let change_of_password =
        PasswordChange { hash: password("new"), keep: None, checked_against: None };
    store.change_password(&user, change_of_password, &change(2)).await.unwrap();
    assert_eq!(store.create(checked(0), &change(3)).await.unwrap(), CreateOutcome::Refused);
    store.created(checked(2), 3).await;
}

pub async fn users_of_another_directory_need_no_bundled_row(store: Fixture) {
    for user in [UserId::from(7), UserId::from("7"), UserId::from("b3c7-uuid")] {
        let new = NewSession {
            user_is_bundled: false,
            password_changed_at: Some(at(0)),
            ..store.new_session(&user)
        };
        let (session, _) = store.created(new, 1).await;
        assert_eq!(store.row(&session).await.user_id, user);
    }
}

pub async fn a_bundled_row_of_the_same_key_plays_no_part_for_users_of_another_directory(
    store: Fixture,
) {
    let user = store.user("ada").await;
    store.set_user_active(&user, false, &change(1)).await.unwrap();
    let new = NewSession {
        user_is_bundled: false,
        password_changed_at: Some(at(1)),
        ..store.new_session(&user)
    };
    let (session, _) = store.created(new, 2).await;
    assert_eq!(store.row(&session).await.ended, None);
}

/// Signing in as another user in the same browser.
///
/// Security: abuse 20
pub async fn abuse_20_the_replaced_session_of_another_user_ends_as_logout_and_the_new_is_empty(
    store: Fixture,
) {
    let (ada, bob) = (store.user("ada").await, store.user("bob").await);
    let (old, old_token) = store.signed_in(&ada, 1).await;
    store.put(old.id, "cart", "[1]").await;
    let new = NewSession { replaces: Some(old.id), ..store.new_session(&bob) };
    let (session, ended) = store.created(new, 2).await;
    assert_eq!(ids(&ended), [old.id]);
    assert_eq!((ended[0].reason, ended[0].handle), (EndReason::Logout, old.handle));
    assert_eq!(ended[0].user_id, ada);
    let was = store.loaded(&old_token).await.session.ended;
    assert_eq!(was, Some(Ended { at: at(2), reason: EndReason::Logout }));
    assert!(store.list_data(session.id).await.unwrap().is_empty());
}

pub async fn replacing_an_ended_or_unknown_session_ends_nothing(store: Fixture) {
    let user = store.user("ada").await;
    let old = store.session(&user, 1).await;
    store.end(old.id, EndReason::RevokedByUser, &change(2)).await.unwrap();
    let ended_row = store.row(&old).await;
    for replaced in [old.id, SessionId(99)] {
        let new = NewSession { replaces: Some(replaced), ..store.new_session(&user) };
        assert!(store.created(new, 3).await.1.is_empty());
    }
    assert_eq!(store.row(&old).await, ended_row);
}

/// Security: 7.1.2, parameter cap
pub async fn over_the_cap_the_least_recently_used_is_evicted_7_1_2(store: Fixture) {
    let user = store.user("ada").await;
    let first = store.session(&user, 1).await;
    let second = store.session(&user, 2).await;
    let other = store.session(&store.user("bob").await, 1).await;
    store.touch_many(&[Activity { session: first.id, at: at(3) }]).await.unwrap();
    let new = NewSession { cap: 2, ..store.new_session(&user) };
    let (third, ended) = store.created(new, 4).await;
    assert_eq!(ids(&ended), [second.id]);
    assert_eq!(ended[0].reason, EndReason::Evicted);
    let live = store.list_for_user(&user).await.unwrap();
    assert_eq!(live.iter().map(|row| row.id).collect::<Vec<_>>(), [third.id, first.id]);
    assert_eq!(store.row(&other).await, other);
}

/// A lowered cap.
///
/// Security: 7.1.2, abuse 28, parameter cap
pub async fn over_by_two_evicts_two_7_1_2(store: Fixture) {
    let user = store.user("ada").await;
    let mut before = Vec::new();
    for seconds in 1..=4 {
        before.push(store.session(&user, seconds).await.id);
    }
    let new = NewSession { cap: 3, ..store.new_session(&user) };
    assert_eq!(ids(&store.created(new, 5).await.1), before[..2]);
}

pub async fn the_older_of_two_alike_is_evicted(store: Fixture) {
    let user = store.user("ada").await;
    let first = store.session(&user, 1).await;
    store.session(&user, 1).await;
    let new = NewSession { cap: 2, ..store.new_session(&user) };
    assert_eq!(ids(&store.created(new, 1).await.1), [first.id]);
}

pub async fn the_new_session_is_never_evicted(store: Fixture) {
    let user = store.user("ada").await;
    let old = store.session(&user, 9).await;
    let new = NewSession { cap: 1, ..store.new_session(&user) };
    let (session, ended) = store.created(new, 5).await;
    assert_eq!(ids(&ended), [old.id]);
    assert_eq!(store.row(&session).await.ended, None);
}

pub async fn the_replaced_session_makes_room_under_the_cap(store: Fixture) {
    let user = store.user("ada").await;
    let first = store.session(&user, 1).await;
    let second = store.session(&user, 2).await;
    let new = NewSession { cap: 2, replaces: Some(second.id), ..store.new_session(&user) };
    assert_eq!(ids(&store.created(new, 3).await.1), [second.id]);
    assert_eq!(store.row(&first).await.ended, None);
}

pub async fn session_keys_are_never_given_again(store: Fixture) {
    let user = store.user("ada").await;
    let last = store.session(&user, 1).await;
    store.end(last.id, EndReason::Logout, &change(2)).await.unwrap();
    assert_eq!(store.delete_ended_before(at(9), 10).await.unwrap(), 1);
    assert!(store.session(&user, 10).await.id > last.id);
}
