//! A token that was replaced long enough ago and turns up all the same has been copied.

use std::time::Duration;

use sessrum_core::{Client, EndReason, EventKind, SessionContext, SessionError, SessionToken};

use super::ManagerFixture;
use super::fixture::{TICK, address, ended, home, long_lived};
use crate::fixture::count;
use crate::proxy::ProxyStore;

/// The retired token of a session and the one in use, at the last moment of the grace.
async fn replaced(app: &ManagerFixture) -> (SessionToken, SessionToken) {
    let user = app.user("ada").await;
    let old = app.signed_in(&user).await.token;
    app.pass(Duration::from_hours(1));
    let new = app.rotated(&old).await;
    app.context(&new).await;
    app.pass(app.policy().rotation_grace);
    (old, new)
}

fn thief() -> Client {
    Client { ip_address: Some([203, 0, 113, 9].into()), ..home() }
}

pub async fn within_the_grace_a_retired_token_passes(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let (old, new) = replaced(&app).await;
    app.context(&old).await;
    app.context(&new).await;
    assert!(app.events_of(EventKind::SessionEnded).await.is_empty());
}

/// Security: 7.2.4
pub async fn after_the_grace_it_ends_the_session_for_every_token(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let (old, new) = replaced(&app).await;
    app.pass(TICK);
    app.context(&new).await;
    let reused = ended(EndReason::TokenReuse, app.now());
    assert_eq!(app.refusal(&old).await, reused);
    app.pass(Duration::from_secs(5));
    assert_eq!(app.refusal(&new).await, reused);
    assert_eq!(app.refusal(&old).await, reused);
}

/// A copy does not become fresh when its owner proves again who they are.
///
/// Security: 7.5.1
pub async fn a_token_from_before_an_authentication_is_not_fresh_7_5_1(app: ManagerFixture) {
    let user = app.user("ada").await;
    let old = app.signed_in(&user).await.token;
    app.pass(app.policy().fresh_for);
    let owner = app.context(&old).await;
    assert!(!app.is_fresh(&owner));
    let renewed = app.reauthenticate_session(&owner, &home()).await.unwrap();
    assert!(app.is_fresh(&renewed.context));
    assert!(app.is_fresh(&app.context(&renewed.token).await));
    assert!(!app.is_fresh(&app.context(&old).await));
}

/// Nor does a copy become fresh by being due, while its owner has not used the new token yet.
///
/// Security: 7.2.4, 7.5.1
pub async fn a_token_from_before_an_authentication_gets_no_successor(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let user = app.user("ada").await;
    let copy = app.signed_in(&user).await.token;
    app.pass(Duration::from_hours(1));
    let owner = app.context(&copy).await;
    assert!(owner.rotation_due);
    let renewed = app.reauthenticate_session(&owner, &home()).await.unwrap();
    app.pass(app.policy().successor_patience + TICK);
    let later = app.get_session_context(&copy, &thief()).await.unwrap();
    assert!(!later.rotation_due && !app.is_fresh(&later));
    let due = SessionContext { rotation_due: true, ..later };
    assert!(app.rotate_session(&due, &thief()).await.unwrap().is_none());
    assert!(app.is_fresh(&app.context(&renewed.token).await));
    assert!(app.rotate_session(&owner, &home()).await.unwrap().is_none());
}

/// A request that began before its token retired does not come away with a good one.
pub async fn a_slow_request_with_a_copy_gets_no_new_token(app: ManagerFixture) {
    let user = app.user("ada").await;
    let app = app.with_policy(long_lived());
    let copy = app.signed_in(&user).await.token;
    app.pass(Duration::from_hours(1));
    let slow = app.context(&copy).await;
    assert!(slow.rotation_due);
    let owner = app.reauthenticate_session(&slow, &home()).await.unwrap();
    app.context(&owner.token).await;
    assert!(app.rotate_session(&slow, &thief()).await.unwrap().is_none());
    app.context(&owner.token).await;
}

pub async fn the_event_tells_from_where_the_copy_came(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let (old, _) = replaced(&app).await;
    app.pass(TICK);
    app.get_session_context(&old, &thief()).await.unwrap_err();
    app.get_session_context(&old, &home()).await.unwrap_err();
    let [event] = app.events_of(EventKind::SessionEnded).await.try_into().unwrap();
    assert_eq!((event.actor.as_str(), event.detail.as_str()), ("system", "token_reuse"));
    assert_eq!((event.at, event.ip_address), (app.now(), address(&thief())));
}

