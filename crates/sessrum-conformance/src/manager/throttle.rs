//! Too many wrong passwords.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use sessrum_core::{
    Accounts, Client, EventKind, ForgetOutcome, PasswordChanged, PasswordSignIn, Reauthenticated,
    SessionPolicy, SignInOutcome, ThrottleRules,
};

use super::ManagerFixture;
use super::accounts::{PASSWORD, enter, form, member};
use super::fixture::{CHEAP, TICK, home};
use super::passwords::reauthenticated;
use crate::fixture::{MANY, count};
use crate::proxy::ProxyStore;

const SECOND: Duration = Duration::from_secs(1);

/// A browser at this address.
fn at_address(address: impl Into<IpAddr>) -> Client {
    Client { ip_address: Some(address.into()), ..home() }
}

fn elsewhere(number: u8) -> Client {
    at_address([198, 51, 100, number])
}

async fn attempt(
    accounts: &Accounts,
    name: &str,
    password: &str,
    client: &Client,
) -> SignInOutcome {
    accounts.sign_in(form(name, password), None, client).await.unwrap()
}

/// How long to wait; `None` when the password was looked at, and was wrong.
async fn guess(accounts: &Accounts, name: &str, client: &Client) -> Option<Duration> {
    match attempt(accounts, name, "wrong horse", client).await {
        SignInOutcome::Refused => None,
        SignInOutcome::TooManyFailures { wait } => Some(wait),
        other => panic!("{other:?}"),
    }
}

async fn assert_enters(accounts: &Accounts, client: &Client) {
    let outcome = attempt(accounts, "ada", PASSWORD, client).await;
    assert!(matches!(outcome, SignInOutcome::SignedIn(_)), "{outcome:?}");
}

/// Guesses that are all looked at.
async fn guess_freely(accounts: &Accounts, client: &Client, times: usize) {
    for _ in 0..times {
        assert_eq!(guess(accounts, "ada", client).await, None);
    }
}

/// Security: 6.1.1, 6.3.1, abuse 25, parameter throttle
pub async fn right_and_wrong_passwords_wait_alike_and_none_is_looked_at(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    guess_freely(&accounts, &home(), 5).await;
    let (hashed, failed) = (accounts.hasher().hashed(), app.events_of(EventKind::SignInFailed));
    assert_eq!(failed.await.len(), 5);
    for password in [PASSWORD, "wrong horse", ""] {
        let outcome = attempt(&accounts, "ada", password, &home()).await;
        assert!(matches!(outcome, SignInOutcome::TooManyFailures { wait: SECOND }), "{outcome:?}");
    }
    assert_eq!(accounts.hasher().hashed(), hashed);
    assert_eq!(app.events_of(EventKind::SignInFailed).await.len(), 5);
    app.pass(SECOND - TICK);
    assert_eq!(guess(&accounts, "ada", &home()).await, Some(TICK));
    app.pass(TICK);
    assert_enters(&accounts, &home()).await;
}

/// Security: 6.3.1, abuse 25
pub async fn the_victim_signs_in_from_elsewhere_while_one_attacker_hammers(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    for failures in 1..=60_u8 {
        while let Some(wait) = guess(&accounts, "ada", &elsewhere(1)).await {
            app.pass(wait);
        }
        if failures.is_multiple_of(20) {
            let victim = elsewhere(failures);
            guess_freely(&accounts, &victim, 4).await;
            assert_enters(&accounts, &victim).await;
        }
    }
}

/// Security: 6.3.1, abuse 25
pub async fn a_known_place_signs_in_while_many_attackers_hammer(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    enter(&accounts, "ada").await;
    for attacker in 0..4 {
        guess_freely(&accounts, &elsewhere(attacker), 5).await;
    }
    assert_eq!(guess(&accounts, "ada", &elsewhere(9)).await, Some(SECOND));
    assert!(matches!(
        attempt(&accounts, "ada", PASSWORD, &elsewhere(10)).await,
        SignInOutcome::TooManyFailures { wait: SECOND }
    ));
    assert_enters(&accounts, &home()).await;
    // That was a success: what failed before is over.
    assert_enters(&accounts, &elsewhere(10)).await;
}

