//! How long a session lives, to the microsecond, and what activity does about it.

use std::time::Duration;

use sessrum_core::store::Activity;
use sessrum_core::{
    Lifetime, SessionExpiredError, SessionId, SessionPolicy, SessionToken, SignIn, UserId, UserInfo,
};

use super::ManagerFixture;
use super::fixture::{TICK, home};
use crate::proxy::ProxyStore;

/// More sessions than are touched or ended in one batch.
pub(crate) const BATCHES: usize = 520;

/// Sessions of as many users, started at once; their ids.
pub(crate) async fn crowd(app: &ManagerFixture, count: usize) -> Vec<SessionId> {
    let user = app.user("ada").await;
    app.race(count, |app, index| {
        let id = UserId::from(format!("user {index}").as_str());
        let user = UserInfo { id, ..user.clone() };
        async move { app.signed_in(&user).await.context.session.id }
    })
    .await
}

async fn assert_expired(app: &ManagerFixture, token: &SessionToken) {
    assert_eq!(app.refusal(token).await, SessionExpiredError.into());
}

/// Security: 7.3.1
pub async fn a_session_is_idle_for_no_longer_than_its_limit_7_3_1(app: ManagerFixture) {
    let user = app.user("ada").await;
    let (plain, stays) = (app.policy().lifetime.idle, app.policy().remembered_lifetime.idle);
    let token = app.signed_in(&user).await.token;
    let remembered = app.created(SignIn { remember: true, ..app.wish(&user) }).await.token;
    app.pass(plain - TICK);
    app.context(&token).await;
    app.pass(TICK);
    assert_expired(&app, &token).await;
    app.pass(stays - plain - TICK);
    app.context(&remembered).await;
    app.pass(TICK);
    assert_expired(&app, &remembered).await;
}

/// Security: 7.3.2, N2.1.3, abuse 18
pub async fn abuse_18_activity_never_moves_the_absolute_end_7_3_2(app: ManagerFixture) {
    let user = app.user("ada").await;
    for remember in [false, true] {
        let limits = app.policy().lifetime_of(remember);
        let signed_in = app.created(SignIn { remember, ..app.wish(&user) }).await;
        let expires_at = signed_in.context.session.expires_at;
        assert_eq!(expires_at, app.now() + limits.absolute);
        while expires_at.since(app.now()) > limits.idle {
            app.pass(limits.idle - TICK);
            let context = app.used(&signed_in.token).await;
            assert_eq!(context.session.expires_at, expires_at);
            app.flush_session_activity().await.unwrap();
        }
        app.pass(expires_at.since(app.now()) - TICK);
        app.used(&signed_in.token).await;
        app.pass(TICK);
        assert_expired(&app, &signed_in.token).await;
    }
}

/// Security: N5.2
pub async fn activity_counts_before_it_is_flushed_n5_2(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    app.pass(app.policy().lifetime.idle - TICK);
    let context = app.used(&signed_in.token).await;
    assert_eq!(context.session.last_activity, app.now());
    assert_eq!(context.idle_expires_at, app.now() + app.policy().lifetime.idle);
    assert_eq!(app.store.row(&context.session).await, signed_in.context.session);
    app.pass(app.policy().lifetime.idle - TICK);
    let later = app.context(&signed_in.token).await;
    assert_eq!(later.session.last_activity, context.session.last_activity);
    assert_eq!(later.idle_expires_at, context.idle_expires_at);
    app.pass(TICK);
    assert_expired(&app, &signed_in.token).await;
}

pub async fn other_instances_see_activity_once_it_is_flushed(app: ManagerFixture) {
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    let other = app.with(|manager| manager);
    app.pass(app.policy().lifetime.idle - TICK);
    let marked = app.used(&token).await;
    assert!(other.context(&token).await.session.last_activity < app.now());
    assert_eq!(app.flush_session_activity().await.unwrap(), 1);
    assert_eq!(other.context(&token).await.session, marked.session);
    app.pass(TICK);
    other.context(&token).await;
}

pub async fn marks_of_a_session_are_one_and_are_flushed_once(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    for _ in 0..3 {
        app.pass(Duration::from_secs(1));
        app.used(&signed_in.token).await;
    }
    assert_eq!(app.flush_session_activity().await.unwrap(), 1);
    assert_eq!(app.store.row(&signed_in.context.session).await.last_activity, app.now());
    assert_eq!(app.flush_session_activity().await.unwrap(), 0);
}

