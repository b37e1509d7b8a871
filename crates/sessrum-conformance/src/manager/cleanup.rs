//! Ending what is over, and removing what ended long ago.

use std::time::Duration;

use sessrum_core::store::NewEvent;
use sessrum_core::{
    Actor, CleanupReport, EndReason, EventKind, Role, SessionExpiredError, SessionNotFoundError,
    SignIn,
};

use super::ManagerFixture;
use super::fixture::{TICK, ended, home};
use super::lifetimes::{BATCHES, crowd};
use crate::proxy::ProxyStore;
use crate::trail::check;

/// Security: abuse 16
pub async fn abuse_16_an_expired_row_is_dead_before_it_is_swept(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    app.pass(app.policy().lifetime.idle);
    assert_eq!(app.store.row(&signed_in.context.session).await.ended, None);
    assert_eq!(app.refusal(&signed_in.token).await, SessionExpiredError.into());
    assert!(app.list_user_sessions(&user.id).await.unwrap().is_empty());
    assert_eq!(app.store.row(&signed_in.context.session).await.ended, None);
}

/// Security: 7.4.1
pub async fn what_is_over_ends_as_expired_each_by_its_lifetime_7_4_1(app: ManagerFixture) {
    let user = app.user("ada").await;
    let plain = app.signed_in(&user).await;
    let remembered = app.created(SignIn { remember: true, ..app.wish(&user) }).await;
    app.pass(app.policy().lifetime.idle - TICK);
    assert_eq!(app.cleanup_expired_sessions().await.unwrap(), CleanupReport::default());
    app.pass(TICK);
    let report = app.cleanup_expired_sessions().await.unwrap();
    assert_eq!(report, CleanupReport { expired: 1, purged: 0, shortened: 0 });
    let end = app.store.row(&plain.context.session).await.ended.unwrap();
    assert_eq!((end.at, end.reason), (app.now(), EndReason::Expired));
    assert_eq!(app.refusal(&plain.token).await, SessionExpiredError.into());
    app.context(&remembered.token).await;
    let [event] = app.events_of(EventKind::SessionEnded).await.try_into().unwrap();
    assert_eq!((event.actor.as_str(), event.detail.as_str()), ("system", "expired"));
}

/// Security: 7.3.2
pub async fn what_is_past_its_absolute_end_ends_though_active_7_3_2(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    let expires_at = signed_in.context.session.expires_at;
    while expires_at.since(app.now()) > Duration::from_mins(20) {
        app.pass(Duration::from_mins(20));
        app.used(&signed_in.token).await;
    }
    app.pass(expires_at.since(app.now()) - TICK);
    assert_eq!(app.cleanup_expired_sessions().await.unwrap().expired, 0);
    app.pass(TICK);
    assert_eq!(app.cleanup_expired_sessions().await.unwrap().expired, 1);
    assert_eq!(app.refusal(&signed_in.token).await, SessionExpiredError.into());
}

pub async fn activity_that_waits_is_flushed_before_anything_is_swept(app: ManagerFixture) {
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    app.pass(app.policy().lifetime.idle - TICK);
    app.used(&token).await;
    app.pass(TICK);
    assert_eq!(app.cleanup_expired_sessions().await.unwrap(), CleanupReport::default());
    app.context(&token).await;
}

pub async fn what_runs_out_while_activity_is_flushed_is_left_to_the_next_time(app: ManagerFixture) {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager);
    let user = app.user("ada").await;
    let (one, other) = (app.signed_in(&user).await, app.signed_in(&user).await);
    app.pass(app.policy().lifetime.idle - TICK);
    app.used(&other.token).await;
    let slow = app.clone();
    proxy.after("touch_many", async move { slow.pass(TICK) });
    assert_eq!(app.cleanup_expired_sessions().await.unwrap(), CleanupReport::default());
    assert_eq!(app.store.row(&one.context.session).await.ended, None);
    assert_eq!(app.cleanup_expired_sessions().await.unwrap().expired, 1);
}

/// Security: abuse 17
pub async fn abuse_17_live_rows_and_the_trail_are_spared(app: ManagerFixture) {
    let user = app.user("ada").await;
    let ended = app.signed_in(&user).await;
    app.destroy_session(&ended.context, &home()).await.unwrap();
    app.pass(app.policy().keep_ended_for + TICK);
    let live = app.signed_in(&user).await;
    app.store.put(live.context.session.id, "cart", "[1]").await;
    let trail = app.store.trail().await;
    let report = app.cleanup_expired_sessions().await.unwrap();
    assert_eq!(report, CleanupReport { expired: 0, purged: 1, shortened: 0 });
    assert_eq!(app.context(&live.token).await.session, live.context.session);
    assert_eq!(app.store.list_data(live.context.session.id).await.unwrap().len(), 1);
    assert_eq!(app.store.trail().await, trail);
}

