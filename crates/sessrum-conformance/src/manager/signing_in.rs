//! Creating sessions.

use std::sync::Arc;
use std::time::Duration;

use sessrum_core::store::{PlatformChange, StoreErrorKind};
use sessrum_core::{
    EndReason, EventKind, PlatformId, SeededRandom, SessionError, SessionNotFoundError,
    SessionPolicy, SessionToken, SignIn, SignInOutcome,
};

use super::ManagerFixture;
use super::fixture::{Always, address, ended, home};
use crate::fixture::{MANY, count, ids, new_platform};

/// The rules with three sessions a user.
fn three_each() -> SessionPolicy {
    SessionPolicy { sessions_per_user: 3, ..SessionPolicy::default() }
}

pub async fn a_sign_in_gives_a_token_that_opens_the_session(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    let context = app.context(&signed_in.token).await;
    assert_eq!(context.session, signed_in.context.session);
    assert_eq!((&context.user, &context.platform), (&user, &None));
    assert_eq!(context.token_hash, signed_in.token.hash());
    assert_eq!(context.idle_expires_at, app.now() + app.policy().lifetime.idle);
    assert_eq!(signed_in.context.idle_expires_at, context.idle_expires_at);
    assert_eq!(context.session.expires_at, app.now() + app.policy().lifetime.absolute);
    assert_eq!(context.session.authenticated_at, app.now());
    assert!(!context.rotation_due && !context.session.remembered);
    assert!(signed_in.ended.is_empty());
}

/// Security: 16.3.1
pub async fn a_sign_in_is_recorded_with_who_and_from_where(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    let [event] = app.events_of(EventKind::SignedIn).await.try_into().unwrap();
    assert_eq!(event.at, app.now());
    assert_eq!(event.actor, format!("user {}", user.id));
    assert_eq!(event.session, Some(signed_in.context.session.handle));
    assert_eq!(event.ip_address, address(&home()));
    assert_eq!(event.user_agent.as_deref(), home().user_agent.as_deref());
}

/// Security: abuse 8
pub async fn abuse_08_an_unknown_token_is_neither_adopted_nor_stored(app: ManagerFixture) {
    let stranger = SessionToken::generate(&SeededRandom::new(99)).unwrap();
    assert_eq!(app.refusal(&stranger).await, SessionNotFoundError.into());
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    assert_ne!(signed_in.token.hash(), stranger.hash());
    assert_eq!(app.refusal(&stranger).await, SessionNotFoundError.into());
    assert_eq!(app.store.count_live().await.unwrap(), 1);
}

/// Security: abuse 12
pub async fn abuse_12_the_empty_id_matches_nothing(app: ManagerFixture) {
    let user = app.user("ada").await;
    app.signed_in(&user).await;
    assert!(SessionToken::parse("").is_none());
    let zero = SessionToken::generate(&Always([0; 32])).unwrap();
    assert_eq!(app.refusal(&zero).await, SessionNotFoundError.into());
}

/// Security: abuse 35
pub async fn abuse_35_the_stored_hash_sent_as_a_token_opens_nothing(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    let hash = Always(*signed_in.token.hash().as_bytes());
    let as_token = SessionToken::generate(&hash).unwrap();
    assert_eq!(app.refusal(&as_token).await, SessionNotFoundError.into());
}

/// Security: abuse 36
pub async fn abuse_36_a_collision_generates_again(app: ManagerFixture) {
    let user = app.user("ada").await;
    let repeating = |app: &ManagerFixture| {
        app.with(|manager| manager.with_random(Arc::new(SeededRandom::new(3))))
    };
    let first = repeating(&app).signed_in(&user).await;
    let second = repeating(&app).signed_in(&user).await;
    assert_ne!(first.token.hash(), second.token.hash());
    assert_ne!(first.context.session.handle, second.context.session.handle);
    for signed_in in [&first, &second] {
        assert_eq!(app.context(&signed_in.token).await.session, signed_in.context.session);
    }
}

/// Security: abuse 36
pub async fn abuse_36_randomness_that_only_repeats_gives_no_session(app: ManagerFixture) {
    let user = app.user("ada").await;
    let broken = app.with(|manager| manager.with_random(Arc::new(Always([5; 32]))));
    let first = broken.signed_in(&user).await;
    let error = broken.create_session(app.wish(&user), &home()).await.unwrap_err();
    assert!(matches!(error, SessionError::Store(ref it) if it.kind() == StoreErrorKind::Failed));
    assert_eq!(app.live(&user.id).await, 1);
    assert_eq!(app.context(&first.token).await.session, first.context.session);
}

/// Security: 7.2.4, trap same user
pub async fn signing_in_again_gives_a_new_token_and_the_old_is_dead_7_2_4(app: ManagerFixture) {
    let user = app.user("ada").await;
    let first = app.signed_in(&user).await;
    let replaces = Some(first.context.session.id);
    app.pass(Duration::from_secs(1));
    let second = app.created(SignIn { replaces, ..app.wish(&user) }).await;
    assert_eq!(ids(&second.ended), [first.context.session.id]);
    assert_eq!(app.refusal(&first.token).await, ended(EndReason::Logout, app.now()));
    app.context(&second.token).await;
}

/// Security: abuse 20
pub async fn abuse_20_signing_in_as_another_gives_a_fresh_empty_session(app: ManagerFixture) {
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let first = app.signed_in(&ada).await;
    app.store.put(first.context.session.id, "cart", "[1]").await;
    let replaces = Some(first.context.session.id);
    let second = app.created(SignIn { replaces, ..app.wish(&bob) }).await;
    assert_eq!(app.context(&second.token).await.user, bob);
    assert!(app.store.list_data(second.context.session.id).await.unwrap().is_empty());
    assert_eq!(app.refusal(&first.token).await, ended(EndReason::Logout, app.now()));
    assert_eq!(app.live(&ada.id).await, 0);
}

