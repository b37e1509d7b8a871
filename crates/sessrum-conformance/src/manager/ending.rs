//! Signing out, here and elsewhere, and the list of devices.

use std::time::Duration;

use sessrum_core::{EndReason, EventKind, SeededRandom, SessionHandle, SignedIn};

use super::ManagerFixture;
use super::fixture::{address, ended, home};
use super::lifetimes::{BATCHES, crowd};
use crate::fixture::{count, ids};

/// Two sessions of ada and one of bob.
async fn three(app: &ManagerFixture) -> [SignedIn; 3] {
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let sessions =
        [app.signed_in(&ada).await, app.signed_in(&ada).await, app.signed_in(&bob).await];
    app.pass(Duration::from_secs(1));
    sessions
}

/// Security: 7.4.1
pub async fn a_logout_ends_the_session_on_the_server_7_4_1(app: ManagerFixture) {
    let [own, other, bobs] = three(&app).await;
    assert!(app.destroy_session(&own.context, &home()).await.unwrap());
    assert_eq!(app.refusal(&own.token).await, ended(EndReason::Logout, app.now()));
    app.context(&other.token).await;
    app.context(&bobs.token).await;
    let [event] = app.events_of(EventKind::SessionEnded).await.try_into().unwrap();
    assert_eq!(event.session, Some(own.context.session.handle));
    assert_eq!(event.actor, format!("user {}", own.context.user.id));
    assert_eq!((event.at, event.ip_address), (app.now(), address(&home())));
}

/// Security: abuse 23
pub async fn abuse_23_a_second_logout_is_as_good(app: ManagerFixture) {
    let [own, ..] = three(&app).await;
    let outcomes = app
        .race(8, |app, _| {
            let context = own.context.clone();
            async move { app.destroy_session(&context, &home()).await.unwrap() }
        })
        .await;
    assert_eq!(count(&outcomes, |ended| *ended), 1);
    assert_eq!(app.events_of(EventKind::SessionEnded).await.len(), 1);
}

/// Security: 7.5.2
pub async fn a_user_ends_another_of_their_sessions_7_5_2(app: ManagerFixture) {
    let [own, other, _] = three(&app).await;
    let handle = other.context.session.handle;
    let gone = app.end_own_session(&own.context, &handle, &home()).await.unwrap().unwrap();
    assert_eq!((gone.id, gone.reason), (other.context.session.id, EndReason::RevokedByUser));
    assert_eq!(app.refusal(&other.token).await, ended(EndReason::RevokedByUser, app.now()));
    app.context(&own.token).await;
}

pub async fn ending_the_own_session_from_the_list_is_a_logout(app: ManagerFixture) {
    let [own, other, _] = three(&app).await;
    let handle = own.context.session.handle;
    let gone = app.end_own_session(&own.context, &handle, &home()).await.unwrap().unwrap();
    assert_eq!(gone.reason, EndReason::Logout);
    assert_eq!(app.refusal(&own.token).await, ended(EndReason::Logout, app.now()));
    app.context(&other.token).await;
}

/// Security: 8.2.2
pub async fn the_session_of_another_user_is_not_there_to_end_8_2_2(app: ManagerFixture) {
    let [own, _, bobs] = three(&app).await;
    let handle = bobs.context.session.handle;
    assert_eq!(app.end_own_session(&own.context, &handle, &home()).await.unwrap(), None);
    app.context(&bobs.token).await;
    assert!(app.events_of(EventKind::SessionEnded).await.is_empty());
}

/// Security: abuse 23
pub async fn abuse_23_ending_the_unknown_or_ended_is_none(app: ManagerFixture) {
    let [own, other, _] = three(&app).await;
    let unknown = SessionHandle::generate(&SeededRandom::new(99)).unwrap();
    assert_eq!(app.end_own_session(&own.context, &unknown, &home()).await.unwrap(), None);
    app.destroy_session(&other.context, &home()).await.unwrap();
    let told = ended(EndReason::Logout, app.now());
    app.pass(Duration::from_secs(1));
    let handle = other.context.session.handle;
    assert_eq!(app.end_own_session(&own.context, &handle, &home()).await.unwrap(), None);
    assert_eq!(app.refusal(&other.token).await, told);
}

/// Security: abuse 22
pub async fn abuse_22_ending_all_others_spares_the_caller_and_other_users(app: ManagerFixture) {
    let [own, other, bobs] = three(&app).await;
    let (user, reason) = (&own.context.user.id, EndReason::RevokedByUser);
    let change = app.change_by(&own.context, &home());
    let gone = app.cleanup_user_sessions(user, Some(&own.context), reason, &change).await.unwrap();
    assert_eq!(ids(&gone), [other.context.session.id]);
    assert_eq!(app.refusal(&other.token).await, ended(reason, app.now()));
    app.context(&own.token).await;
    app.context(&bobs.token).await;
}