pub async fn concurrent_uses_of_a_copy_end_the_session_once(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let (old, new) = replaced(&app).await;
    app.pass(TICK);
    let outcomes = app
        .race(12, |app, _| {
            let old = old.clone();
            async move { app.validate_session(&old, &thief()).await }
        })
        .await;
    let reused = ended(EndReason::TokenReuse, app.now());
    let told = |it: &Result<(), SessionError>| matches!(it, Err(SessionError::Invalid(refusal)) if *refusal == reused);
    assert_eq!(count(&outcomes, told), 12);
    assert_eq!(app.refusal(&new).await, reused);
    assert_eq!(app.events_of(EventKind::SessionEnded).await.len(), 1);
}

pub async fn a_copy_of_a_token_whose_session_signed_out_tells_of_the_logout(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let (old, new) = replaced(&app).await;
    let context = app.context(&new).await;
    app.destroy_session(&context, &home()).await.unwrap();
    let told = ended(EndReason::Logout, app.now());
    app.pass(TICK);
    assert_eq!(app.refusal(&old).await, told);
}

pub async fn a_copy_used_while_its_session_signs_out_tells_of_the_logout(app: ManagerFixture) {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager.with_policy(long_lived()));
    let (old, new) = replaced(&app).await;
    let (own, context) = (app.clone(), app.context(&new).await);
    app.pass(TICK);
    proxy.after("load_by_token", async move {
        assert!(own.destroy_session(&context, &home()).await.unwrap());
    });
    assert_eq!(app.refusal(&old).await, ended(EndReason::Logout, app.now()));
    assert_eq!(app.events_of(EventKind::SessionEnded).await.len(), 1);
}

pub async fn a_successor_that_was_overtaken_passes_within_the_grace_alone(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    app.pass(Duration::from_hours(1));
    let context = app.context(&token).await;
    let plain = app.rotate_session(&context, &home()).await.unwrap().unwrap();
    let forced = app.reauthenticate_session(&context, &home()).await.unwrap().token;
    app.context(&forced).await;
    app.pass(app.policy().rotation_grace);
    app.context(&plain).await;
    app.pass(TICK);
    app.context(&forced).await;
    assert_eq!(app.refusal(&plain).await, ended(EndReason::TokenReuse, app.now()));
}

/// A thief with a copy of a token that is due rotates it while its owner reads a page.
pub async fn a_copy_that_replaces_the_owners_unseen_token_is_told(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let user = app.user("ada").await;
    let copied = app.signed_in(&user).await.token;
    app.pass(Duration::from_hours(1));
    let owners = app.rotated(&copied).await;
    app.pass(app.policy().successor_patience);
    let thiefs = app.rotated(&copied).await;
    app.context(&thiefs).await;
    app.pass(app.policy().rotation_grace);
    app.context(&owners).await;
    app.pass(TICK);
    let reused = ended(EndReason::TokenReuse, app.now());
    assert_eq!(app.refusal(&owners).await, reused);
    assert_eq!(app.refusal(&thiefs).await, reused);
    let [event] = app.events_of(EventKind::SessionEnded).await.try_into().unwrap();
    assert_eq!(event.detail, "token_reuse");
}

pub async fn a_lost_token_first_used_while_it_is_replaced_is_on_its_way_out(app: ManagerFixture) {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager.with_policy(long_lived()));
    let user = app.user("ada").await;
    let copied = app.signed_in(&user).await.token;
    app.pass(Duration::from_hours(1));
    let owners = app.rotated(&copied).await;
    app.pass(app.policy().successor_patience);
    let thief = app.clone();
    proxy.after("load_by_token", async move {
        thief.rotated(&copied).await;
    });
    app.context(&owners).await;
    app.pass(app.policy().rotation_grace + TICK);
    assert_eq!(app.refusal(&owners).await, ended(EndReason::TokenReuse, app.now()));
}

pub async fn a_theft_that_could_not_be_acted_on_is_acted_on_later(app: ManagerFixture) {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager.with_policy(long_lived()));
    let (old, new) = replaced(&app).await;
    app.pass(TICK);
    proxy.fail_at("end");
    let error = app.get_session_context(&old, &thief()).await.unwrap_err();
    assert!(matches!(error, SessionError::Store(_)), "{error:?}");
    proxy.recover();
    app.context(&new).await;
    assert_eq!(app.refusal(&old).await, ended(EndReason::TokenReuse, app.now()));
}
