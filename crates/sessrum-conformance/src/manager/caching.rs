//! Rows that a manager keeps: none of them outlives what happens to its session.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sessrum_core::store::{Activity, PasswordChange, PlatformChange};
use sessrum_core::{
    DEFAULT_CACHE_BYTES, EndReason, EventKind, PlatformInfo, Role, SessionContext, SessionError,
    SessionExpiredError, SessionToken, SignIn, SignedIn, SwitchOutcome, UserInfo,
};

use super::ManagerFixture;
use super::fixture::{TICK, ended, home, long_lived};
use crate::fixture::{new_platform, password};
use crate::proxy::ProxyStore;

type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

const NOTHING: [&str; 0] = [];

/// Instances over one store.
struct Instances {
    /// Which changes things.
    one: ManagerFixture,
    /// Which has kept what it read.
    other: ManagerFixture,
    /// What that one asks of the store.
    proxy: Arc<ProxyStore>,
    /// Which keeps nothing.
    truth: ManagerFixture,
}

impl Instances {
    fn over(app: &ManagerFixture) -> Self {
        let proxy = ProxyStore::of(app.store.shared());
        let truth =
            app.with(|manager| manager.with_policy(app.policy().clone()).with_cache_bytes(0));
        let other = app.over(proxy.clone(), |manager| manager.with_policy(app.policy().clone()));
        Self { one: app.clone(), other, proxy, truth }
    }

    /// Lets the instances read a session and keep what they read.
    async fn keep(&self, token: &SessionToken) {
        self.one.context(token).await;
        self.other.context(token).await;
        self.proxy.asked();
        assert_eq!(seen(&self.other, token).await, seen(&self.truth, token).await);
        assert_eq!(self.proxy.asked(), NOTHING, "it was not kept");
    }

    /// The instances that keep what they read see what the database has.
    async fn agree(&self, token: &SessionToken) {
        let truth = seen(&self.truth, token).await;
        assert_eq!(seen(&self.one, token).await, truth);
        assert_eq!(seen(&self.other, token).await, truth);
    }
}

/// All that a request learns.
async fn seen(app: &ManagerFixture, token: &SessionToken) -> String {
    format!("{:?}", app.get_session_context(token, &home()).await)
}

/// A user in one of two platforms.
async fn member(app: &ManagerFixture, name: &str) -> (UserInfo, PlatformInfo, PlatformInfo) {
    let user = app.user(name).await;
    let art = app.store.platform(&user.id, "art").await;
    let work = app.store.platform(&user.id, "work").await;
    (user, art, work)
}

async fn switch(app: &ManagerFixture, context: &SessionContext, to: &PlatformInfo) {
    let outcome = app.update_platform_context(context, &to.id, None, &home()).await.unwrap();
    assert!(matches!(outcome, SwitchOutcome::Switched(_)), "{outcome:?}");
}

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

/// Security: 7.4.1
pub async fn an_end_through_one_instance_is_seen_by_the_other_at_once(app: ManagerFixture) {
    let instances = Instances::over(&app);
    let (one, operated) = (&instances.one, || app.operated());
    for &reason in EndReason::ALL {
        let user = app.user(reason.as_str()).await;
        let SignedIn { token, context, .. } = app.signed_in(&user).await;
        instances.keep(&token).await;
        one.store.end(context.session.id, reason, &operated()).await.unwrap();
        instances.agree(&token).await;
        one.refusal(&token).await;
    }
    let user = app.user("ada").await;
    let SignedIn { token, context, .. } = app.signed_in(&user).await;
    instances.keep(&token).await;
    one.destroy_session(&context, &home()).await.unwrap();
    instances.agree(&token).await;
    let evicted = app.signed_in(&user).await;
    instances.keep(&evicted.token).await;
    for _ in 0..app.policy().sessions_per_user {
        app.signed_in(&user).await;
    }
    instances.agree(&evicted.token).await;
    assert_eq!(app.refusal(&evicted.token).await, ended(EndReason::Evicted, app.now()));
    let replaced = app.signed_in(&user).await;
    instances.keep(&replaced.token).await;
    app.created(SignIn { replaces: Some(replaced.context.session.id), ..app.wish(&user) }).await;
    instances.agree(&replaced.token).await;
}

