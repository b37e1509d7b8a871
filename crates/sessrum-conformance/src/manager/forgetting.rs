//! Forgetting a user: disabled first, then removed.

use sessrum_core::{EndReason, EventKind, ForgetOutcome, Role, SignInOutcome};

use super::ManagerFixture;
use super::accounts::{form, interruptible, member};
use super::fixture::{CHEAP, home};

pub async fn the_last_administrator_is_forgotten_only_if_that_is_meant(app: ManagerFixture) {
    let [ada, bob] = [app.user("ada").await, app.user("bob").await];
    app.store.set_role(&ada.id, Role::Admin, &app.operated()).await.unwrap();
    app.signed_in(&ada).await;
    let before = app.store.trail().await;
    let spared = app.forget_user("ada", true, &app.operated()).await.unwrap();
    assert_eq!(spared, ForgetOutcome::LastAdmin);
    assert_eq!(app.store.trail().await, before);
    assert_eq!(app.live(&ada.id).await, 1);
    let forgotten = app.forget_user("bob", true, &app.operated()).await.unwrap();
    assert_eq!(forgotten, ForgetOutcome::Forgotten { id: bob.id, ended: Vec::new() });
    let meant = app.forget_user("ada", false, &app.operated()).await.unwrap();
    let ForgetOutcome::Forgotten { id, ended } = meant else { panic!("{meant:?}") };
    assert_eq!((id, ended.len(), ended[0].reason), (ada.id, 1, EndReason::UserDisabled));
    assert_eq!(app.store.user_by_name("ada").await.unwrap(), None);
}

pub async fn a_wrong_password_whose_user_is_forgotten_meanwhile_leaves_no_address(
    app: ManagerFixture,
) {
    let (app, proxy) = interruptible(&app);
    let accounts = app.accounts(CHEAP);
    let id = member(&accounts, "ada").await;
    let meanwhile = app.clone();
    proxy.after("find_for_sign_in", async move {
        meanwhile.forget_user("ada", true, &meanwhile.operated()).await.unwrap();
    });
    let outcome = accounts.sign_in(form("ada", "wrong"), None, &home()).await.unwrap();
    assert!(matches!(outcome, SignInOutcome::Refused), "{outcome:?}");
    let [event] = app.events_of(EventKind::SignInFailed).await.try_into().unwrap();
    assert_eq!(event.user_id, Some(id));
    assert!(!event.tells_of_client(), "{event:?}");
}

pub async fn a_request_that_spans_the_forgetting_leaves_no_address(app: ManagerFixture) {
    let ada = app.user("ada").await;
    let context = app.signed_in(&ada).await.context;
    app.forget_user("ada", true, &app.operated()).await.unwrap();
    app.record_refused_access(&context, Role::Admin, &home()).await.unwrap();
    app.record_refused_forgery(&context, "csrf_failed", &home()).await.unwrap();
    for kind in [EventKind::AccessRefused, EventKind::ForgeryRefused] {
        let [event] = app.events_of(kind).await.try_into().unwrap();
        assert_eq!(event.user_id.as_ref(), Some(&ada.id));
        assert!(!event.tells_of_client(), "{event:?}");
    }
}
