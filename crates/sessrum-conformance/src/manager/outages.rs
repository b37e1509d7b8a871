//! A database that cannot answer is never a session that is not there.

use std::sync::Arc;
use std::time::Duration;

use sessrum_core::{AccountError, EndReason, SessionContext, SessionError, SessionToken, UserInfo};

use super::ManagerFixture;
use super::accounts::form;
use super::fixture::{CHEAP, home, long_lived};
use crate::fixture::{at, password};
use crate::proxy::ProxyStore;

/// A user with a session whose token is due, over a store that can be made to fail.
struct Outage {
    app: ManagerFixture,
    proxy: Arc<ProxyStore>,
    user: UserInfo,
    token: SessionToken,
    context: SessionContext,
}

async fn outage(app: &ManagerFixture) -> Outage {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager.with_policy(long_lived()));
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    app.pass(Duration::from_hours(1));
    let context = app.context(&token).await;
    Outage { app, proxy, user, token, context }
}

fn assert_stores<Answer: std::fmt::Debug>(answer: Result<Answer, SessionError>) {
    assert!(matches!(answer, Err(SessionError::Store(_))), "{answer:?}");
}

/// Security: 16.5.3, abuse 27
pub async fn abuse_27_every_verb_says_that_the_store_failed(app: ManagerFixture) {
    let Outage { app, proxy, user, token, context } = outage(&app).await;
    let platform = app.store.platform(&user.id, "art").await;
    let (row, trail) = (app.store.row(&context.session).await, app.store.trail().await);
    let (client, change) = (home(), app.operated());
    let handle = context.session.handle;
    proxy.fail();
    assert_stores(app.get_session_context(&token, &client).await);
    assert_stores(app.validate_session(&token, &client).await);
    assert_stores(app.create_session(app.wish(&user), &client).await);
    assert_stores(app.update_platform_context(&context, &platform.id, None, &client).await);
    assert_stores(app.rotate_session(&context, &client).await);
    assert_stores(app.reauthenticate_session(&context, &client).await);
    assert_stores(app.change_password(&context, password("new"), at(0), &client).await);
    assert_stores(app.destroy_session(&context, &client).await);
    assert_stores(app.end_own_session(&context, &handle, &client).await);
    let reason = EndReason::RevokedByAdmin;
    assert_stores(app.cleanup_user_sessions(&user.id, None, reason, &change).await);
    assert_stores(app.list_user_sessions(&user.id).await);
    app.cleanup_expired_sessions().await.unwrap_err();
    app.follow_directory(None).await.unwrap_err();
    proxy.recover();
    assert_eq!(app.store.trail().await, trail);
    assert_eq!(app.store.row(&context.session).await, row);
    assert_eq!(app.context(&token).await.session, row);
}

/// Security: abuse 27
pub async fn abuse_27_accounts_say_that_the_store_failed(app: ManagerFixture) {
    let Outage { app, proxy, context, .. } = outage(&app).await;
    let (accounts, client) = (app.accounts(CHEAP), home());
    proxy.fail();
    let form = form("ada", "correct horse");
    let answer = accounts.sign_in(form, None, &client).await;
    assert!(matches!(answer, Err(AccountError::Session(SessionError::Store(_)))), "{answer:?}");
    let answer = accounts.reauthenticate(&context, "correct horse", &client).await;
    assert!(matches!(answer, Err(AccountError::Session(SessionError::Store(_)))), "{answer:?}");
    let answer = accounts.change_password(&context, "correct horse", "new horse", &client).await;
    assert!(matches!(answer, Err(AccountError::Session(SessionError::Store(_)))), "{answer:?}");
}

pub async fn a_failing_look_for_the_reason_is_no_missing_session(app: ManagerFixture) {
    let Outage { app, proxy, user, context, .. } = outage(&app).await;
    let platform = app.store.platform(&user.id, "art").await;
    app.destroy_session(&context, &home()).await.unwrap();
    proxy.fail_at("find_by_handle");
    assert_stores(app.update_platform_context(&context, &platform.id, None, &home()).await);
    assert_stores(app.reauthenticate_session(&context, &home()).await);
    assert_stores(app.change_password(&context, password("new"), at(0), &home()).await);
}

pub async fn a_rotation_that_fails_leaves_the_old_token_good(app: ManagerFixture) {
    let Outage { app, proxy, token, context, .. } = outage(&app).await;
    proxy.fail_at("rotate");
    assert_stores(app.rotate_session(&context, &home()).await);
    proxy.recover();
    let successor = app.rotated(&token).await;
    app.context(&successor).await;
}

pub async fn a_first_use_that_could_not_be_noted_is_noted_later(app: ManagerFixture) {
    let Outage { app, proxy, token, .. } = outage(&app).await;
    let successor = app.rotated(&token).await;
    proxy.fail_at("confirm_token");
    assert_stores(app.validate_session(&successor, &home()).await);
    proxy.recover();
    app.pass(app.policy().rotation_grace * 2);
    app.context(&token).await;
    app.context(&successor).await;
    app.pass(app.policy().rotation_grace * 2);
    app.refusal(&token).await;
}

pub async fn a_logout_that_fails_leaves_the_session_to_be_ended(app: ManagerFixture) {
    let Outage { app, proxy, token, context, .. } = outage(&app).await;
    proxy.fail_at("end");
    assert_stores(app.destroy_session(&context, &home()).await);
    app.context(&token).await;
    proxy.recover();
    assert!(app.destroy_session(&context, &home()).await.unwrap());
}