/// Security: 7.4.5
pub async fn ends_of_many_through_one_instance_are_seen_by_the_other_at_once(app: ManagerFixture) {
    let instances = Instances::over(&app);
    let one = &instances.one;
    let users = [app.user("ada").await, app.user("bob").await];
    let sign_in_both = async || {
        let signed_in = [app.signed_in(&users[0]).await, app.signed_in(&users[1]).await];
        for each in &signed_in {
            instances.keep(&each.token).await;
        }
        signed_in
    };
    let [of_ada, of_bob] = sign_in_both().await;
    one.revoke_user_sessions(&users[0].id, &app.operated()).await.unwrap();
    instances.agree(&of_ada.token).await;
    assert_eq!(app.refusal(&of_ada.token).await, ended(EndReason::RevokedByAdmin, app.now()));
    instances.agree(&of_bob.token).await;
    let both = sign_in_both().await;
    one.revoke_all_sessions(None, &app.operated()).await.unwrap();
    for each in &both {
        instances.agree(&each.token).await;
        assert_eq!(app.refusal(&each.token).await, ended(EndReason::RevokedByAdmin, app.now()));
    }
}

/// Security: 7.4.2, 7.4.3, 8.3.2
pub async fn what_becomes_of_a_user_is_seen_by_the_other_instance_at_once(app: ManagerFixture) {
    let instances = Instances::over(&app);
    let store = &instances.one.store;
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    for role in [Role::Admin, Role::Viewer] {
        instances.keep(&token).await;
        store.set_role(&user.id, role, &app.operated()).await.unwrap();
        instances.agree(&token).await;
        assert_eq!(instances.other.context(&token).await.user.role, role);
    }
    instances.keep(&token).await;
    let new = PasswordChange { hash: password("new"), keep: None, checked_against: None };
    store.change_password(&user.id, new, &app.operated()).await.unwrap();
    instances.agree(&token).await;
    assert_eq!(app.refusal(&token).await, ended(EndReason::PasswordChanged, app.now()));

    let token = app.signed_in(&user).await.token;
    instances.keep(&token).await;
    store.set_user_active(&user.id, false, &app.operated()).await.unwrap();
    instances.agree(&token).await;
    assert_eq!(app.refusal(&token).await, ended(EndReason::UserDisabled, app.now()));
    store.set_user_active(&user.id, true, &app.operated()).await.unwrap();
    instances.agree(&token).await;

    let token = app.signed_in(&user).await.token;
    instances.keep(&token).await;
    instances.one.forget_user("ada", false, &app.operated()).await.unwrap();
    instances.agree(&token).await;
    app.refusal(&token).await;
}

pub async fn what_becomes_of_a_platform_is_seen_by_the_other_instance_at_once(app: ManagerFixture) {
    let instances = Instances::over(&app);
    let store = &instances.one.store;
    let (user, art, work) = member(&app, "ada").await;
    let SignedIn { token, context, .. } = app.signed_in(&user).await;
    instances.keep(&token).await;
    switch(&instances.one, &context, &work).await;
    instances.agree(&token).await;
    switch(&instances.other, &context, &art).await;
    instances.agree(&token).await;
    let change = async |platform: &PlatformInfo, what: PlatformChange| {
        instances.keep(&token).await;
        store.change_platform(&user.id, &platform.id, what, &app.operated()).await.unwrap();
        instances.agree(&token).await;
        instances.other.context(&token).await.platform
    };
    let renamed = PlatformChange { name: Some("photos".into()), ..PlatformChange::default() };
    assert_eq!(change(&art, renamed).await.unwrap().name, "photos");
    let default = PlatformChange { is_default: Some(true), ..PlatformChange::default() };
    assert!(!change(&work, default).await.unwrap().is_default);
    let off = PlatformChange { is_active: Some(false), ..PlatformChange::default() };
    assert_eq!(change(&art, off).await, None);

    switch(&instances.one, &context, &work).await;
    instances.keep(&token).await;
    let new = sessrum_core::store::NewPlatform { is_default: true, ..new_platform("play") };
    store.add_platform(&user.id, new, &app.operated()).await.unwrap();
    instances.agree(&token).await;
    assert!(!instances.other.context(&token).await.platform.unwrap().is_default);
    store.remove_platform(&user.id, &work.id, &app.operated()).await.unwrap();
    instances.agree(&token).await;
    assert_eq!(instances.other.context(&token).await.platform, None);
}

/// Security: 7.2.4, 7.5.1
pub async fn an_authentication_through_one_instance_is_seen_by_the_other_at_once(
    app: ManagerFixture,
) {
    let instances = Instances::over(&app);
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    app.pass(Duration::from_secs(1));
    instances.keep(&token).await;
    let context = instances.one.context(&token).await;
    let renewed = instances.one.reauthenticate_session(&context, &home()).await.unwrap();
    instances.agree(&token).await;
    assert!(!instances.other.is_fresh(&instances.other.context(&token).await));
    instances.agree(&renewed.token).await;
    instances.keep(&renewed.token).await;
    assert!(instances.other.is_fresh(&instances.other.context(&renewed.token).await));
}

