//! The audit trail: each change has its event, a change that was not made has none.

use sessrum_core::store::{
    EventFilter, NewEvent, NewSession, Page, PasswordChange, PlatformChange, Rotation,
    SessionFilter,
};
use sessrum_core::{
    Actor, Change, Client, EndReason, EventKind, ExpiryLimits, PlatformId, RecordedKind, Role,
    SessionEvent, UserId,
};

use crate::Fixture;
use crate::fixture::{ALL, at, change, password};

/// The last events, oldest first, as kind and detail.
async fn last(store: &Fixture, count: usize) -> Vec<(RecordedKind, String)> {
    let trail = store.trail().await;
    let last = trail.into_iter().rev().take(count).rev();
    let mut last: Vec<_> = last.map(|event| (event.kind, event.detail)).collect();
    last.sort();
    last
}

fn event(kind: EventKind, detail: &str) -> (RecordedKind, String) {
    (kind.into(), detail.to_owned())
}

/// Security: 16.3.1
pub async fn an_event_tells_who_when_from_where_and_about_whom(store: Fixture) {
    let (user, handle) = (UserId::from("u-1"), store.handle());
    let new = NewEvent {
        kind: EventKind::SignInFailed,
        user_id: Some(user.clone()),
        session: Some(handle),
        detail: "wrong password".to_owned(),
    };
    store.record(new, &change(7)).await.unwrap();
    let trail = store.trail().await;
    let expected = SessionEvent {
        id: trail[0].id,
        at: at(7),
        kind: EventKind::SignInFailed.into(),
        user_id: Some(user),
        session: Some(handle),
        actor: "operator".to_owned(),
        ip_address: Some("192.0.2.7".to_owned()),
        user_agent: Some("Browser/1".to_owned()),
        device: Some("Browser".to_owned()),
        detail: "wrong password".to_owned(),
    };
    assert_eq!(trail, [expected]);
}

pub async fn every_kind_and_actor_is_kept(store: Fixture) {
    let actors = [
        (Actor::Anonymous, "anonymous"),
        (Actor::User(UserId::from(7)), "user 7"),
        (Actor::Operator, "operator"),
        (Actor::System, "system"),
    ];
    for ((by, text), kind) in actors.iter().cycle().zip(EventKind::ALL) {
        let new = NewEvent { kind: *kind, user_id: None, session: None, detail: String::new() };
        let change = Change { at: at(1), by: by.clone(), client: Client::default() };
        store.record(new, &change).await.unwrap();
        let event = store.trail().await.pop().unwrap();
        assert_eq!((event.kind, event.actor.as_str()), (RecordedKind::from(*kind), *text));
        assert_eq!((event.user_id, event.session), (None, None));
        assert_eq!((event.ip_address, event.user_agent), (None, None));
    }
}

/// Ten events at 0 to 9 s, of users 0 and 1 by turns.
async fn ten(store: &Fixture) {
    for seconds in 0..10_u8 {
        let new = NewEvent {
            kind: EventKind::SignInFailed,
            user_id: Some(UserId::from(i64::from(seconds % 2))),
            session: None,
            detail: seconds.to_string(),
        };
        store.record(new, &change(seconds.into())).await.unwrap();
    }
}

async fn details(store: &Fixture, filter: EventFilter, page: Page) -> String {
    let events = store.events(&filter, page).await.unwrap();
    events.iter().map(|event| event.detail.as_str()).collect()
}

pub async fn events_come_newest_first(store: Fixture) {
    ten(&store).await;
    assert_eq!(details(&store, EventFilter::default(), ALL).await, "9876543210");
}

