//! Signing in with a password, and the users that can.

use std::sync::Arc;
use std::time::Duration;

use sessrum_core::store::{NewUser, PasswordChange};
use sessrum_core::{
    Accounts, Change, EndReason, EventKind, PasswordCost, PasswordHasher, PasswordRule,
    PasswordSet, PasswordSignIn, PlatformId, Role, SignIn, SignInOutcome, SignedIn, UserAdded,
    UserId, UserRule,
};

use super::ManagerFixture;
use super::fixture::{Always, CHEAP, TICK, address, ended, home};
use crate::fixture::{new_user, password};
use crate::proxy::ProxyStore;

pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) fn form(username: &str, password: &str) -> PasswordSignIn {
    PasswordSignIn {
        username: username.to_owned(),
        password: password.to_owned().into(),
        platform_id: None,
        remember: false,
    }
}

/// A user whose password is [`PASSWORD`].
pub(crate) async fn member(accounts: &Accounts, name: &str) -> UserId {
    match add(accounts, name, PASSWORD).await {
        UserAdded::Added(id) => id,
        other => panic!("{other:?}"),
    }
}

async fn add(accounts: &Accounts, name: &str, password: &str) -> UserAdded {
    let (name, email) = (name.to_owned(), format!("{name}@example.org"));
    let change = Change::by_system(accounts.manager().now());
    accounts.add_user(name, email, Role::Viewer, password, &change).await.unwrap()
}

/// Signs in at home with [`PASSWORD`], which must work.
pub(crate) async fn enter(accounts: &Accounts, name: &str) -> SignedIn {
    match attempt(accounts, name, PASSWORD).await {
        SignInOutcome::SignedIn(signed_in) => *signed_in,
        other => panic!("{other:?}"),
    }
}

async fn attempt(accounts: &Accounts, name: &str, password: &str) -> SignInOutcome {
    accounts.sign_in(form(name, password), None, &home()).await.unwrap()
}

async fn assert_refused(accounts: &Accounts, name: &str, password: &str) {
    let outcome = attempt(accounts, name, password).await;
    assert!(matches!(outcome, SignInOutcome::Refused), "{outcome:?}");
}

pub async fn a_name_and_its_password_sign_in(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    let id = member(&accounts, "ada").await;
    let signed_in = enter(&accounts, "ada").await;
    let context = app.context(&signed_in.token).await;
    assert_eq!(context.user_id(), &id);
    assert!(!context.session.remembered);
    assert!(app.events_of(EventKind::SignInFailed).await.is_empty());
}

pub async fn the_form_picks_platform_and_lifetime_and_the_browsers_session_ends(
    app: ManagerFixture,
) {
    let accounts = app.accounts(CHEAP);
    let id = member(&accounts, "ada").await;
    let first = enter(&accounts, "ada").await;
    app.store.platform(&id, "art").await;
    let work = app.store.platform(&id, "work").await;
    let wanted = |platform_id| PasswordSignIn {
        platform_id: Some(platform_id),
        remember: true,
        ..form("ada", PASSWORD)
    };
    let nowhere = wanted(PlatformId::from("unknown"));
    let outcome = accounts.sign_in(nowhere, Some(&first.context), &home()).await.unwrap();
    assert!(matches!(outcome, SignInOutcome::PlatformNotFound), "{outcome:?}");
    app.context(&first.token).await;
    let there = wanted(work.id.clone());
    let outcome = accounts.sign_in(there, Some(&first.context), &home()).await.unwrap();
    let SignInOutcome::SignedIn(signed_in) = outcome else { panic!("{outcome:?}") };
    let context = app.context(&signed_in.token).await;
    assert_eq!(context.platform_id(), Some(&work.id));
    assert!(context.session.remembered);
    assert_eq!(app.refusal(&first.token).await, ended(EndReason::Logout, app.now()));
}

