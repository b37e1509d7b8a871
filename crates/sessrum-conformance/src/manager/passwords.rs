//! Proving again who one is, and changing one's password.

use std::sync::Arc;
use std::time::Duration;

use sessrum_core::{
    AccountError, Accounts, EndReason, EventKind, PasswordChanged, PasswordRule, Reauthenticated,
    Renewed, SessionContext, SignInOutcome,
};

use super::ManagerFixture;
use super::accounts::{PASSWORD, enter, form, member};
use super::fixture::{CHEAP, TICK, ended, home, refusal};
use crate::fixture::{count, ids};
use crate::proxy::ProxyStore;

const NEW: &str = "another horse";

fn changed(outcome: PasswordChanged) -> Renewed {
    match outcome {
        PasswordChanged::Changed(renewed) => *renewed,
        other => panic!("{other:?}"),
    }
}

/// Proves with [`PASSWORD`] who one is, which must work.
pub(crate) async fn reauthenticated(accounts: &Accounts, context: &SessionContext) -> Renewed {
    match accounts.reauthenticate(context, PASSWORD, &home()).await.unwrap() {
        Reauthenticated::Renewed(renewed) => *renewed,
        other => panic!("{other:?}"),
    }
}

/// Security: 7.2.4
pub async fn the_password_makes_the_session_fresh_under_a_new_token_7_2_4(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let signed_in = enter(&accounts, "ada").await;
    app.pass(app.policy().fresh_for);
    let context = app.context(&signed_in.token).await;
    assert!(!app.is_fresh(&context));
    let renewed = reauthenticated(&accounts, &context).await;
    assert!(app.is_fresh(&app.context(&renewed.token).await));
    assert!(renewed.ended.is_empty());
    app.pass(app.policy().rotation_grace + TICK);
    assert_eq!(app.refusal(&signed_in.token).await, ended(EndReason::TokenReuse, app.now()));
    assert_eq!(app.events_of(EventKind::Reauthenticated).await.len(), 1);
}

pub async fn a_wrong_password_makes_nothing_fresh_and_is_recorded(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    let id = member(&accounts, "ada").await;
    let signed_in = enter(&accounts, "ada").await;
    app.pass(Duration::from_secs(1));
    let answer = accounts.reauthenticate(&signed_in.context, "wrong horse", &home()).await;
    assert!(matches!(answer.unwrap(), Reauthenticated::Wrong));
    assert_eq!(app.context(&signed_in.token).await.session, signed_in.context.session);
    let [event] = app.events_of(EventKind::SignInFailed).await.try_into().unwrap();
    assert_eq!(event.user_id, Some(id));
}

pub async fn the_password_of_another_is_wrong(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let signed_in = enter(&accounts, "ada").await;
    let mut context = signed_in.context;
    member(&accounts, "bob").await;
    "bob".clone_into(&mut context.user.username);
    let answer = accounts.reauthenticate(&context, PASSWORD, &home()).await.unwrap();
    assert!(matches!(answer, Reauthenticated::Wrong), "the name alone was looked at");
}

pub async fn a_reauthentication_after_the_end_says_why(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let context = enter(&accounts, "ada").await.context;
    app.destroy_session(&context, &home()).await.unwrap();
    let error = accounts.reauthenticate(&context, PASSWORD, &home()).await.unwrap_err();
    let AccountError::Session(error) = error else { panic!("{error:?}") };
    assert_eq!(refusal(error), ended(EndReason::Logout, app.now()));
}

pub async fn the_present_password_is_no_new_one(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let own = enter(&accounts, "ada").await;
    let outcome = accounts.change_password(&own.context, PASSWORD, PASSWORD, &home()).await;
    let outcome = outcome.unwrap();
    let is_refused = matches!(outcome, PasswordChanged::Unfit(PasswordRule::Unchanged));
    assert!(is_refused, "{outcome:?}");
    // Whoever does not know it is not told that it is.
    let wrong = accounts.change_password(&own.context, NEW, NEW, &home()).await.unwrap();
    assert!(matches!(wrong, PasswordChanged::Wrong), "{wrong:?}");
}

/// Security: 7.4.3
pub async fn a_copy_outlives_a_new_password_by_the_grace_alone(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let own = enter(&accounts, "ada").await;
    app.pass(Duration::from_secs(1));
    let outcome = accounts.change_password(&own.context, PASSWORD, NEW, &home()).await.unwrap();
    let renewed = changed(outcome);
    app.pass(app.policy().rotation_grace);
    app.context(&own.token).await;
    app.pass(TICK);
    let reused = ended(EndReason::TokenReuse, app.now());
    assert_eq!(app.refusal(&own.token).await, reused);
    assert_eq!(app.refusal(&renewed.token).await, reused);
}

/// Security: 15.4.2
pub async fn a_password_changed_while_it_is_checked_proves_nothing(app: ManagerFixture) {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager);
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let own = enter(&accounts, "ada").await;
    app.pass(Duration::from_secs(1));
    let (other, context) = (app.accounts(CHEAP), own.context.clone());
    proxy.after("find_for_sign_in", async move {
        changed(other.change_password(&context, PASSWORD, NEW, &home()).await.unwrap());
    });
    let answer = accounts.reauthenticate(&own.context, PASSWORD, &home()).await.unwrap();
    assert!(matches!(answer, Reauthenticated::Wrong), "{answer:?}");
    assert!(app.events_of(EventKind::Reauthenticated).await.is_empty());
}