pub async fn events_may_be_of_one_user_or_recent(store: Fixture) {
    ten(&store).await;
    let user_id = Some(UserId::from(1));
    let of_user = EventFilter { user_id: user_id.clone(), ..EventFilter::default() };
    assert_eq!(details(&store, of_user, ALL).await, "97531");
    let recent = EventFilter { since: Some(at(6)), ..EventFilter::default() };
    assert_eq!(details(&store, recent, ALL).await, "9876");
    let both = EventFilter { user_id, since: Some(at(6)), ..EventFilter::default() };
    assert_eq!(details(&store, both, ALL).await, "97");
}

pub async fn events_may_be_of_one_kind_or_without_routine(store: Fixture) {
    for user in [7, 8] {
        for (seconds, kind) in (1..).zip(EventKind::ALL) {
            let user_id = Some(UserId::from(user));
            let new = NewEvent { kind: *kind, user_id, session: None, detail: String::new() };
            store.record(new, &change(seconds)).await.unwrap();
        }
    }
    let kinds = async |filter: EventFilter| -> Vec<RecordedKind> {
        let events = store.events(&filter, ALL).await.unwrap();
        events.into_iter().rev().map(|event| event.kind).collect()
    };
    let everything =
        [EventFilter::default(), EventFilter { since: Some(at(0)), ..Default::default() }];
    for base in everything {
        let notable = EventKind::ALL.iter().filter(|kind| !EventKind::ROUTINE.contains(kind));
        let notable: Vec<_> = notable.copied().collect();
        let found = kinds(EventFilter { without_routine: true, ..base.clone() }).await;
        assert_eq!(found, [&notable[..], &notable[..]].concat());
        let user_id = Some(UserId::from(8));
        let of_user = EventFilter { user_id, ..base.clone() };
        let found = kinds(EventFilter { without_routine: true, ..of_user.clone() }).await;
        assert_eq!(found, notable);
        for kind in EventKind::ALL {
            let of_kind = EventFilter { kind: Some(*kind), ..base.clone() };
            assert_eq!(kinds(of_kind.clone()).await, [*kind; 2]);
            let count = if EventKind::ROUTINE.contains(kind) { 0 } else { 2 };
            let notable = EventFilter { without_routine: true, ..of_kind };
            assert_eq!(kinds(notable).await.len(), count);
            let both = EventFilter { kind: Some(*kind), ..of_user.clone() };
            assert_eq!(kinds(both).await, [*kind]);
        }
    }
}

pub async fn pages_of_events_follow_each_other(store: Fixture) {
    ten(&store).await;
    let all = EventFilter::default();
    let recent = EventFilter { since: Some(at(4)), ..all.clone() };
    let of_user = EventFilter { user_id: Some(UserId::from(1)), ..all.clone() };
    let both = EventFilter { since: Some(at(4)), ..of_user.clone() };
    let of_kind = EventFilter { kind: Some(EventKind::SignInFailed), ..all.clone() };
    for (filter, pages) in [
        (all, &["987", "654", "321", "0", ""][..]),
        (recent, &["987", "654", ""]),
        (of_user, &["975", "31", ""]),
        (both, &["975", ""]),
        (of_kind, &["987", "654", "321", "0", ""]),
    ] {
        let mut before = None;
        for expected in pages {
            let events = store.events(&filter, Page { before, limit: 3 }).await.unwrap();
            let found: String = events.iter().map(|event| event.detail.as_str()).collect();
            assert_eq!(found, *expected, "{filter:?}");
            before = events.last().map(|event| event.id);
        }
    }
}

/// Security: 16.3.1
pub async fn signing_in_records_itself_and_what_it_ended(store: Fixture) {
    let user = store.user("ada").await;
    let (replaced, evicted) = (store.session(&user, 1).await, store.session(&user, 2).await);
    let new = NewSession { replaces: Some(replaced.id), cap: 1, ..store.new_session(&user) };
    let (session, _) = store.created(new, 3).await;
    let events: Vec<_> = store.trail().await.into_iter().rev().take(3).collect();
    assert!(events.iter().all(|event| event.at == at(3) && event.user_id == Some(user.clone())));
    let find = |kind, detail: &str| {
        let found = events.iter().find(|event| event.kind == kind && event.detail == detail);
        found.unwrap().session.unwrap()
    };
    assert_eq!(find(EventKind::SignedIn, ""), session.handle);
    assert_eq!(find(EventKind::SessionEnded, "logout"), replaced.handle);
    assert_eq!(find(EventKind::SessionEnded, "evicted"), evicted.handle);
}