/// Security: 7.1.2
pub async fn over_the_cap_the_least_recently_used_is_evicted_7_1_2(app: ManagerFixture) {
    let app = app.with_policy(three_each());
    let user = app.user("ada").await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        app.pass(Duration::from_secs(1));
        tokens.push(app.signed_in(&user).await.token);
    }
    app.pass(Duration::from_secs(1));
    app.used(&tokens[0]).await;
    let fourth = app.signed_in(&user).await;
    assert_eq!(fourth.ended.len(), 1);
    assert_eq!(app.refusal(&tokens[1]).await, ended(EndReason::Evicted, app.now()));
    for token in [&tokens[0], &tokens[2], &fourth.token] {
        app.context(token).await;
    }
}

/// Security: 7.1.2, 15.4.2, abuse 28, parameter cap
pub async fn abuse_28_concurrent_sign_ins_keep_to_the_cap_7_1_2(app: ManagerFixture) {
    let app = app.with_policy(three_each());
    let user = app.user("ada").await;
    let wish = app.wish(&user);
    let signed_in = app
        .race(MANY, |app, _| {
            let wish = wish.clone();
            async move { app.created(wish).await }
        })
        .await;
    assert_eq!(app.live(&user.id).await, 3);
    assert_eq!(signed_in.iter().map(|one| one.ended.len()).sum::<usize>(), MANY - 3);
    let mut live = 0;
    for one in &signed_in {
        match app.validate_session(&one.token, &home()).await {
            Ok(()) => live += 1,
            Err(SessionError::Invalid(it)) => {
                assert_eq!(it, ended(EndReason::Evicted, app.now()));
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(live, 3);
}

pub async fn a_session_starts_in_the_default_platform(app: ManagerFixture) {
    let user = app.user("ada").await;
    app.store.platform(&user.id, "zebra").await;
    app.store.platform(&user.id, "art").await;
    let signed_in = app.signed_in(&user).await;
    assert_eq!(signed_in.context.platform.unwrap().name, "zebra");
    assert_eq!(app.context(&signed_in.token).await.platform.unwrap().name, "zebra");
}

pub async fn without_a_default_a_session_starts_in_the_first_platform(app: ManagerFixture) {
    let user = app.user("ada").await;
    let default = app.store.platform(&user.id, "default").await;
    app.store.platform(&user.id, "zebra").await;
    app.store.platform(&user.id, "art").await;
    let off = PlatformChange { is_active: Some(false), ..PlatformChange::default() };
    app.store.change_platform(&user.id, &default.id, off, &app.operated()).await.unwrap();
    let signed_in = app.signed_in(&user).await;
    assert_eq!(app.context(&signed_in.token).await.platform.unwrap().name, "art");
}

pub async fn a_session_starts_in_the_platform_asked_for(app: ManagerFixture) {
    let user = app.user("ada").await;
    app.store.platform(&user.id, "art").await;
    let wanted = app.store.platform(&user.id, "work").await;
    let wish = SignIn { platform_id: Some(wanted.id.clone()), ..app.wish(&user) };
    let signed_in = app.created(wish).await;
    assert_eq!(app.context(&signed_in.token).await.platform_id(), Some(&wanted.id));
}

pub async fn no_session_starts_in_a_platform_that_is_anothers_or_inactive(app: ManagerFixture) {
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let old = app.signed_in(&ada).await;
    let theirs = app.store.platform(&bob.id, "art").await;
    let inactive = app.store.platform(&ada.id, "work").await;
    let off = PlatformChange { is_active: Some(false), ..PlatformChange::default() };
    app.store.change_platform(&ada.id, &inactive.id, off, &app.operated()).await.unwrap();
    for wanted in [theirs.id, inactive.id, PlatformId::from("unknown")] {
        let wish = SignIn {
            platform_id: Some(wanted),
            replaces: Some(old.context.session.id),
            ..app.wish(&ada)
        };
        let outcome = app.create_session(wish, &home()).await.unwrap();
        assert!(matches!(outcome, SignInOutcome::PlatformNotFound), "{outcome:?}");
    }
    assert_eq!(app.live(&ada.id).await, 1);
    app.context(&old.token).await;
}

/// Security: 7.4.2
pub async fn a_user_disabled_while_signing_in_is_refused_7_4_2(app: ManagerFixture) {
    let user = app.user("ada").await;
    app.store.set_user_active(&user.id, false, &app.operated()).await.unwrap();
    let outcome = app.create_session(app.wish(&user), &home()).await.unwrap();
    assert!(matches!(outcome, SignInOutcome::Refused), "{outcome:?}");
    assert_eq!(app.live(&user.id).await, 0);
    assert!(app.events_of(EventKind::SignedIn).await.is_empty());
}

pub async fn concurrent_sign_ins_of_one_browser_leave_no_session_of_its_past(app: ManagerFixture) {
    let user = app.user("ada").await;
    app.store.add_platform(&user.id, new_platform("art"), &app.operated()).await.unwrap();
    let first = app.signed_in(&user).await;
    let wish = SignIn { replaces: Some(first.context.session.id), ..app.wish(&user) };
    let outcomes = app
        .race(8, |app, _| {
            let wish = wish.clone();
            async move { app.created(wish).await }
        })
        .await;
    assert_eq!(count(&outcomes, |it| !it.ended.is_empty()), 1);
    assert_eq!(app.refusal(&first.token).await, ended(EndReason::Logout, app.now()));
    assert_eq!(app.live(&user.id).await, 8);
}