/// Security: 6.3.8, abuse 25, abuse 26
pub async fn names_that_nobody_has_are_counted_like_any_other(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let disabled = member(&accounts, "bob").await;
    app.store.set_user_active(&disabled, false, &app.operated()).await.unwrap();
    let mut seen = Vec::new();
    for (number, name) in ["ada", "bob", "unknown", "", "ADA\u{0}"].into_iter().enumerate() {
        let client = elsewhere(u8::try_from(number).unwrap());
        let mut waits = Vec::new();
        for _ in 0..9 {
            let before = accounts.hasher().hashed();
            waits.push(guess(&accounts, name, &client).await);
            let hashed = accounts.hasher().hashed() - before;
            assert_eq!(hashed, u64::from(waits.last().unwrap().is_none()));
            if waits.len() == 7 {
                app.pass(SECOND);
            }
        }
        seen.push(waits);
    }
    assert!(seen[0].contains(&Some(SECOND)));
    assert!(seen.iter().all(|waits| *waits == seen[0]), "{seen:?}");
}

/// Security: 6.1.1, abuse 25
pub async fn an_address_is_slowed_over_all_accounts(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    for number in 0..20 {
        assert_eq!(guess(&accounts, &format!("user{number}"), &elsewhere(1)).await, None);
    }
    let wait = Some(Duration::from_secs(10));
    assert_eq!(guess(&accounts, "another", &elsewhere(1)).await, wait);
    assert_eq!(guess(&accounts, "ada", &elsewhere(1)).await, wait);
    assert_enters(&accounts, &elsewhere(2)).await;
}

pub async fn an_ipv6_address_is_counted_by_its_network(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let in_network = |host: u16| at_address([0x2001, 0xdb8, 0, 0, 0, 0, 0, host]);
    for host in 0..5 {
        assert_eq!(guess(&accounts, "ada", &in_network(host)).await, None);
    }
    assert_eq!(guess(&accounts, "ada", &in_network(9)).await, Some(SECOND));
    assert_eq!(guess(&accounts, "ada", &at_address([0x2001, 0xdb8, 0, 1, 0, 0, 0, 9])).await, None);
}

pub async fn without_an_address_accounts_are_slowed_all_the_same(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let nowhere = Client { ip_address: None, ..home() };
    guess_freely(&accounts, &nowhere, 20).await;
    assert_eq!(guess(&accounts, "ada", &nowhere).await, Some(SECOND));
    assert_eq!(guess(&accounts, "bob", &nowhere).await, None);
}

/// Security: 6.3.1, parameter throttle
pub async fn successes_are_never_counted(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    for _ in 0..40 {
        assert_enters(&accounts, &home()).await;
    }
    guess_freely(&accounts, &home(), 5).await;
}

/// Security: 6.3.1
pub async fn successes_at_once_are_never_counted_either(app: ManagerFixture) {
    let accounts = Arc::new(app.accounts(CHEAP));
    for number in 0..8 {
        member(&accounts, &format!("user{number}")).await;
    }
    // Four more failures of the account would be too many, and so would those of the address.
    for _ in 0..4 {
        assert_eq!(guess(&accounts, "user0", &home()).await, None);
    }
    let outcomes = app
        .race(2 * MANY, |_, index| {
            let accounts = Arc::clone(&accounts);
            async move {
                let name = format!("user{}", if index % 2 == 0 { 0 } else { index % 8 });
                attempt(&accounts, &name, PASSWORD, &home()).await
            }
        })
        .await;
    assert_eq!(count(&outcomes, |it| matches!(it, SignInOutcome::SignedIn(_))), 2 * MANY);
}

/// Security: 6.1.1, 15.4.2, abuse 25
pub async fn guesses_at_once_are_no_more_than_guesses_in_a_row(app: ManagerFixture) {
    let accounts = Arc::new(app.accounts(CHEAP));
    member(&accounts, "ada").await;
    let waits = app
        .race(2 * MANY, |_, _| {
            let accounts = Arc::clone(&accounts);
            async move { guess(&accounts, "ada", &home()).await }
        })
        .await;
    assert_eq!(count(&waits, Option::is_none), 5);
    assert_eq!(app.events_of(EventKind::SignInFailed).await.len(), 5);
}

/// Security: 6.1.1, 6.3.1
pub async fn proving_again_who_one_is_is_slowed_and_keeps_nobody_else_out(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let context = enter(&accounts, "ada").await.context;
    let prove = async |password: &str| {
        accounts.reauthenticate(&context, password, &elsewhere(1)).await.unwrap()
    };
    for _ in 0..3 {
        assert!(matches!(prove("wrong horse").await, Reauthenticated::Wrong));
    }
    // The current password of a change is the same one.
    let change = async |current: &str| {
        accounts.change_password(&context, current, "another horse", &elsewhere(2)).await.unwrap()
    };
    for _ in 0..2 {
        assert!(matches!(change("wrong horse").await, PasswordChanged::Wrong));
    }
    let hashed = accounts.hasher().hashed();
    let outcome = change(PASSWORD).await;
    assert!(matches!(outcome, PasswordChanged::TooManyFailures { wait: SECOND }), "{outcome:?}");
    let outcome = prove(PASSWORD).await;
    assert!(matches!(outcome, Reauthenticated::TooManyFailures { wait: SECOND }), "{outcome:?}");
    assert_eq!(accounts.hasher().hashed(), hashed);
    assert_enters(&accounts, &home()).await;
    app.pass(SECOND);
    reauthenticated(&accounts, &context).await;
    assert!(matches!(prove("wrong horse").await, Reauthenticated::Wrong));
}

