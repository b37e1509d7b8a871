//! Switching the platform of a session.

use std::time::Duration;

use sessrum_core::store::PlatformChange;
use sessrum_core::{EventKind, PlatformId, PlatformInfo, SessionContext, SwitchOutcome, UserInfo};

use super::ManagerFixture;
use super::fixture::{address, home, long_lived};
use crate::fixture::{MANY, count};

/// A user with two platforms.
async fn with_platforms(app: &ManagerFixture) -> (UserInfo, PlatformInfo, PlatformInfo) {
    let user = app.user("ada").await;
    let art = app.store.platform(&user.id, "art").await;
    let work = app.store.platform(&user.id, "work").await;
    (user, art, work)
}

async fn switch(
    app: &ManagerFixture,
    context: &SessionContext,
    platform: &PlatformId,
    expected: Option<i64>,
) -> SwitchOutcome {
    app.update_platform_context(context, platform, expected, &home()).await.unwrap()
}

fn switched(outcome: SwitchOutcome) -> SessionContext {
    match outcome {
        SwitchOutcome::Switched(context) => *context,
        other => panic!("{other:?}"),
    }
}

pub async fn a_switch_is_seen_by_the_next_request_of_every_tab(app: ManagerFixture) {
    let (user, art, work) = with_platforms(&app).await;
    let signed_in = app.signed_in(&user).await;
    assert_eq!(signed_in.context.platform_id(), Some(&art.id));
    app.pass(Duration::from_secs(1));
    let context = switched(switch(&app, &signed_in.context, &work.id, None).await);
    assert_eq!(context.platform, Some(work.clone()));
    assert_eq!(context.session.active_platform_id, Some(work.id));
    assert_eq!(context.session.revision, signed_in.context.session.revision + 1);
    assert_eq!(context.session.updated_at, app.now());
    let next = app.context(&signed_in.token).await;
    assert_eq!((next.session, next.platform), (context.session, context.platform));
}

pub async fn a_switch_is_recorded_with_who_and_from_where(app: ManagerFixture) {
    let (user, _, work) = with_platforms(&app).await;
    let context = app.signed_in(&user).await.context;
    switched(switch(&app, &context, &work.id, None).await);
    let [event] = app.events_of(EventKind::PlatformSwitched).await.try_into().unwrap();
    assert_eq!(event.detail, work.id.to_string());
    assert_eq!(event.actor, format!("user {}", user.id));
    assert_eq!(event.ip_address, address(&home()));
    assert_eq!(event.session, Some(context.session.handle));
}

pub async fn a_switch_keeps_token_data_and_activity_that_waits(app: ManagerFixture) {
    let (user, _, work) = with_platforms(&app).await;
    let signed_in = app.signed_in(&user).await;
    app.store.put(signed_in.context.session.id, "cart", "[1]").await;
    app.pass(Duration::from_mins(1));
    let before = app.used(&signed_in.token).await;
    let after = switched(switch(&app, &before, &work.id, None).await);
    assert_eq!(after.session.last_activity, app.now());
    assert_eq!(after.idle_expires_at, before.idle_expires_at);
    assert_eq!(after.token_hash, before.token_hash);
    assert_eq!(app.store.list_data(after.session.id).await.unwrap().len(), 1);
}

pub async fn a_switch_leaves_the_other_sessions_of_the_user(app: ManagerFixture) {
    let (user, art, work) = with_platforms(&app).await;
    let (one, other) = (app.signed_in(&user).await, app.signed_in(&user).await);
    switched(switch(&app, &one.context, &work.id, None).await);
    let other_now = app.context(&other.token).await;
    assert_eq!(other_now.session, other.context.session);
    assert_eq!(other_now.platform_id(), Some(&art.id));
}

