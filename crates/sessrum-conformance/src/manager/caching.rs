//! What a manager keeps of what it read, and when it reads again.

use std::time::Duration;

use sessrum_core::store::Activity;
use sessrum_core::{
    DEFAULT_CACHE_BYTES, EventKind, SessionError, SessionExpiredError, SessionPolicy, SessionToken,
    SignIn, SignedIn, UserId, UserInfo,
};

use super::ManagerFixture;
use super::fixture::{TICK, home};
use super::instances::{Instances, NOTHING, member, seen};
use crate::proxy::ProxyStore;

/// What was cached is the whole of what the database has.
pub async fn a_second_request_asks_the_store_nothing_and_learns_the_same(app: ManagerFixture) {
    let instances = Instances::over(&app);
    let (user, ..) = member(&app, "ada").await;
    let plain = app.signed_in(&user).await;
    let remembered = app.created(SignIn { remember: true, ..app.wish(&user) }).await;
    for signed_in in [plain, remembered] {
        assert!(signed_in.context.platform.is_some());
        instances.keep(&signed_in.token).await;
    }
}

/// Activity is told to nobody: by what was kept the session is about to end, or over.
///
/// Security: 7.3.1
pub async fn whoever_would_be_warned_or_refused_is_read_again(app: ManagerFixture) {
    let user = app.user("ada").await;
    let idle = app.policy().lifetime.idle;
    for warn_before_idle in [app.policy().warn_before_idle, Duration::ZERO] {
        let app = app.with_policy(SessionPolicy { warn_before_idle, ..app.policy().clone() });
        let instances = Instances::over(&app);
        let SignedIn { token, context, .. } = app.signed_in(&user).await;
        app.pass(idle - warn_before_idle - Duration::from_secs(30));
        instances.keep(&token).await;
        let elsewhere = Activity { session: context.session.id, at: app.now() };
        app.store.touch_many(&[elsewhere]).await.unwrap();
        app.pass(Duration::from_secs(30));
        let found = instances.other.context(&token).await;
        assert_eq!(found.session.last_activity, elsewhere.at);
        assert_eq!(found.idle_expires_at, elsewhere.at + idle);
    }
}

pub async fn whoever_is_refused_for_their_user_is_read_again(app: ManagerFixture) {
    let instances = Instances::over(&app);
    let nobody = UserInfo { id: UserId::from("nobody"), ..app.user("ada").await };
    let token = app.signed_in(&nobody).await.token;
    // Else the session would be over by then.
    instances.proxy.fail_at("end");
    for _ in 0..2 {
        instances.other.validate_session(&token, &home()).await.unwrap_err();
        assert_eq!(instances.proxy.asked(), ["load_by_token", "end"]);
    }
}

/// Security: 7.3.1, 7.3.2
pub async fn a_cached_session_ends_in_time(app: ManagerFixture) {
    let instances = Instances::over(&app);
    let (user, policy) = (app.user("ada").await, app.policy().clone());
    let token = app.signed_in(&user).await.token;
    app.pass(policy.lifetime.idle - policy.warn_before_idle - TICK);
    instances.keep(&token).await;
    app.pass(policy.warn_before_idle);
    instances.other.context(&token).await;
    app.pass(TICK);
    assert_eq!(instances.other.refusal(&token).await, SessionExpiredError.into());
    let SignedIn { token, context, .. } = app.signed_in(&user).await;
    let end = context.session.expires_at;
    while app.now() + policy.lifetime.idle / 2 < end {
        app.pass(policy.lifetime.idle / 2 - TICK);
        instances.other.used(&token).await;
    }
    app.pass(end.since(app.now()) - TICK);
    instances.other.used(&token).await;
    app.pass(TICK);
    assert_eq!(instances.other.refusal(&token).await, SessionExpiredError.into());
}

pub async fn activity_in_a_cached_session_counts_after_it_was_written(app: ManagerFixture) {
    let instances = Instances::over(&app);
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    instances.keep(&token).await;
    app.pass(Duration::from_secs(10));
    let expected = instances.other.used(&token).await;
    assert_eq!(instances.other.flush_session_activity().await.unwrap(), 1);
    assert_eq!(instances.proxy.asked(), ["touch_many"]);
    let later = instances.other.context(&token).await;
    assert_eq!(later.session.last_activity, app.now());
    assert_eq!(later.idle_expires_at, expected.idle_expires_at);
    assert_eq!(instances.proxy.asked(), NOTHING);
    assert_eq!(seen(&instances.other, &token).await, seen(&instances.truth, &token).await);
}