/// Security: 16.3.1
pub async fn each_ended_session_has_one_event_with_its_reason(store: Fixture) {
    let user = UserId::from(1);
    for seconds in 1..=8 {
        store.session(&user, seconds).await;
    }
    let live = store.list_for_user(&user).await.unwrap();
    store.end(live[0].id, EndReason::Logout, &change(10)).await.unwrap();
    store.end_all(Some(live[2].id), EndReason::RevokedByAdmin, 3, &change(10)).await.unwrap();
    let limits = ExpiryLimits { now: at(10), idle_since: at(4), remembered_idle_since: at(4) };
    store.end_expired(limits, 1, &change(10)).await.unwrap();
    store.end_for_user(&user, None, EndReason::TokenReuse, &change(10)).await.unwrap();
    let everything = SessionFilter { include_ended: true, ..SessionFilter::default() };
    let mut rows = store.list(&everything, ALL).await.unwrap();
    rows.sort_by_key(|row| row.handle);
    let mut ended: Vec<_> = store.trail().await;
    ended.retain(|event| event.kind == EventKind::SessionEnded);
    ended.sort_by_key(|event| event.session);
    assert_eq!(ended.len(), 8);
    for (row, event) in rows.iter().zip(&ended) {
        assert_eq!(event.session, Some(row.handle));
        assert_eq!(event.detail, row.ended.unwrap().reason.as_str());
        assert_eq!(event.user_id, Some(user.clone()));
    }
}

pub async fn a_switch_records_the_key_or_nothing_for_none(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let platform = PlatformId::from("tenant-7");
    store.switch_platform_if(session.id, Some(&platform), None, &change(2)).await.unwrap();
    assert_eq!(last(&store, 1).await, [event(EventKind::PlatformSwitched, "tenant-7")]);
    store.switch_platform_if(session.id, None, None, &change(3)).await.unwrap();
    assert_eq!(last(&store, 1).await, [event(EventKind::PlatformSwitched, "")]);
    let recorded = store.trail().await.pop().unwrap();
    assert_eq!(recorded.session, Some(session.handle));
    assert_eq!(recorded.user_id, Some(session.user_id));
}

pub async fn a_rotation_is_recorded_once_as_what_it_is(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    store.rotated(&session, 60).await;
    let reauthentication =
        Rotation { forced: true, authenticated_until: Some(at(999)), ..store.rotation(61) };
    store.rotate(session.id, reauthentication, &change(61)).await.unwrap();
    let kinds: Vec<_> = store.trail().await.iter().map(|event| event.kind.clone()).collect();
    let expected = [EventKind::SignedIn, EventKind::TokenRotated, EventKind::Reauthenticated];
    assert_eq!(kinds, expected);
    assert!(store.trail().await.iter().all(|event| event.session == Some(session.handle)));
}

pub async fn a_rotation_that_is_pending_or_collides_records_nothing(store: Fixture) {
    let (session, own) = store.signed_in(&UserId::from(1), 1).await;
    let taken = Rotation { token: own, ..store.rotation(60) };
    store.rotate(session.id, taken, &change(60)).await.unwrap();
    assert_eq!(store.trail().await.len(), 1);
    store.rotated(&session, 60).await;
    store.rotate(session.id, store.rotation(61), &change(61)).await.unwrap();
    assert_eq!(store.trail().await.len(), 2);
}

