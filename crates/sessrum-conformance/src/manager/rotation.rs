//! Replacing tokens, so that nobody is signed out by it.

use std::time::Duration;

use sessrum_core::{EndReason, EventKind, Role, SessionPolicy, SessionToken, UserSession};

use super::ManagerFixture;
use super::fixture::{TICK, ended, home, long_lived};
use crate::fixture::{MANY, count};

const DUE: Duration = Duration::from_hours(1);

/// A session whose token is due.
async fn due(app: &ManagerFixture) -> SessionToken {
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    app.pass(DUE);
    token
}

pub async fn a_token_is_due_when_it_is_old_enough(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    app.pass(DUE - TICK);
    let context = app.used(&token).await;
    assert!(!context.rotation_due);
    assert!(app.rotate_session(&context, &home()).await.unwrap().is_none());
    app.pass(TICK);
    assert!(app.context(&token).await.rotation_due);
    assert!(app.events_of(EventKind::TokenRotated).await.is_empty());
}

pub async fn the_age_of_a_successor_counts_from_its_own_issue(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let first = due(&app).await;
    let second = app.rotated(&first).await;
    app.pass(DUE - TICK);
    assert!(!app.context(&second).await.rotation_due);
    app.pass(TICK);
    assert!(app.context(&second).await.rotation_due);
}

pub async fn without_an_interval_no_token_is_ever_too_old(app: ManagerFixture) {
    let app = app.with_policy(SessionPolicy { rotate_every: None, ..long_lived() });
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    app.pass(app.policy().lifetime.idle - TICK);
    assert!(!app.context(&token).await.rotation_due);
    app.store.set_role(&user.id, Role::Admin, &app.operated()).await.unwrap();
    assert!(app.context(&token).await.rotation_due);
}

pub async fn a_change_of_role_makes_tokens_due_once(app: ManagerFixture) {
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    app.pass(Duration::from_secs(1));
    assert!(!app.context(&token).await.rotation_due);
    app.store.set_role(&user.id, Role::Moderator, &app.operated()).await.unwrap();
    app.pass(Duration::from_secs(1));
    let successor = app.rotated(&token).await;
    // Its first request confirms it, so that the second one sees a token in use.
    app.context(&successor).await;
    assert!(!app.context(&successor).await.rotation_due);
}

pub async fn a_rotation_changes_the_token_and_nothing_else(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let token = due(&app).await;
    let before = app.context(&token).await;
    app.store.put(before.session.id, "cart", "[1]").await;
    let successor = app.rotated(&token).await;
    let after = app.context(&successor).await;
    assert_eq!(after.token_hash, successor.hash());
    assert!(!after.rotation_due);
    let session = UserSession { updated_at: before.session.updated_at, ..after.session };
    assert_eq!(session, before.session);
    assert_eq!(app.store.list_data(session.id).await.unwrap().len(), 1);
    let [event] = app.events_of(EventKind::TokenRotated).await.try_into().unwrap();
    assert_eq!(event.session, Some(session.handle));
}

pub async fn the_old_token_is_good_for_as_long_as_its_successor_is_unseen(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let token = due(&app).await;
    app.rotated(&token).await;
    app.pass(app.policy().lifetime.idle - DUE - TICK);
    app.context(&token).await;
}

pub async fn a_young_successor_on_its_way_holds_others_back(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let token = due(&app).await;
    let successor = app.rotated(&token).await;
    app.pass(app.policy().successor_patience - TICK);
    let context = app.context(&token).await;
    assert!(context.rotation_due);
    assert!(app.rotate_session(&context, &home()).await.unwrap().is_none());
    app.context(&successor).await;
    assert_eq!(app.events_of(EventKind::TokenRotated).await.len(), 1);
}

pub async fn a_successor_that_was_lost_is_replaced_and_retires(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let token = due(&app).await;
    let lost = app.rotated(&token).await;
    app.pass(app.policy().successor_patience);
    let successor = app.rotated(&token).await;
    let context = app.context(&lost).await;
    assert!(!context.rotation_due);
    app.context(&token).await;
    app.pass(app.policy().rotation_grace + TICK);
    app.context(&token).await;
    app.context(&successor).await;
}

