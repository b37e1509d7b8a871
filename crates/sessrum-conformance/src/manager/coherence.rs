//! What one instance does is seen by another that has kept what it read before.

use std::pin::Pin;
use std::time::Duration;

use sessrum_core::store::{NewPlatform, PasswordChange, PlatformChange};
use sessrum_core::{
    EndReason, PlatformInfo, Role, SessionContext, SessionToken, SignIn, SignedIn, SwitchOutcome,
};

use super::ManagerFixture;
use super::fixture::{TICK, ended, home, long_lived};
use super::instances::{Instances, member, seen};
use crate::fixture::{at, new_platform, password};

type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

async fn switch(app: &ManagerFixture, context: &SessionContext, to: &PlatformInfo) {
    let outcome = app.update_platform_context(context, &to.id, None, &home()).await.unwrap();
    assert!(matches!(outcome, SwitchOutcome::Switched(_)), "{outcome:?}");
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
    let new = NewPlatform { is_default: true, ..new_platform("play") };
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

/// The first use is noted by whichever instance sees it. A new password leaves no other token.
pub async fn a_token_that_was_never_seen_is_read_until_it_was(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let instances = Instances::over(&app);
    let user = app.user("ada").await;
    let first = app.signed_in(&user).await.token;
    app.pass(Duration::from_hours(1));
    let second = app.rotated(&first).await;
    let is_seen = async |token: &SessionToken| {
        instances.proxy.asked();
        instances.other.context(token).await;
        assert_eq!(instances.proxy.asked(), ["load_by_token", "confirm_token"]);
        instances.keep(token).await;
    };
    is_seen(&second).await;
    let context = app.context(&second).await;
    let renewed = app.change_password(&context, password("new"), at(0), &home()).await;
    is_seen(&renewed.unwrap().unwrap().token).await;
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