/// Security: 6.3.1
pub async fn a_password_set_by_the_operator_opens_the_account_again(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    let id = member(&accounts, "Ada").await;
    for attacker in 0..4 {
        guess_freely(&accounts, &elsewhere(attacker), 5).await;
    }
    assert!(guess(&accounts, "ada", &elsewhere(9)).await.is_some());
    accounts.set_password(&id, "another horse", &app.operated()).await.unwrap();
    for attacker in [9, 0] {
        let client = elsewhere(attacker);
        let outcome = attempt(&accounts, "Ada", "another horse", &client).await;
        assert!(matches!(outcome, SignInOutcome::SignedIn(_)), "{outcome:?}");
    }
}

/// A right password with a platform that is not theirs opens nothing, leaves its trace, and makes no
/// place known.
///
/// Security: 6.3.5, 16.3.1
pub async fn no_password_is_found_right_without_a_trace(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let wish = || PasswordSignIn { platform_id: Some(99.into()), ..form("ada", PASSWORD) };
    for _ in 0..5 {
        let outcome = accounts.sign_in(wish(), None, &home()).await.unwrap();
        assert!(matches!(outcome, SignInOutcome::PlatformNotFound), "{outcome:?}");
    }
    let outcome = accounts.sign_in(wish(), None, &home()).await.unwrap();
    assert!(matches!(outcome, SignInOutcome::TooManyFailures { .. }), "{outcome:?}");
    let events = app.events_of(EventKind::SignInFailed).await;
    assert_eq!(events.len(), 5);
    assert!(events.iter().all(|it| it.detail == "platform_not_found" && it.user_id.is_some()));
}

/// Whoever has the name later starts anew, and knows no place.
pub async fn a_forgotten_user_leaves_no_counter(app: ManagerFixture) {
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    enter(&accounts, "ada").await;
    guess_freely(&accounts, &home(), 5).await;
    assert!(guess(&accounts, "ada", &home()).await.is_some());
    let forget = || async { app.forget_user("ada", true, &app.operated()).await.unwrap() };
    assert!(matches!(forget().await, ForgetOutcome::Forgotten { .. }));
    assert_eq!(forget().await, ForgetOutcome::NotFound);
    member(&accounts, "ada").await;
    assert_enters(&accounts, &home()).await;
}

pub async fn the_limits_are_those_of_the_policy(app: ManagerFixture) {
    let throttle = ThrottleRules { free_at_place: 1, ..ThrottleRules::default() };
    let app = app.with_policy(SessionPolicy { throttle, ..SessionPolicy::default() });
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    guess_freely(&accounts, &home(), 1).await;
    assert_eq!(guess(&accounts, "ada", &home()).await, Some(SECOND));
}

pub async fn counters_are_cleaned_up_when_they_mean_nothing(app: ManagerFixture) {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager);
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    guess_freely(&accounts, &home(), 5).await;
    app.cleanup_expired_sessions().await.unwrap();
    assert!(guess(&accounts, "ada", &home()).await.is_some());
    app.pass(app.policy().throttle.remembered_for);
    app.cleanup_expired_sessions().await.unwrap();
    let left = app.store.shared().delete_forgotten_attempts(app.now(), 99).await.unwrap();
    assert_eq!(left, 0);
    guess_freely(&accounts, &home(), 5).await;
}

/// Security: 16.5.3, abuse 27
pub async fn what_cannot_be_counted_is_not_looked_at(app: ManagerFixture) {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager);
    let accounts = app.accounts(CHEAP);
    member(&accounts, "ada").await;
    let hashed = accounts.hasher().hashed();
    for (verb, hashes) in [("begin_attempt", 0), ("attempt_succeeded", 1)] {
        proxy.fail_at(verb);
        let outcome = accounts.sign_in(form("ada", PASSWORD), None, &home()).await;
        assert!(outcome.is_err(), "{outcome:?}");
        assert_eq!(accounts.hasher().hashed() - hashed, hashes);
    }
    proxy.recover();
    assert_eq!(app.store.count_live().await.unwrap(), 0);
    assert_enters(&accounts, &home()).await;
}