pub async fn the_first_use_of_the_successor_retires_the_old_token(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let token = due(&app).await;
    let successor = app.rotated(&token).await;
    app.pass(Duration::from_mins(10));
    app.context(&successor).await;
    app.pass(app.policy().rotation_grace);
    let context = app.context(&token).await;
    assert!(!context.rotation_due, "a token on its way out is not rotated again");
    app.context(&successor).await;
}

/// Security: abuse 19
pub async fn abuse_19_rotated_twice_only_the_last_works_after_the_grace(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let first = due(&app).await;
    let session = app.context(&first).await.session;
    app.store.put(session.id, "cart", "[1]").await;
    let second = app.rotated(&first).await;
    app.context(&second).await;
    app.pass(DUE);
    let third = app.rotated(&second).await;
    app.context(&third).await;
    assert_eq!(app.context(&third).await.session.handle, session.handle);
    assert_eq!(app.store.list_data(session.id).await.unwrap().len(), 1);
    app.context(&second).await;
    app.pass(app.policy().rotation_grace + TICK);
    app.context(&third).await;
    let reused = ended(EndReason::TokenReuse, app.now());
    assert_eq!(app.refusal(&second).await, reused);
    assert_eq!(app.refusal(&first).await, reused);
}

/// Security: abuse 5
pub async fn abuse_05_concurrent_rotations_leave_one_successor(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let token = due(&app).await;
    for holders in [2, MANY] {
        let token = &token;
        let outcomes = app
            .race(holders, |app, _| {
                let token = token.clone();
                async move {
                    let context = app.context(&token).await;
                    app.rotate_session(&context, &home()).await.unwrap()
                }
            })
            .await;
        assert_eq!(count(&outcomes, Option::is_some), 1);
        app.context(token).await;
        // Lost: the next round starts from the same token.
        app.pass(app.policy().successor_patience);
    }
    assert_eq!(app.events_of(EventKind::TokenRotated).await.len(), 2);
}

pub async fn all_concurrent_holders_of_an_unseen_token_pass(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let token = due(&app).await;
    let successor = app.rotated(&token).await;
    app.race(12, |app, index| {
        let token = if index % 3 == 0 { token.clone() } else { successor.clone() };
        async move { app.context(&token).await }
    })
    .await;
    app.pass(app.policy().rotation_grace + TICK);
    app.context(&successor).await;
    assert_eq!(app.refusal(&token).await, ended(EndReason::TokenReuse, app.now()));
}

/// Security: 7.2.4
pub async fn a_reauthentication_retires_the_old_token_7_2_4(app: ManagerFixture) {
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    let context = app.context(&token).await;
    let renewed = app.reauthenticate_session(&context, &home()).await.unwrap();
    assert_ne!(renewed.token.hash(), token.hash());
    assert_eq!(renewed.context.token_hash, renewed.token.hash());
    assert_eq!(renewed.context.session.revision, context.session.revision + 1);
    app.context(&renewed.token).await;
    app.pass(app.policy().rotation_grace + TICK);
    app.context(&renewed.token).await;
    assert_eq!(app.refusal(&token).await, ended(EndReason::TokenReuse, app.now()));
}

pub async fn a_forced_rotation_goes_beside_a_young_successor(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let token = due(&app).await;
    let context = app.context(&token).await;
    let unseen = app.rotate_session(&context, &home()).await.unwrap().unwrap();
    app.pass(Duration::from_secs(1));
    let forced = app.reauthenticate_session(&context, &home()).await.unwrap().token;
    app.context(&token).await;
    app.context(&unseen).await;
    app.context(&forced).await;
    app.pass(app.policy().rotation_grace);
    app.context(&unseen).await;
    app.pass(TICK);
    app.context(&forced).await;
    assert_eq!(app.refusal(&unseen).await, ended(EndReason::TokenReuse, app.now()));
}