/// Security: 6.3.8, abuse 26
pub async fn abuse_26_all_refusals_look_alike_and_take_one_hash_6_3_8(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let disabled = member(&accounts, "bob").await;
    app.store.set_user_active(&disabled, false, &app.operated()).await.unwrap();
    let passwordless = NewUser { password_hash: None, ..new_user("elsewhere") };
    app.store.add_user(passwordless, &app.operated()).await.unwrap();
    for (name, password) in [
        ("ada", "wrong horse"),
        ("ada", ""),
        ("unknown", PASSWORD),
        ("", ""),
        ("bob", PASSWORD),
        ("bob", "wrong horse"),
        ("elsewhere", PASSWORD),
        ("elsewhere", ""),
    ] {
        let before = accounts.hasher().hashed();
        assert_refused(&accounts, name, password).await;
        assert_eq!(accounts.hasher().hashed() - before, 1, "{name} {password}");
    }
    assert_eq!(app.store.count_live().await.unwrap(), 0);
    let before = accounts.hasher().hashed();
    enter(&accounts, "ada").await;
    assert_eq!(accounts.hasher().hashed() - before, 1);
}

/// Security: 6.3.8
pub async fn what_is_hashed_in_place_of_a_password_signs_nobody_in(app: ManagerFixture) {
    let foreseeable = Arc::new(Always([b'x'; 32]));
    let hasher = PasswordHasher::new(CHEAP, 1, foreseeable).unwrap();
    let manager = Arc::clone(app.accounts(CHEAP).manager());
    let passwordless = NewUser { password_hash: None, ..new_user("elsewhere") };
    app.store.add_user(passwordless, &app.operated()).await.unwrap();
    assert_refused(&Accounts::new(manager, hasher), "elsewhere", &"x".repeat(32)).await;
}

/// Security: 16.3.1
pub async fn a_refusal_is_recorded_without_what_was_typed_16_3_1(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    let id = member(&accounts, "ada").await;
    assert_refused(&accounts, "ada", "wrong horse").await;
    assert_refused(&accounts, "secret in the wrong field", "wrong horse").await;
    let [known, unknown] = app.events_of(EventKind::SignInFailed).await.try_into().unwrap();
    assert_eq!((known.user_id.as_ref(), unknown.user_id.as_ref()), (Some(&id), None));
    for event in [known, unknown] {
        assert_eq!((event.actor.as_str(), event.detail.as_str()), ("anonymous", ""));
        assert_eq!((event.at, event.ip_address), (app.now(), address(&home())));
    }
}

/// Security: 11.4.2
pub async fn a_password_is_hashed_anew_when_its_cost_was_raised_11_4_2(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let hash = async || app.store.find_for_sign_in("ada").await.unwrap().unwrap();
    let cheap = hash().await;
    let live = enter(&accounts, "ada").await;
    assert_eq!(hash().await.password_hash, cheap.password_hash);
    app.pass(Duration::from_secs(1));
    let raised = app.accounts(PasswordCost { passes: 2, ..CHEAP });
    assert_refused(&raised, "ada", "wrong horse").await;
    assert_eq!(hash().await.password_hash, cheap.password_hash);
    enter(&raised, "ada").await;
    let dear = hash().await;
    assert!(dear.password_hash.as_ref().unwrap().expose().contains("m=64,t=2,p=1"));
    assert_eq!(dear.password_changed_at, cheap.password_changed_at);
    app.context(&live.token).await;
    // A lower cost is no reason to weaken it.
    enter(&accounts, "ada").await;
    assert_eq!(hash().await.password_hash, dear.password_hash);
}

/// Accounts over a store that lets something happen between its verbs.
pub(super) fn interruptible(app: &ManagerFixture) -> (ManagerFixture, Arc<ProxyStore>) {
    let proxy = ProxyStore::of(app.store.shared());
    (app.over(proxy.clone(), |manager| manager), proxy)
}

/// Security: 15.4.2
pub async fn a_password_that_changes_after_its_check_signs_nobody_in_15_4_2(app: ManagerFixture) {
    let (app, proxy) = interruptible(&app);
    let accounts = app.accounts(CHEAP);
    let id = member(&accounts, "ada").await;
    app.pass(TICK);
    let (store, change) = (app.store.clone(), app.operated());
    proxy.after("find_for_sign_in", async move {
        let new = PasswordChange { hash: password("new"), keep: None, checked_against: None };
        store.change_password(&id, new, &change).await.unwrap();
    });
    assert_refused(&accounts, "ada", PASSWORD).await;
    assert_eq!(app.store.count_live().await.unwrap(), 0);
}