pub async fn a_platform_that_is_anothers_inactive_or_unknown_is_not_found(app: ManagerFixture) {
    let (user, art, work) = with_platforms(&app).await;
    let bob = app.user("bob").await;
    let theirs = app.store.platform(&bob.id, "art").await;
    let off = PlatformChange { is_active: Some(false), ..PlatformChange::default() };
    app.store.change_platform(&user.id, &work.id, off, &app.operated()).await.unwrap();
    let signed_in = app.signed_in(&user).await;
    for wanted in [theirs.id, work.id, PlatformId::from("unknown"), PlatformId::from(999)] {
        for expected in [None, Some(signed_in.context.session.revision), Some(77)] {
            let outcome = switch(&app, &signed_in.context, &wanted, expected).await;
            assert!(matches!(outcome, SwitchOutcome::PlatformNotFound), "{outcome:?}");
        }
    }
    let context = app.context(&signed_in.token).await;
    assert_eq!(context.session, signed_in.context.session);
    assert_eq!(context.platform_id(), Some(&art.id));
    assert!(app.events_of(EventKind::PlatformSwitched).await.is_empty());
}

pub async fn a_switch_that_expects_another_revision_learns_how_it_is_now(app: ManagerFixture) {
    let (user, art, work) = with_platforms(&app).await;
    let signed_in = app.signed_in(&user).await;
    let stale = &signed_in.context;
    let revision = stale.session.revision;
    let now = switched(switch(&app, stale, &work.id, Some(revision)).await);
    app.pass(Duration::from_secs(1));
    let outcome = switch(&app, stale, &art.id, Some(revision)).await;
    let SwitchOutcome::Conflict(told) = outcome else { panic!("{outcome:?}") };
    assert_eq!((&told.session, &told.platform), (&now.session, &Some(work)));
    assert_eq!(app.context(&signed_in.token).await.session, now.session);
    assert_eq!(app.events_of(EventKind::PlatformSwitched).await.len(), 1);
}

pub async fn a_conflict_tells_of_a_platform_that_is_gone_as_none(app: ManagerFixture) {
    let (user, art, work) = with_platforms(&app).await;
    let context = app.signed_in(&user).await.context;
    let off = PlatformChange { is_active: Some(false), ..PlatformChange::default() };
    app.store.change_platform(&user.id, &art.id, off, &app.operated()).await.unwrap();
    let outcome = switch(&app, &context, &work.id, Some(0)).await;
    let SwitchOutcome::Conflict(told) = outcome else { panic!("{outcome:?}") };
    assert_eq!(told.platform, None);
}

pub async fn concurrent_switches_that_expect_one_revision_have_one_winner(app: ManagerFixture) {
    let (user, art, work) = with_platforms(&app).await;
    let signed_in = app.signed_in(&user).await;
    let revision = signed_in.context.session.revision;
    let outcomes = app
        .race(MANY, |app, index| {
            let context = signed_in.context.clone();
            let wanted = if index % 2 == 0 { work.id.clone() } else { art.id.clone() };
            async move { switch(&app, &context, &wanted, Some(revision)).await }
        })
        .await;
    let now = app.context(&signed_in.token).await;
    assert_eq!(now.session.revision, revision + 1);
    assert_eq!(count(&outcomes, |it| matches!(it, SwitchOutcome::Switched(_))), 1);
    for outcome in outcomes {
        let (SwitchOutcome::Switched(told) | SwitchOutcome::Conflict(told)) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!((&told.session, &told.platform), (&now.session, &now.platform));
    }
}

pub async fn a_switch_beside_a_rotation_keeps_both(app: ManagerFixture) {
    let app = app.with_policy(long_lived());
    let (user, _, work) = with_platforms(&app).await;
    let token = app.signed_in(&user).await.token;
    app.pass(Duration::from_hours(1));
    let context = app.context(&token).await;
    let successor = app.rotate_session(&context, &home()).await.unwrap().unwrap();
    let revision = context.session.revision;
    switched(switch(&app, &context, &work.id, Some(revision)).await);
    for token in [&token, &successor] {
        assert_eq!(app.context(token).await.platform_id(), Some(&work.id));
    }
}