/// Whatever nobody tells of, such as activity elsewhere, shows by then.
pub async fn after_a_minute_a_row_is_read_again(app: ManagerFixture) {
    let instances = Instances::over(&app);
    let user = app.user("ada").await;
    let SignedIn { token, context, .. } = app.signed_in(&user).await;
    instances.keep(&token).await;
    app.pass(Duration::from_secs(1));
    let elsewhere = Activity { session: context.session.id, at: app.now() };
    app.store.touch_many(&[elsewhere]).await.unwrap();
    app.pass(Duration::from_secs(59) - TICK);
    assert_eq!(instances.other.context(&token).await.session, context.session);
    assert_eq!(instances.proxy.asked(), NOTHING);
    app.pass(TICK);
    let found = instances.other.context(&token).await;
    assert_eq!(found.session.last_activity, elsewhere.at);
}

pub async fn what_changes_something_reads_the_row(app: ManagerFixture) {
    let instances = Instances::over(&app);
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    instances.keep(&token).await;
    for _ in 0..2 {
        instances.other.uncached(&token).await;
        assert_eq!(instances.proxy.asked(), ["load_by_token"]);
    }
}

pub async fn what_is_unknown_or_over_is_read_each_time(app: ManagerFixture) {
    let instances = Instances::over(&app);
    let user = app.user("ada").await;
    let SignedIn { token, context, .. } = app.signed_in(&user).await;
    app.destroy_session(&context, &home()).await.unwrap();
    let unknown = SessionToken::generate(app.random()).unwrap();
    instances.proxy.asked();
    for token in [&token, &token, &unknown, &unknown] {
        instances.other.refusal(token).await;
        assert_eq!(instances.proxy.asked(), ["load_by_token"]);
    }
}

pub async fn an_instance_that_cannot_hear_of_changes_uses_nothing_that_it_kept(
    app: ManagerFixture,
) {
    let instances = Instances::over(&app);
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    instances.keep(&token).await;
    instances.proxy.lose_the_feed();
    for _ in 0..2 {
        instances.other.context(&token).await;
        assert_eq!(instances.proxy.asked(), ["load_by_token"]);
    }
    instances.proxy.recover();
    instances.keep(&token).await;
}

/// For as long as the feed vouches for what was read: see [`ProxyStore::fail`] for afterwards.
///
/// Security: 16.5.3, abuse 27
pub async fn while_the_database_is_away_what_was_kept_is_read_and_nothing_changes(
    app: ManagerFixture,
) {
    let instances = Instances::over(&app);
    let other = &instances.other;
    let user = app.user("ada").await;
    let SignedIn { token, context, .. } = app.signed_in(&user).await;
    let unread = app.signed_in(&user).await.token;
    instances.keep(&token).await;
    instances.proxy.fail_when(|_| true);
    other.context(&token).await;
    let refused = |answer: Result<(), SessionError>| {
        assert!(matches!(answer, Err(SessionError::Store(_))), "{answer:?}");
    };
    let client = home();
    refused(other.validate_session(&unread, &client).await);
    refused(other.get_uncached_session_context(&token, &client).await.map(drop));
    refused(other.destroy_session(&context, &client).await.map(drop));
    refused(other.reauthenticate_session(&context, &client).await.map(drop));
    instances.proxy.fail();
    refused(other.validate_session(&token, &client).await);
    instances.proxy.recover();
    instances.agree(&token).await;
    assert_eq!(app.events_of(EventKind::SessionEnded).await.len(), 0);
}

/// How many of the sessions a manager with so much memory has kept.
async fn kept(app: &ManagerFixture, bytes: usize, tokens: &[SessionToken]) -> usize {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager.with_cache_bytes(bytes));
    for token in tokens {
        app.context(token).await;
    }
    proxy.asked();
    for token in tokens {
        app.context(token).await;
    }
    tokens.len() - proxy.asked().len()
}

pub async fn what_is_kept_takes_no_more_than_the_bytes_it_may(app: ManagerFixture) {
    let mut tokens = Vec::new();
    for number in 0..100 {
        let user = app.user(&format!("user{number}")).await;
        tokens.push(app.signed_in(&user).await.token);
    }
    assert_eq!(kept(&app, DEFAULT_CACHE_BYTES, &tokens).await, 100);
    let few = kept(&app, 20_000, &tokens).await;
    assert!((10..40).contains(&few), "{few}");
    assert_eq!(kept(&app, 0, &tokens).await, 0);
}