pub async fn touching_and_confirming_record_nothing(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let token = store.rotated(&session, 60).await;
    let before = store.trail().await;
    store.confirm_token(&token, at(61)).await.unwrap();
    let mark = sessrum_core::store::Activity { session: session.id, at: at(61) };
    store.touch_many(&[mark]).await.unwrap();
    assert_eq!(store.trail().await, before);
}

/// Security: 16.3.1
pub async fn what_becomes_of_a_user_is_recorded(store: Fixture) {
    let user = store.user("ada").await;
    assert_eq!(last(&store, 1).await, [event(EventKind::UserAdded, "")]);
    store.set_role(&user, Role::Moderator, &change(1)).await.unwrap();
    assert_eq!(last(&store, 1).await, [event(EventKind::RoleChanged, "moderator")]);
    store.session(&user, 2).await;
    store.set_user_active(&user, false, &change(3)).await.unwrap();
    let disabled =
        [event(EventKind::SessionEnded, "user_disabled"), event(EventKind::UserDisabled, "")];
    assert_eq!(last(&store, 2).await, disabled);
    store.set_user_active(&user, true, &change(4)).await.unwrap();
    assert_eq!(last(&store, 1).await, [event(EventKind::UserEnabled, "")]);
    let trail = store.trail().await;
    assert!(trail.iter().all(|event| event.user_id == Some(user.clone())));
    assert_eq!(trail.len(), 6);
}

pub async fn a_password_change_names_the_kept_session_and_ends_the_others(store: Fixture) {
    let user = store.user("ada").await;
    let (kept, other) = (store.session(&user, 1).await, store.session(&user, 2).await);
    let rotation =
        Rotation { forced: true, authenticated_until: Some(at(999)), ..store.rotation(3) };
    let new = PasswordChange {
        hash: password("new"),
        keep: Some((kept.id, rotation)),
        checked_against: None,
    };
    store.change_password(&user, new, &change(3)).await.unwrap();
    let trail = store.trail().await;
    let mut new: Vec<_> =
        trail[3..].iter().map(|event| (event.kind.known().unwrap(), event.session)).collect();
    new.sort();
    let expected = [
        (EventKind::SessionEnded, Some(other.handle)),
        (EventKind::PasswordChanged, Some(kept.handle)),
    ];
    assert_eq!(new, expected);
}

pub async fn what_becomes_of_a_platform_is_recorded_by_key(store: Fixture) {
    let user = store.user("ada").await;
    let platform = store.platform(&user, "art").await.id;
    let key = platform.to_string();
    assert_eq!(last(&store, 1).await, [event(EventKind::PlatformAdded, &key)]);
    let rename = PlatformChange { name: Some("photos".into()), ..PlatformChange::default() };
    store.change_platform(&user, &platform, rename, &change(1)).await.unwrap();
    assert_eq!(last(&store, 1).await, [event(EventKind::PlatformChanged, &key)]);
    store.remove_platform(&user, &platform, &change(2)).await.unwrap();
    assert_eq!(last(&store, 1).await, [event(EventKind::PlatformRemoved, &key)]);
    assert!(store.trail().await.iter().all(|event| event.user_id == Some(user.clone())));
}

pub async fn what_was_refused_records_nothing(store: Fixture) {
    let user = store.user("ada").await;
    store.platform(&user, "art").await;
    let before = store.trail().await;
    let (nobody, nowhere) = (UserId::from(99), PlatformId::from(99));
    store.add_user(crate::fixture::new_user("ada"), &change(1)).await.unwrap();
    store.set_user_active(&nobody, false, &change(1)).await.unwrap();
    store.set_role(&nobody, Role::Admin, &change(1)).await.unwrap();
    store.add_platform(&user, crate::fixture::new_platform("art"), &change(1)).await.unwrap();
    store.change_platform(&user, &nowhere, PlatformChange::default(), &change(1)).await.unwrap();
    store.remove_platform(&user, &nowhere, &change(1)).await.unwrap();
    assert_eq!(store.trail().await, before);
}