/// Security: 11.4.2, 15.4.2
pub async fn a_password_that_changes_while_it_is_hashed_anew_stays(app: ManagerFixture) {
    let (app, proxy) = interruptible(&app);
    let id = member(&app.accounts(CHEAP), "ada").await;
    let raised = app.accounts(PasswordCost { passes: 2, ..CHEAP });
    app.pass(TICK);
    let (store, change) = (app.store.clone(), app.operated());
    proxy.after("find_for_sign_in", async move {
        let new = PasswordChange { hash: password("new"), keep: None, checked_against: None };
        store.change_password(&id, new, &change).await.unwrap();
    });
    assert_refused(&raised, "ada", PASSWORD).await;
    let facts = app.store.find_for_sign_in("ada").await.unwrap().unwrap();
    assert_eq!(facts.password_hash, Some(password("new")));
}

/// Security: 7.4.2
pub async fn a_user_disabled_during_the_check_is_refused_7_4_2(app: ManagerFixture) {
    let (app, proxy) = interruptible(&app);
    let accounts = app.accounts(CHEAP);
    let id = member(&accounts, "ada").await;
    let (store, change) = (app.store.clone(), app.operated());
    proxy.after("find_for_sign_in", async move {
        store.set_user_active(&id, false, &change).await.unwrap();
    });
    assert_refused(&accounts, "ada", PASSWORD).await;
    assert_eq!(app.store.count_live().await.unwrap(), 0);
}

/// Security: 6.2.1
pub async fn users_are_added_once_with_a_password_that_may_be_chosen_6_2_1(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    assert_eq!(add(&accounts, "ada", PASSWORD).await, UserAdded::UsernameTaken);
    let change = app.operated();
    let (name, email) = ("other".to_owned(), "ADA@example.org".to_owned());
    let added = accounts.add_user(name, email, Role::Viewer, PASSWORD, &change).await.unwrap();
    assert_eq!(added, UserAdded::EmailTaken);
    let short = add(&accounts, "bob", "1234567").await;
    assert_eq!(short, UserAdded::PasswordUnfit(PasswordRule::TooShort));
    let long = add(&accounts, "bob", &"x".repeat(257)).await;
    assert_eq!(long, UserAdded::PasswordUnfit(PasswordRule::TooLong));
    let nameless = add(&accounts, "", PASSWORD).await;
    assert_eq!(nameless, UserAdded::UserUnfit(UserRule::Username));
    assert_eq!(app.store.users(None, 10).await.unwrap().len(), 1);
}

/// Security: 7.4.3
pub async fn a_password_set_by_the_operator_ends_all_sessions_7_4_3(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    let id = member(&accounts, "ada").await;
    member(&accounts, "bob").await;
    let (one, bobs) = (enter(&accounts, "ada").await, enter(&accounts, "bob").await);
    app.pass(TICK);
    let change = app.operated();
    let short = accounts.set_password(&id, "1234567", &change).await.unwrap();
    assert_eq!(short, PasswordSet::Unfit(PasswordRule::TooShort));
    app.context(&one.token).await;
    let set = accounts.set_password(&id, "another horse", &change).await.unwrap();
    let PasswordSet::Changed(gone) = set else { panic!("{set:?}") };
    assert_eq!(gone.len(), 1);
    let told = ended(EndReason::PasswordChanged, app.now());
    assert_eq!(app.refusal(&one.token).await, told);
    app.context(&bobs.token).await;
    assert_refused(&accounts, "ada", PASSWORD).await;
    let outcome = attempt(&accounts, "ada", "another horse").await;
    assert!(matches!(outcome, SignInOutcome::SignedIn(_)), "{outcome:?}");
    let nobody = UserId::from("nobody");
    let set = accounts.set_password(&nobody, "another horse", &change).await.unwrap();
    assert_eq!(set, PasswordSet::UserUnknown);
}

pub async fn a_sign_in_that_checked_no_password_is_not_held_to_one(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    let id = member(&accounts, "ada").await;
    let user = app.store.find_for_sign_in("ada").await.unwrap().unwrap().user.info;
    app.pass(TICK);
    let wish = SignIn { password_changed_at: None, ..app.wish(&user) };
    accounts.set_password(&id, "another horse", &app.operated()).await.unwrap();
    app.created(wish).await;
}