/// Security: 7.4.5
pub async fn an_administrator_ends_all_sessions_of_a_user_7_4_5(app: ManagerFixture) {
    let [own, other, bobs] = three(&app).await;
    let (user, reason) = (&own.context.user.id, EndReason::RevokedByAdmin);
    let change = app.change_by(&bobs.context, &home());
    let gone = app.cleanup_user_sessions(user, None, reason, &change).await.unwrap();
    assert_eq!(ids(&gone), [own.context.session.id, other.context.session.id]);
    for token in [&own.token, &other.token] {
        assert_eq!(app.refusal(token).await, ended(reason, app.now()));
    }
    app.context(&bobs.token).await;
    for event in app.events_of(EventKind::SessionEnded).await {
        assert_eq!(event.user_id.as_ref(), Some(user));
        assert_eq!(event.actor, format!("user {}", bobs.context.user.id));
    }
    let again = app.cleanup_user_sessions(user, None, reason, &change).await.unwrap();
    assert!(again.is_empty());
}

/// Security: 7.4.5
pub async fn an_administrator_ends_a_session_by_its_public_name_7_4_5(app: ManagerFixture) {
    let [own, other, bobs] = three(&app).await;
    let (handle, change) = (own.context.session.handle, app.operated());
    let gone = app.revoke_session(&handle, &change).await.unwrap().unwrap();
    assert_eq!((gone.handle, gone.reason), (handle, EndReason::RevokedByAdmin));
    assert_eq!(app.refusal(&own.token).await, ended(EndReason::RevokedByAdmin, app.now()));
    app.context(&other.token).await;
    app.context(&bobs.token).await;
    let [event] = app.events_of(EventKind::SessionEnded).await.try_into().unwrap();
    assert_eq!((event.actor.as_str(), event.detail.as_str()), ("operator", "revoked_by_admin"));
    assert_eq!(app.revoke_session(&handle, &change).await.unwrap(), None);
    let unknown = SessionHandle::generate(&SeededRandom::new(99)).unwrap();
    assert_eq!(app.revoke_session(&unknown, &change).await.unwrap(), None);
}

/// Security: 7.4.5
pub async fn an_administrator_revokes_a_user_and_nobody_else_7_4_5(app: ManagerFixture) {
    let [own, other, bobs] = three(&app).await;
    let (user, change) = (&own.context.user.id, app.operated());
    let gone = app.revoke_user_sessions(user, &change).await.unwrap();
    assert_eq!(ids(&gone), [own.context.session.id, other.context.session.id]);
    for token in [&own.token, &other.token] {
        assert_eq!(app.refusal(token).await, ended(EndReason::RevokedByAdmin, app.now()));
    }
    app.context(&bobs.token).await;
    assert!(app.revoke_user_sessions(user, &change).await.unwrap().is_empty());
}

/// Security: 7.4.5
pub async fn an_administrator_revokes_everyone_but_themselves(app: ManagerFixture) {
    let [own, other, bobs] = three(&app).await;
    let change = app.operated();
    assert_eq!(app.revoke_all_sessions(Some(&bobs.context), &change).await.unwrap(), 2);
    for token in [&own.token, &other.token] {
        assert_eq!(app.refusal(token).await, ended(EndReason::RevokedByAdmin, app.now()));
    }
    app.context(&bobs.token).await;
    assert_eq!(app.revoke_all_sessions(None, &change).await.unwrap(), 1);
    assert_eq!(app.refusal(&bobs.token).await, ended(EndReason::RevokedByAdmin, app.now()));
    assert_eq!(app.revoke_all_sessions(None, &change).await.unwrap(), 0);
}

pub async fn more_than_a_batch_holds_is_revoked(app: ManagerFixture) {
    crowd(&app, BATCHES).await;
    assert_eq!(app.revoke_all_sessions(None, &app.operated()).await.unwrap(), BATCHES);
    assert_eq!(app.store.count_live().await.unwrap(), 0);
    assert_eq!(app.events_of(EventKind::SessionEnded).await.len(), BATCHES);
}

pub async fn the_list_has_the_most_recently_active_first(app: ManagerFixture) {
    let [first, second, _] = three(&app).await;
    let listed = async || {
        let sessions = app.list_user_sessions(&first.context.user.id).await.unwrap();
        sessions.into_iter().map(|it| (it.id, it.last_activity)).collect::<Vec<_>>()
    };
    let [one, two] = [first.context.session.id, second.context.session.id];
    let started = first.context.session.last_activity;
    // Activity that waits to be written counts.
    app.used(&first.token).await;
    assert_eq!(listed().await, [(one, app.now()), (two, started)]);
    app.flush_session_activity().await.unwrap();
    assert_eq!(listed().await, [(one, app.now()), (two, started)]);
    let used_first = app.now();
    app.pass(Duration::from_secs(1));
    app.used(&second.token).await;
    assert_eq!(listed().await, [(two, app.now()), (one, used_first)]);
}

/// Security: 7.5.2
pub async fn the_list_has_live_sessions_of_the_user_alone_7_5_2(app: ManagerFixture) {
    let [one, two, _] = three(&app).await;
    let user = &one.context.user.id;
    assert_eq!(app.list_user_sessions(user).await.unwrap().len(), 2);
    app.destroy_session(&two.context, &home()).await.unwrap();
    assert_eq!(
        app.list_user_sessions(user).await.unwrap(),
        std::slice::from_ref(&one.context.session)
    );
    app.pass(app.policy().lifetime.idle);
    assert!(app.list_user_sessions(user).await.unwrap().is_empty());
}
