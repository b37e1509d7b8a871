//! Dead stays dead: a request that began before its session ended changes nothing any more.

use std::time::Duration;

use sessrum_core::{
    EndReason, EventKind, PasswordHash, PlatformInfo, SessionContext, SessionExpiredError,
    SessionNotFoundError, SessionToken, SessionValidationError, SignIn, UserInfo, UserSession,
};

use super::ManagerFixture;
use super::fixture::{TICK, ended, home, long_lived, refusal};
use crate::fixture::password;

/// A session that an administrator ended, and the context of a request that does not know it yet.
struct Late {
    user: UserInfo,
    platform: PlatformInfo,
    token: SessionToken,
    context: SessionContext,
    row: UserSession,
    told: SessionValidationError,
}

async fn late(app: &ManagerFixture) -> Late {
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    let platform = app.store.platform(&user.id, "art").await;
    app.pass(Duration::from_hours(1));
    let context = app.context(&token).await;
    assert!(context.rotation_due);
    let reason = EndReason::RevokedByAdmin;
    app.store.end(context.session.id, reason, &app.operated()).await.unwrap();
    let told = ended(reason, app.now());
    app.pass(Duration::from_secs(1));
    Late { row: app.store.row(&context.session).await, user, platform, token, context, told }
}

impl Late {
    async fn assert_unchanged(&self, app: &ManagerFixture) {
        assert_eq!(app.refusal(&self.token).await, self.told);
        assert_eq!(app.store.row(&self.row).await, self.row);
        assert_eq!(app.live(&self.user.id).await, 0);
        assert!(app.list_user_sessions(&self.user.id).await.unwrap().is_empty());
    }
}

/// Security: abuse 4
pub async fn abuse_04_a_mark_flushed_after_the_end_is_lost(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let mut late = late(&app).await;
    app.update_session_activity(&mut late.context);
    assert_eq!(app.flush_session_activity().await.unwrap(), 0);
    late.assert_unchanged(&app).await;
}

pub async fn a_mark_made_before_the_end_and_flushed_after_it_is_lost(app: ManagerFixture) {
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    app.pass(Duration::from_secs(1));
    let context = app.used(&token).await;
    app.destroy_session(&context, &home()).await.unwrap();
    let row = app.store.row(&context.session).await;
    assert_eq!(app.flush_session_activity().await.unwrap(), 0);
    assert_eq!(app.store.row(&context.session).await, row);
    assert_eq!(app.refusal(&token).await, ended(EndReason::Logout, app.now()));
}

/// Security: abuse 2
pub async fn abuse_02_a_switch_says_why_it_is_too_late(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let late = late(&app).await;
    for expected in [None, Some(late.context.session.revision), Some(0)] {
        let error = app
            .update_platform_context(&late.context, &late.platform.id, expected, &home())
            .await
            .unwrap_err();
        assert_eq!(refusal(error), late.told);
    }
    assert!(app.events_of(EventKind::PlatformSwitched).await.is_empty());
    late.assert_unchanged(&app).await;
}

/// Security: abuse 6
pub async fn abuse_06_a_rotation_adds_no_token(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let late = late(&app).await;
    assert!(app.rotate_session(&late.context, &home()).await.unwrap().is_none());
    assert!(app.events_of(EventKind::TokenRotated).await.is_empty());
    late.assert_unchanged(&app).await;
}

pub async fn a_reauthentication_says_why_it_is_too_late(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let late = late(&app).await;
    let error = app.reauthenticate_session(&late.context, &home()).await.unwrap_err();
    assert_eq!(refusal(error), late.told);
    assert!(app.events_of(EventKind::Reauthenticated).await.is_empty());
    late.assert_unchanged(&app).await;
}

pub async fn a_password_change_says_why_it_is_too_late(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let late = late(&app).await;
    let facts = app.store.find_for_sign_in("ada").await.unwrap().unwrap();
    let checked = facts.password_changed_at;
    let error =
        app.change_password(&late.context, password("new"), checked, &home()).await.unwrap_err();
    assert_eq!(refusal(error), late.told);
    let kept: PasswordHash = password("ada");
    assert_eq!(app.store.find_for_sign_in("ada").await.unwrap().unwrap().password_hash, Some(kept));
    late.assert_unchanged(&app).await;
}

