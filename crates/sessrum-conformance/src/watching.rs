//! Watches: who hears of a change, and when.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use sessrum_core::store::{PasswordChange, PlatformChange, Rotation};
use sessrum_core::{EndReason, ExpiryLimits, Role, SessionWatch, UserId, UserSession, WatchLimits};

use crate::Fixture;
use crate::fixture::{at, change, password};

fn watch(store: &Fixture, session: &UserSession) -> SessionWatch {
    let limits = WatchLimits::default();
    store.feed().watchers().watch(&session.user_id, &session.handle, limits).unwrap()
}

/// Whether something was heard since the last call. Does not wait for it.
fn hears(watch: &mut SessionWatch) -> bool {
    let news = pin!(watch.changed());
    news.poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(true)
}

pub async fn whoever_watches_hears_before_the_verb_answers(store: Fixture) {
    let user = store.user("ada").await;
    let platform = store.platform(&user, "art").await.id;
    let session = store.session(&user, 1).await;
    let mut watch = watch(&store, &session);
    assert!(!hears(&mut watch), "there is no news yet");
    store.switch_platform_if(session.id, Some(&platform), None, &change(2)).await.unwrap();
    assert!(hears(&mut watch), "of a switch");
    let again = Rotation { authenticated_until: Some(at(999)), forced: true, ..store.rotation(3) };
    store.rotate(session.id, again, &change(3)).await.unwrap();
    assert!(hears(&mut watch), "of an authentication");
    let rename = PlatformChange { name: Some("photos".into()), ..PlatformChange::default() };
    store.change_platform(&user, &platform, rename, &change(4)).await.unwrap();
    assert!(hears(&mut watch), "of a platform");
    store.end(session.id, EndReason::Logout, &change(5)).await.unwrap();
    assert!(hears(&mut watch), "of the end");
    assert!(!hears(&mut watch), "once");
}

pub async fn news_of_a_session_reach_no_other(store: Fixture) {
    let user = store.user("ada").await;
    let (session, beside) = (store.session(&user, 1).await, store.session(&user, 1).await);
    let other = store.session(&store.user("bob").await, 1).await;
    let (mut own, mut beside, mut other) =
        (watch(&store, &session), watch(&store, &beside), watch(&store, &other));
    store.switch_platform_if(session.id, None, None, &change(2)).await.unwrap();
    store.end(session.id, EndReason::Logout, &change(3)).await.unwrap();
    assert_eq!([&mut own, &mut beside, &mut other].map(hears), [true, false, false]);
}

pub async fn what_becomes_of_a_user_reaches_all_their_sessions(store: Fixture) {
    let user = store.user("ada").await;
    let (one, two) = (store.session(&user, 1).await, store.session(&user, 1).await);
    let other = store.session(&store.user("bob").await, 1).await;
    let mut watches = [watch(&store, &one), watch(&store, &two), watch(&store, &other)];
    store.set_role(&user, Role::Moderator, &change(2)).await.unwrap();
    assert_eq!(watches.each_mut().map(hears), [true, true, false]);
    store.platform(&user, "art").await;
    assert_eq!(watches.each_mut().map(hears), [true, true, false]);
    store.set_user_active(&user, false, &change(3)).await.unwrap();
    assert_eq!(watches.each_mut().map(hears), [true, true, false]);
}

pub async fn what_was_refused_is_no_news(store: Fixture) {
    let user = store.user("ada").await;
    let session = store.session(&user, 1).await;
    let mut watch = watch(&store, &session);
    store.switch_platform_if(session.id, None, Some(99), &change(2)).await.unwrap();
    store.set_role(&UserId::from(99), Role::Admin, &change(2)).await.unwrap();
    store.confirm_token(&store.token(), at(2)).await.unwrap();
    assert!(!hears(&mut watch));
}

pub async fn everyone_whose_session_ends_hears_of_it(store: Fixture) {
    let user = store.user("ada").await;
    let evicted = store.session(&user, 1).await;
    let mut hearing = watch(&store, &evicted);
    let new = sessrum_core::store::NewSession { cap: 1, ..store.new_session(&user) };
    let (kept, _) = store.created(new, 2).await;
    assert!(hears(&mut hearing), "evicted");

    let other = store.session(&user, 3).await;
    let mut hearing = watch(&store, &other);
    let rotation =
        Rotation { forced: true, authenticated_until: Some(at(999)), ..store.rotation(4) };
    let new = PasswordChange {
        hash: password("new"),
        keep: Some((kept.id, rotation)),
        checked_against: None,
    };
    store.change_password(&user, new, &change(4)).await.unwrap();
    assert!(hears(&mut hearing), "by a new password");

    let mut hearing = watch(&store, &kept);
    let limits = ExpiryLimits { now: at(5), idle_since: at(5), remembered_idle_since: at(5) };
    store.end_expired(limits, 10, &change(5)).await.unwrap();
    assert!(hears(&mut hearing), "expired");

    let last = store.session(&user, 6).await;
    let mut hearing = watch(&store, &last);
    store.end_all(None, EndReason::RevokedByAdmin, 10, &change(7)).await.unwrap();
    assert!(hears(&mut hearing), "with everyone");

    let last = store.session(&user, 8).await;
    let mut hearing = watch(&store, &last);
    store.forget_user(&user, &change(9)).await.unwrap();
    assert!(hears(&mut hearing), "forgotten");
}