pub async fn a_flush_takes_more_marks_than_a_batch_holds(app: ManagerFixture) {
    let ids = crowd(&app, BATCHES).await;
    let user = app.user("bob").await;
    let mut context = app.signed_in(&user).await.context;
    for id in &ids {
        context.session.id = *id;
        app.update_session_activity(&mut context);
    }
    assert_eq!(app.flush_session_activity().await.unwrap(), BATCHES);
    assert_eq!(app.flush_session_activity().await.unwrap(), 0);
}

pub async fn marks_survive_a_flush_that_fails(app: ManagerFixture) {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager);
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    app.pass(app.policy().lifetime.idle - TICK);
    let marked = app.used(&signed_in.token).await;
    proxy.fail_at("touch_many");
    app.flush_session_activity().await.unwrap_err();
    app.pass(TICK);
    assert_eq!(app.context(&signed_in.token).await.session, marked.session);
    app.cleanup_expired_sessions().await.unwrap_err();
    proxy.recover();
    assert_eq!(app.flush_session_activity().await.unwrap(), 1);
    assert_eq!(app.store.row(&marked.session).await, marked.session);
}

pub async fn a_mark_made_while_others_are_flushed_is_kept(app: ManagerFixture) {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager);
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    app.pass(Duration::from_secs(1));
    app.used(&token).await;
    let late = app.clone();
    let used_late = token.clone();
    proxy.after("touch_many", async move {
        late.pass(Duration::from_secs(1));
        late.used(&used_late).await;
    });
    app.flush_session_activity().await.unwrap();
    let context = app.context(&token).await;
    assert_eq!(context.session.last_activity, app.now());
    assert_eq!(app.store.row(&context.session).await, context.session);
}

pub async fn a_flush_between_reading_and_judging_expires_nobody(app: ManagerFixture) {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager);
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    app.pass(app.policy().lifetime.idle - TICK);
    app.used(&token).await;
    app.pass(TICK);
    let flushing = app.clone();
    proxy.after("load_by_token", async move {
        assert_eq!(flushing.flush_session_activity().await.unwrap(), 1);
    });
    app.context(&token).await;
}

pub async fn activity_moves_on_even_when_another_instance_was_later(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    app.pass(Duration::from_secs(1));
    app.used(&signed_in.token).await;
    app.pass(Duration::from_secs(1));
    let later = Activity { session: signed_in.context.session.id, at: app.now() };
    app.store.touch_many(&[later]).await.unwrap();
    assert_eq!(app.uncached(&signed_in.token).await.session.last_activity, later.at);
    app.flush_session_activity().await.unwrap();
    assert_eq!(app.uncached(&signed_in.token).await.session.last_activity, later.at);
}

/// Security: N5.2
pub async fn a_reauthentication_starts_both_limits_anew_n5_2(app: ManagerFixture) {
    let user = app.user("ada").await;
    for remember in [false, true] {
        let limits = app.policy().lifetime_of(remember);
        let signed_in = app.created(SignIn { remember, ..app.wish(&user) }).await;
        app.pass(limits.idle - TICK);
        let context = app.context(&signed_in.token).await;
        let renewed = app.reauthenticate_session(&context, &home()).await.unwrap();
        let session = &renewed.context.session;
        assert_eq!(session.expires_at, app.now() + limits.absolute);
        assert_eq!([session.last_activity, session.authenticated_at], [app.now(); 2]);
        assert_eq!(session.created_at, signed_in.context.session.created_at);
        assert_eq!(renewed.context.idle_expires_at, app.now() + limits.idle);
        app.pass(limits.idle - TICK);
        app.context(&renewed.token).await;
        app.pass(TICK);
        assert_expired(&app, &renewed.token).await;
    }
}

pub async fn a_policy_that_changes_is_the_policy_of_sessions_that_live(app: ManagerFixture) {
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    let strict =
        app.with_policy(SessionPolicy { lifetime: Lifetime::STRICT, ..app.policy().clone() });
    app.pass(strict.policy().lifetime.idle);
    app.context(&token).await;
    assert_expired(&strict, &token).await;
}