/// Security: 7.4.3, abuse 21
pub async fn a_new_password_ends_the_others_and_renews_the_own_session_7_4_3(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    member(&accounts, "bob").await;
    let (own, other) = (enter(&accounts, "ada").await, enter(&accounts, "ada").await);
    let bobs = enter(&accounts, "bob").await;
    app.pass(Duration::from_secs(1));
    let outcome = accounts.change_password(&own.context, PASSWORD, NEW, &home()).await.unwrap();
    let renewed = changed(outcome);
    assert_eq!(ids(&renewed.ended), [other.context.session.id]);
    let told = ended(EndReason::PasswordChanged, app.now());
    assert_eq!(app.refusal(&other.token).await, told);
    app.context(&bobs.token).await;
    let context = app.context(&renewed.token).await;
    assert_eq!(context.session, renewed.context.session);
    assert_eq!(context.session.id, own.context.session.id);
    assert!(app.is_fresh(&context));
    assert_eq!(context.session.expires_at, app.now() + app.policy().lifetime.absolute);
    app.pass(app.policy().rotation_grace + TICK);
    assert_eq!(app.refusal(&own.token).await, ended(EndReason::TokenReuse, app.now()));
}

/// Security: 6.2.2
pub async fn after_a_change_only_the_new_password_signs_in(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let own = enter(&accounts, "ada").await;
    app.pass(TICK);
    changed(accounts.change_password(&own.context, PASSWORD, NEW, &home()).await.unwrap());
    let old = accounts.sign_in(form("ada", PASSWORD), None, &home()).await.unwrap();
    assert!(matches!(old, SignInOutcome::Refused), "{old:?}");
    let new = accounts.sign_in(form("ada", NEW), None, &home()).await.unwrap();
    assert!(matches!(new, SignInOutcome::SignedIn(_)), "{new:?}");
}

/// Security: 6.2.3
pub async fn a_change_needs_the_current_password_6_2_3(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let (own, other) = (enter(&accounts, "ada").await, enter(&accounts, "ada").await);
    let outcome = accounts.change_password(&own.context, "wrong horse", NEW, &home()).await;
    assert!(matches!(outcome.unwrap(), PasswordChanged::Wrong));
    app.context(&own.token).await;
    app.context(&other.token).await;
    enter(&accounts, "ada").await;
    assert_eq!(app.events_of(EventKind::SignInFailed).await.len(), 1);
}

/// Security: 6.2.1
pub async fn a_password_that_may_not_be_chosen_is_told_before_any_check_6_2_1(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let own = enter(&accounts, "ada").await;
    let hashed = accounts.hasher().hashed();
    let short = accounts.change_password(&own.context, PASSWORD, "1234567", &home()).await.unwrap();
    assert!(matches!(short, PasswordChanged::Unfit(PasswordRule::TooShort)), "{short:?}");
    assert_eq!(accounts.hasher().hashed(), hashed);
    enter(&accounts, "ada").await;
}

/// Security: 15.4.2
pub async fn a_change_that_another_overtook_is_wrong_15_4_2(app: ManagerFixture) {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager);
    let accounts = app.accounts(CHEAP);
    let id = member(&accounts, "ada").await;
    let own = enter(&accounts, "ada").await;
    app.pass(TICK);
    let (operator, change) = (app.accounts(CHEAP), app.operated());
    let context = own.context.clone();
    // The operator's change spares nobody, so a session of another time is the caller's.
    proxy.after("find_for_sign_in", async move {
        operator.set_password(&id, "third horse", &change).await.unwrap();
    });
    let error = accounts.change_password(&context, PASSWORD, NEW, &home()).await.unwrap_err();
    let AccountError::Session(error) = error else { panic!("{error:?}") };
    assert_eq!(refusal(error), ended(EndReason::PasswordChanged, app.now()));
    let kept = accounts.sign_in(form("ada", "third horse"), None, &home()).await.unwrap();
    assert!(matches!(kept, SignInOutcome::SignedIn(_)), "{kept:?}");
}

/// Security: 15.4.2
pub async fn two_changes_of_one_session_have_one_winner_15_4_2(app: ManagerFixture) {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager);
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let own = enter(&accounts, "ada").await;
    app.pass(TICK);
    let (first, context) = (app.accounts(CHEAP), own.context.clone());
    proxy.after("find_for_sign_in", async move {
        changed(first.change_password(&context, PASSWORD, "first horse", &home()).await.unwrap());
    });
    let second = accounts.change_password(&own.context, PASSWORD, NEW, &home()).await.unwrap();
    assert!(matches!(second, PasswordChanged::Wrong), "{second:?}");
    app.context(&own.token).await;
    let kept = accounts.sign_in(form("ada", "first horse"), None, &home()).await.unwrap();
    assert!(matches!(kept, SignInOutcome::SignedIn(_)), "{kept:?}");
    assert_eq!(app.events_of(EventKind::PasswordChanged).await.len(), 1);
}

/// Security: 7.4.3, 15.4.2
pub async fn concurrent_changes_from_two_sessions_leave_one_session(app: ManagerFixture) {
    let accounts = Arc::new(app.accounts(CHEAP));
    let id = member(&accounts, "ada").await;
    let contexts = [enter(&accounts, "ada").await.context, enter(&accounts, "ada").await.context];
    app.pass(TICK);
    let outcomes = app
        .race(2, |_, index| {
            let (accounts, context) = (accounts.clone(), contexts[index].clone());
            async move { accounts.change_password(&context, PASSWORD, NEW, &home()).await }
        })
        .await;
    assert_eq!(count(&outcomes, |it| matches!(it, Ok(PasswordChanged::Changed(_)))), 1);
    assert_eq!(app.live(&id).await, 1);
    assert_eq!(app.events_of(EventKind::PasswordChanged).await.len(), 1);
}