/// Nobody is told of a first use, which retires other tokens: a copy of one is known all the same.
///
/// Security: 7.2.4
pub async fn a_token_that_was_replaced_is_read_each_time(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let instances = Instances::over(&app);
    let user = app.user("ada").await;
    let old = app.signed_in(&user).await.token;
    app.pass(Duration::from_hours(1));
    instances.keep(&old).await;
    let new = instances.one.rotated(&old).await;
    for _ in 0..2 {
        instances.proxy.asked();
        instances.other.context(&old).await;
        assert_eq!(instances.proxy.asked(), ["load_by_token"]);
    }
    instances.one.context(&new).await;
    instances.agree(&old).await;
    instances.keep(&new).await;
    app.pass(app.policy().rotation_grace + TICK);
    assert_eq!(instances.other.refusal(&old).await, ended(EndReason::TokenReuse, app.now()));
    instances.agree(&new).await;
}

/// The first use is noted by whichever instance sees it.
pub async fn a_token_that_was_never_seen_is_read_until_it_was(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let instances = Instances::over(&app);
    let user = app.user("ada").await;
    let old = app.signed_in(&user).await.token;
    app.pass(Duration::from_hours(1));
    let new = app.rotated(&old).await;
    instances.proxy.asked();
    instances.other.context(&new).await;
    assert_eq!(instances.proxy.asked(), ["load_by_token", "confirm_token"]);
    instances.keep(&new).await;
}

/// The reading is under way when the change is made and answered.
///
/// Security: 7.4.1, 15.4.2
pub async fn a_reading_that_a_change_overtook_is_not_used_again(app: ManagerFixture) {
    let instances = Instances::over(&app);
    let (user, _, work) = member(&app, "ada").await;
    let changes: [&dyn Fn(SessionContext) -> BoxFuture; 3] = [
        &|context| {
            let (app, work) = (app.clone(), work.clone());
            Box::pin(async move { switch(&app, &context, &work).await })
        },
        &|context| {
            let app = app.clone();
            Box::pin(async move {
                app.store.set_role(context.user_id(), Role::Admin, &app.operated()).await.unwrap();
            })
        },
        &|context| {
            let app = app.clone();
            Box::pin(async move {
                assert!(app.destroy_session(&context, &home()).await.unwrap());
            })
        },
    ];
    for change in changes {
        let SignedIn { token, context, .. } = app.signed_in(&user).await;
        let before = seen(&instances.truth, &token).await;
        instances.proxy.after("load_by_token", change(context));
        assert_eq!(seen(&instances.other, &token).await, before, "it was read before the change");
        let after = seen(&instances.truth, &token).await;
        assert_ne!(after, before);
        assert_eq!(seen(&instances.other, &token).await, after);
    }
}

/// Activity is told to nobody: by what it has kept, the session would be over.
///
/// Security: 7.3.1
pub async fn whoever_would_be_refused_or_warned_is_read_again(app: ManagerFixture) {
    let user = app.user("ada").await;
    let policy = app.policy().clone();
    for early in [policy.warn_before_idle, TICK, Duration::ZERO] {
        let instances = Instances::over(&app);
        let SignedIn { token, context, .. } = app.signed_in(&user).await;
        let session = context.session.id;
        let mut left = policy.lifetime.idle - early;
        // So that what was kept is no older than a minute.
        app.pass(left - Duration::from_secs(59));
        left = Duration::from_secs(59);
        if early < policy.warn_before_idle {
            // Read while it was about to be warned of, it is not kept for long either.
            instances.other.context(&token).await;
        } else {
            instances.keep(&token).await;
        }
        app.pass(Duration::from_secs(1));
        let elsewhere = Activity { session, at: app.now() };
        app.store.touch_many(&[elsewhere]).await.unwrap();
        app.pass(left - Duration::from_secs(1));
        let found = instances.other.context(&token).await;
        assert_eq!(found.session.last_activity, elsewhere.at);
        assert_eq!(found.idle_expires_at, elsewhere.at + policy.lifetime.idle);
        app.destroy_session(&found, &home()).await.unwrap();
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
    let used = instances.other.used(&token).await;
    assert_eq!(instances.other.flush_session_activity().await.unwrap(), 1);
    assert_eq!(instances.proxy.asked(), ["touch_many"]);
    let later = instances.other.context(&token).await;
    assert_eq!(later.session.last_activity, app.now());
    assert_eq!(later.idle_expires_at, used.idle_expires_at);
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

/// Security: abuse 8
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
async fn kept(app: &ManagerFixture, bytes: u64, tokens: &[SessionToken]) -> usize {
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
