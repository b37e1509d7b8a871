//! The context of a request, and why there is none.

use std::time::Duration;

use sessrum_core::store::PlatformChange;
use sessrum_core::{
    EndReason, EventKind, Role, SessionExpiredError, SessionNotFoundError, SignIn, UserId, UserInfo,
};

use super::ManagerFixture;
use super::fixture::{TICK, address, ended, home, refusal};

pub async fn each_end_is_told_by_its_reason(app: ManagerFixture) {
    for &reason in EndReason::ALL {
        let user = app.user(reason.as_str()).await;
        let signed_in = app.signed_in(&user).await;
        app.store.end(signed_in.context.session.id, reason, &app.operated()).await.unwrap();
        let told = match reason {
            EndReason::Expired => SessionExpiredError.into(),
            reason => ended(reason, app.now()),
        };
        app.pass(Duration::from_secs(1));
        assert_eq!(app.refusal(&signed_in.token).await, told);
    }
}

pub async fn an_end_is_told_even_past_the_lifetime(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    app.destroy_session(&signed_in.context, &home()).await.unwrap();
    let told = ended(EndReason::Logout, app.now());
    app.pass(app.policy().lifetime.absolute);
    assert_eq!(app.refusal(&signed_in.token).await, told);
}

pub async fn a_context_and_a_validation_agree(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    app.validate_session(&signed_in.token, &home()).await.unwrap();
    app.destroy_session(&signed_in.context, &home()).await.unwrap();
    let error = app.get_session_context(&signed_in.token, &home()).await.unwrap_err();
    assert_eq!(refusal(error), app.refusal(&signed_in.token).await);
}

pub async fn reading_is_no_activity(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    let events = app.store.trail().await;
    app.pass(app.policy().lifetime.idle - TICK);
    let context = app.context(&signed_in.token).await;
    assert_eq!(context.session, signed_in.context.session);
    assert_eq!(app.flush_session_activity().await.unwrap(), 0);
    assert_eq!(app.store.trail().await, events);
    app.pass(TICK);
    assert_eq!(app.refusal(&signed_in.token).await, SessionExpiredError.into());
}

/// Security: 8.3.2
pub async fn a_role_acts_at_once_8_3_2(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    app.store.set_role(&user.id, Role::Admin, &app.operated()).await.unwrap();
    assert_eq!(app.context(&signed_in.token).await.user.role, Role::Admin);
    app.store.set_role(&user.id, Role::Viewer, &app.operated()).await.unwrap();
    assert_eq!(app.context(&signed_in.token).await.user.role, Role::Viewer);
}

pub async fn a_platform_that_is_no_longer_offered_is_none_at_once(app: ManagerFixture) {
    let user = app.user("ada").await;
    let platform = app.store.platform(&user.id, "art").await;
    let wish = SignIn { platform_id: Some(platform.id.clone()), ..app.wish(&user) };
    let signed_in = app.created(wish).await;
    let off = PlatformChange { is_active: Some(false), ..PlatformChange::default() };
    app.store.change_platform(&user.id, &platform.id, off, &app.operated()).await.unwrap();
    assert_eq!(app.context(&signed_in.token).await.platform, None);
}

/// Security: 7.4.2
pub async fn a_disabled_user_is_out_at_once_and_stays_out_7_4_2(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    app.store.set_user_active(&user.id, false, &app.operated()).await.unwrap();
    let told = ended(EndReason::UserDisabled, app.now());
    assert_eq!(app.refusal(&signed_in.token).await, told);
    app.store.set_user_active(&user.id, true, &app.operated()).await.unwrap();
    assert_eq!(app.refusal(&signed_in.token).await, told);
}

pub async fn the_session_of_a_user_whom_nobody_knows_ends(app: ManagerFixture) {
    let nobody = UserInfo { id: UserId::from("nobody"), ..app.user("ada").await };
    let signed_in = app.signed_in(&nobody).await;
    let told = ended(EndReason::UserDisabled, app.now());
    assert_eq!(app.refusal(&signed_in.token).await, told);
    assert_eq!(app.live(&nobody.id).await, 0);
    app.pass(TICK);
    assert_eq!(app.refusal(&signed_in.token).await, told);
    let [event] = app.events_of(EventKind::SessionEnded).await.try_into().unwrap();
    assert_eq!((event.actor.as_str(), event.ip_address), ("system", address(&home())));
}

/// Security: 7.5.1
pub async fn an_authentication_is_fresh_until_its_limit_7_5_1(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    app.pass(app.policy().fresh_for - TICK);
    let context = app.used(&signed_in.token).await;
    assert!(app.is_fresh(&context));
    app.pass(TICK);
    assert!(!app.is_fresh(&context));
    let renewed = app.reauthenticate_session(&context, &home()).await.unwrap();
    assert!(app.is_fresh(&renewed.context));
    assert!(app.is_fresh(&app.context(&renewed.token).await));
}

pub async fn all_times_come_from_the_one_clock(app: ManagerFixture) {
    let user = app.user("ada").await;
    let platform = app.store.platform(&user.id, "art").await;
    let signed_in = app.signed_in(&user).await;
    let signed_in_at = app.now();
    app.pass(Duration::from_secs(10));
    let context = app.used(&signed_in.token).await;
    assert_eq!(context.session.last_activity, app.now());
    app.flush_session_activity().await.unwrap();
    app.update_platform_context(&context, &platform.id, None, &home()).await.unwrap();
    app.reauthenticate_session(&context, &home()).await.unwrap();
    let row = app.store.row(&context.session).await;
    let now = app.now();
    assert_eq!(row.created_at, signed_in_at);
    assert_eq!([row.updated_at, row.last_activity, row.authenticated_at], [now; 3]);
    for kind in [EventKind::PlatformSwitched, EventKind::Reauthenticated] {
        assert_eq!(app.events_of(kind).await[0].at, now);
    }
    assert_eq!(app.events_of(EventKind::SignedIn).await[0].at, signed_in_at);
}

pub async fn a_session_that_was_never_there_is_not_found(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    app.destroy_session(&signed_in.context, &home()).await.unwrap();
    app.pass(app.policy().keep_ended_for + TICK);
    app.cleanup_expired_sessions().await.unwrap();
    assert_eq!(app.refusal(&signed_in.token).await, SessionNotFoundError.into());
}