pub async fn the_reason_of_an_end_is_told_for_as_long_as_it_is_kept(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    app.destroy_session(&signed_in.context, &home()).await.unwrap();
    let told = ended(EndReason::Logout, app.now());
    app.pass(app.policy().keep_ended_for);
    assert_eq!(app.cleanup_expired_sessions().await.unwrap().purged, 0);
    assert_eq!(app.refusal(&signed_in.token).await, told);
    app.pass(TICK);
    assert_eq!(app.cleanup_expired_sessions().await.unwrap().purged, 1);
    assert_eq!(app.refusal(&signed_in.token).await, SessionNotFoundError.into());
}

pub async fn more_than_a_batch_holds_is_swept_and_removed_with_progress(app: ManagerFixture) {
    crowd(&app, BATCHES).await;
    app.pass(app.policy().lifetime.idle);
    let mut told = Vec::new();
    let report = app.cleanup_with_progress(|so_far| told.push(so_far)).await.unwrap();
    assert_eq!(report, CleanupReport { expired: BATCHES, purged: 0, shortened: 0 });
    assert!(told.iter().any(|so_far| (1..BATCHES).contains(&so_far.expired)), "{told:?}");
    assert_eq!(told.last(), Some(&report));
    app.pass(app.policy().keep_ended_for + TICK);
    told.clear();
    let report = app.cleanup_with_progress(|so_far| told.push(so_far)).await.unwrap();
    assert_eq!(report, CleanupReport { expired: 0, purged: BATCHES, shortened: 0 });
    assert!(told.iter().any(|so_far| (1..BATCHES).contains(&so_far.purged)), "{told:?}");
    assert_eq!(app.events_of(EventKind::SessionEnded).await.len(), BATCHES);
}

pub async fn a_clean_up_that_failed_half_way_goes_on_the_next_time(app: ManagerFixture) {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager);
    let user = app.user("ada").await;
    let old = app.signed_in(&user).await;
    app.destroy_session(&old.context, &home()).await.unwrap();
    app.pass(app.policy().keep_ended_for + TICK);
    app.signed_in(&user).await;
    app.pass(app.policy().lifetime.idle);
    proxy.fail_at("delete_ended_before");
    app.cleanup_expired_sessions().await.unwrap_err();
    assert_eq!(app.live(&user.id).await, 0);
    assert_eq!(app.store.last_clean_up().await.unwrap(), None);
    proxy.recover();
    let report = app.cleanup_expired_sessions().await.unwrap();
    assert_eq!(report, CleanupReport { expired: 0, purged: 1, shortened: 0 });
    assert_eq!(app.store.last_clean_up().await.unwrap(), Some(app.now()));
}

/// As on an instance whose sessions another one cleans up.
pub async fn notes_are_made_again_after_they_were_forgotten(app: ManagerFixture) {
    let user = app.user("ada").await;
    let context = app.signed_in(&user).await.context;
    let refuse = async || {
        app.record_refused_access(&context, Role::Admin, &home()).await.unwrap();
        app.events_of(EventKind::AccessRefused).await.len()
    };
    assert_eq!([refuse().await, refuse().await], [1, 1]);
    app.forget_notes();
    assert_eq!([refuse().await, refuse().await], [2, 2]);
}

pub async fn old_clients_are_shortened_in_batches_with_progress(app: ManagerFixture) {
    let user = app.user("ada").await;
    for _ in 0..BATCHES {
        let event = NewEvent {
            kind: EventKind::SignInFailed,
            user_id: Some(user.id.clone()),
            session: None,
            detail: String::new(),
        };
        let change = app.change(Actor::Anonymous, &home());
        app.store.record(event, &change).await.unwrap();
    }
    app.pass(app.policy().keep_clients_for);
    // The user was added a minute before, by an operator with a browser.
    assert_eq!(app.cleanup_expired_sessions().await.unwrap().shortened, 1);
    app.pass(TICK);
    let mut told = Vec::new();
    let report = app.cleanup_with_progress(|so_far| told.push(so_far)).await.unwrap();
    assert_eq!(report, CleanupReport { shortened: BATCHES, ..CleanupReport::default() });
    assert!(told.iter().any(|so_far| (1..BATCHES).contains(&so_far.shortened)), "{told:?}");
    let events = app.events_of(EventKind::SignInFailed).await;
    assert_eq!(events.len(), BATCHES);
    for event in events {
        assert_eq!(event.ip_address.as_deref(), Some("192.0.2.0/24"));
        assert_eq!((event.user_agent, event.device.as_deref()), (None, Some("Chrome on Windows")));
    }
    assert_eq!(check(&app.store, BATCHES as u64).await, []);
}

pub async fn concurrent_clean_ups_end_each_session_once(app: ManagerFixture) {
    let count = 40;
    crowd(&app, count).await;
    app.pass(app.policy().lifetime.idle);
    let reports =
        app.race(6, |app, _| async move { app.cleanup_expired_sessions().await.unwrap() }).await;
    assert_eq!(reports.iter().map(|report| report.expired).sum::<usize>(), count);
    assert_eq!(app.events_of(EventKind::SessionEnded).await.len(), count);
}