/// Security: abuse 23
pub async fn a_second_end_of_any_kind_changes_neither_time_nor_reason(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let late = late(&app).await;
    assert!(!app.destroy_session(&late.context, &home()).await.unwrap());
    let handle = late.context.session.handle;
    assert_eq!(app.end_own_session(&late.context, &handle, &home()).await.unwrap(), None);
    let reason = EndReason::PasswordChanged;
    let change = app.operated();
    let ended = app.cleanup_user_sessions(&late.user.id, None, reason, &change).await.unwrap();
    assert!(ended.is_empty());
    app.store.set_user_active(&late.user.id, false, &change).await.unwrap();
    app.store.set_user_active(&late.user.id, true, &change).await.unwrap();
    assert_eq!(app.events_of(EventKind::SessionEnded).await.len(), 1);
    late.assert_unchanged(&app).await;
}

pub async fn a_clean_up_past_its_lifetime_leaves_it(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let late = late(&app).await;
    app.pass(app.policy().lifetime.idle);
    assert_eq!(app.cleanup_expired_sessions().await.unwrap().expired, 0);
    late.assert_unchanged(&app).await;
}

pub async fn a_sign_in_in_its_place_leaves_it(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let late = late(&app).await;
    let replaces = Some(late.context.session.id);
    let signed_in = app.created(SignIn { replaces, ..app.wish(&late.user) }).await;
    assert!(signed_in.ended.is_empty());
    assert_eq!(app.refusal(&late.token).await, late.told);
    assert_eq!(app.store.row(&late.row).await, late.row);
}

/// Security: abuse 3
pub async fn abuse_03_an_expired_row_says_so_to_the_late_and_a_removed_one_is_not_found(
    app: ManagerFixture,
) {
    let user = app.user("ada").await;
    let platform = app.store.platform(&user.id, "art").await;
    let context = app.signed_in(&user).await.context;
    let switch = async || {
        refusal(
            app.update_platform_context(&context, &platform.id, None, &home()).await.unwrap_err(),
        )
    };
    app.pass(app.policy().lifetime.idle);
    app.cleanup_expired_sessions().await.unwrap();
    assert_eq!(switch().await, SessionExpiredError.into());
    app.pass(app.policy().keep_ended_for + TICK);
    app.cleanup_expired_sessions().await.unwrap();
    assert_eq!(switch().await, SessionNotFoundError.into());
    let error = app.reauthenticate_session(&context, &home()).await.unwrap_err();
    assert_eq!(refusal(error), SessionNotFoundError.into());
    assert!(!app.destroy_session(&context, &home()).await.unwrap());
}

/// Security: abuse 16
pub async fn abuse_16_activity_after_the_idle_end_revives_nobody(app: ManagerFixture) {
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    app.pass(app.policy().lifetime.idle - TICK);
    let mut slow = app.context(&token).await;
    app.pass(TICK);
    assert_eq!(app.refusal(&token).await, SessionExpiredError.into());
    let before = slow.clone();
    app.update_session_activity(&mut slow);
    assert_eq!(slow.session, before.session);
    assert_eq!(slow.idle_expires_at, before.idle_expires_at);
    assert_eq!(app.refusal(&token).await, SessionExpiredError.into());
    assert_eq!(app.flush_session_activity().await.unwrap(), 0);
    assert_eq!(app.refusal(&token).await, SessionExpiredError.into());
}

/// Security: abuse 2
pub async fn abuse_02_requests_that_race_a_logout_leave_it_dead(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    let platform = app.store.platform(&user.id, "art").await;
    app.pass(Duration::from_hours(1));
    app.race(16, |app, index| {
        let (token, platform) = (token.clone(), platform.id.clone());
        async move {
            let Ok(mut context) = app.get_session_context(&token, &home()).await else { return };
            match index % 5 {
                0 => drop(app.destroy_session(&context, &home()).await.unwrap()),
                1 => drop(app.update_platform_context(&context, &platform, None, &home()).await),
                2 => drop(app.rotate_session(&context, &home()).await),
                3 => drop(app.reauthenticate_session(&context, &home()).await),
                _ => app.update_session_activity(&mut context),
            }
        }
    })
    .await;
    app.flush_session_activity().await.unwrap();
    assert_eq!(app.refusal(&token).await, ended(EndReason::Logout, app.now()));
    assert_eq!(app.live(&user.id).await, 0);
    assert_eq!(app.events_of(EventKind::SessionEnded).await.len(), 1);
}
