//! The seals of the audit trail: whatever the verbs do it checks, and whatever is done behind their
//! back is found.

use sessrum_core::store::{NewEvent, PasswordChange, PlatformChange, Rotation};
use sessrum_core::{
    Change, EndReason, EventKind, ExpiryLimits, Role, SealedEvent, SessionHandle, TrailFault,
    TrailVerifier, UserId, verify_trail,
};

use crate::Fixture;
use crate::fixture::{MANY, at, change, password};

/// What checking finds; the trail must have so many events at least.
pub(crate) async fn check(store: &Fixture, at_least: u64) -> Vec<TrailFault> {
    let report = verify_trail(&**store, |_| {}).await.unwrap();
    assert!(report.events >= at_least, "{} events", report.events);
    report.faults
}

pub(crate) async fn sealed(store: &Fixture) -> Vec<SealedEvent> {
    store.sealed_events(0, 10_000).await.unwrap()
}

/// What checking would find if the store had these events.
pub(crate) fn faults(store: &Fixture, events: &[SealedEvent]) -> Vec<TrailFault> {
    let without_gaps = store.numbers_events_without_gaps();
    let mut verifier = TrailVerifier::new(store.sealer(), without_gaps);
    events.iter().flat_map(|event| verifier.check(event)).collect()
}

async fn record(store: &Fixture, user_id: Option<UserId>, seconds: u64) {
    let (kind, detail) = (EventKind::SignInFailed, String::new());
    store
        .record(NewEvent { kind, user_id, session: None, detail }, &change(seconds))
        .await
        .unwrap();
}

/// Two events each of users 7 and "7" and of nobody, by turns.
async fn three_chains(store: &Fixture) -> Vec<SealedEvent> {
    for seconds in [1, 2] {
        for user in [Some(UserId::from(7)), Some(UserId::from("7")), None] {
            record(store, user, seconds).await;
        }
    }
    sealed(store).await
}

pub async fn each_user_and_nobody_has_a_chain(store: Fixture) {
    let events = three_chains(&store).await;
    let previous: Vec<_> = events.iter().map(|sealed| sealed.seal.previous_id).collect();
    let ids: Vec<_> = events.iter().map(|sealed| sealed.event.id).collect();
    assert_eq!(previous[..3], [None; 3]);
    assert_eq!(previous[3..], ids[..3].iter().map(|id| Some(*id)).collect::<Vec<_>>());
    assert_eq!(faults(&store, &events), []);
}

pub async fn sealed_events_come_by_key_in_pages(store: Fixture) {
    let events = three_chains(&store).await;
    let after = events[1].event.id;
    assert_eq!(store.sealed_events(after, 2).await.unwrap(), events[2..4]);
    assert_eq!(store.sealed_events(events[5].event.id, 2).await.unwrap(), []);
}

/// Security: 16.3.1
pub async fn every_kind_of_change_leaves_a_trail_that_checks(store: Fixture) {
    let (ada, bob) = (store.user("ada").await, store.user("bob").await);
    let platform = store.platform(&ada, "art").await.id;
    let session = store.session(&ada, 1).await;
    let other = store.session(&ada, 1).await;
    store.session(&bob, 1).await;
    store.switch_platform_if(session.id, Some(&platform), None, &change(2)).await.unwrap();
    store.rotated(&session, 60).await;
    let authenticated =
        Rotation { forced: true, authenticated_until: Some(at(999)), ..store.rotation(61) };
    store.rotate(session.id, authenticated, &change(61)).await.unwrap();
    let rotation = Rotation { forced: true, ..store.rotation(62) };
    let hash = password("new");
    let keep = Some((session.id, rotation));
    let new = PasswordChange { hash, keep, checked_against: None };
    store.change_password(&ada, new, &change(62)).await.unwrap();
    store.set_role(&ada, Role::Admin, &change(63)).await.unwrap();
    let rename = PlatformChange { name: Some("photos".into()), ..PlatformChange::default() };
    store.change_platform(&ada, &platform, rename, &change(64)).await.unwrap();
    store.remove_platform(&ada, &platform, &change(65)).await.unwrap();
    store.end(other.id, EndReason::TokenReuse, &change(66)).await.unwrap();
    store.set_user_active(&ada, false, &change(67)).await.unwrap();
    store.set_user_active(&ada, true, &change(68)).await.unwrap();
    store.session(&ada, 69).await;
    store.end_for_user(&ada, None, EndReason::RevokedByAdmin, &change(70)).await.unwrap();
    let limits = ExpiryLimits { now: at(9999), idle_since: at(0), remembered_idle_since: at(0) };
    store.end_expired(limits, 10, &change(71)).await.unwrap();
    store.end_all(None, EndReason::RevokedByAdmin, 10, &change(72)).await.unwrap();
    store.delete_ended_before(at(73), 10).await.unwrap();
    for kind in EventKind::ALL {
        let user_id = Some(bob.clone());
        let new = NewEvent { kind: *kind, user_id, session: None, detail: "a".into() };
        store.record(new, &Change::by_system(at(74))).await.unwrap();
    }
    assert_eq!(check(&store, 35).await, []);
}

pub async fn concurrent_changes_leave_a_trail_that_checks(store: Fixture) {
    let user = store.user("ada").await;
    store
        .race(MANY, |store, index| {
            let user = user.clone();
            async move {
                let session = store.session(&user, 1).await;
                record(&store, (index % 2 == 0).then_some(user.clone()), 2).await;
                store.end(session.id, EndReason::Logout, &change(3)).await.unwrap();
                store.end_for_user(&user, None, EndReason::Evicted, &change(4)).await.unwrap();
            }
        })
        .await;
    assert_eq!(check(&store, 3 * MANY as u64).await, []);
}

/// Changes one thing of an event.
pub(crate) type Tampering = fn(&mut SealedEvent);

const TAMPERINGS: [(&str, Tampering); 24] = [
    ("at", |it| it.event.at = at(99)),
    ("kind", |it| it.event.kind = EventKind::SignedIn.into()),
    ("user of another type", |it| it.event.user_id = Some(UserId::from("1"))),
    ("user", |it| it.event.user_id = Some(UserId::from(2))),
    ("no user", |it| it.event.user_id = None),
    ("session", |it| it.event.session = Some(SessionHandle::from_bytes([9; 16]))),
    ("no session", |it| it.event.session = None),
    ("actor", |it| it.event.actor = "system".into()),
    ("a character moved from the actor to the detail", |it| {
        it.event.detail.insert(0, it.event.actor.pop().unwrap());
    }),
    ("detail", |it| it.event.detail.push('x')),
    ("address", |it| it.event.ip_address = Some("192.0.2.8".into())),
    ("no address", |it| it.event.ip_address = None),
    ("agent", |it| it.event.user_agent = Some("Browser/2".into())),
    ("device", |it| it.event.device = Some("Browser on Linux".into())),
    ("client moved to a neighbour", |it| it.event.user_agent = it.event.device.take()),
    ("key", |it| it.seal.key_id = "00000000".into()),
    ("previous", |it| it.seal.previous_id = it.seal.previous_id.map_or(Some(1), |_| None)),
    ("digest", |it| it.seal.client_digest = Some([0; 32])),
    ("salt", |it| it.seal.client_salt = Some([0; 16])),
    ("no salt", |it| it.seal.client_salt = None),
    ("digest of the short form", |it| it.seal.short_digest = Some([0; 32])),
    ("salt of the short form", |it| it.seal.short_salt = Some([0; 16])),
    ("no salt of the short form", |it| it.seal.short_salt = None),
    ("mac", |it| it.seal.mac[31] ^= 1),
];

/// Security: 16.3.1
pub async fn whatever_is_altered_in_an_event_is_found(store: Fixture) {
    for seconds in 1..=5 {
        let new = NewEvent {
            kind: EventKind::SignInFailed,
            user_id: Some(UserId::from(1)),
            session: Some(store.handle()),
            detail: "a".into(),
        };
        store.record(new, &change(seconds)).await.unwrap();
    }
    let events = sealed(&store).await;
    for index in 0..events.len() {
        for (what, tamper) in TAMPERINGS {
            let mut altered = events.clone();
            tamper(&mut altered[index]);
            let found = faults(&store, &altered);
            let names = |fault: &TrailFault| match fault {
                TrailFault::Altered { id }
                | TrailFault::OutOfChain { id, .. }
                | TrailFault::UnknownKey { id, .. } => *id == events[index].event.id,
                _ => false,
            };
            assert!(found.iter().any(names), "{what} of event {index}: {found:?}");
            let has_own_chain = what.contains("user");
            assert!(has_own_chain || found.iter().all(names), "{what} of event {index}: {found:?}");
        }
    }
}

pub async fn a_client_that_was_never_there_cannot_be_put_in(store: Fixture) {
    record(&store, None, 1).await;
    let new = NewEvent {
        kind: EventKind::SignInFailed,
        user_id: None,
        session: None,
        detail: String::new(),
    };
    store.record(new, &Change::by_system(at(2))).await.unwrap();
    let events = sealed(&store).await;
    assert_eq!((events[1].seal.client_digest, events[1].seal.client_salt), (None, None));
    let id = events[1].event.id;
    let tamperings: [Tampering; 4] = [
        |it| it.event.device = Some("Firefox on Linux".into()),
        |it| it.event.ip_address = Some("192.0.2.0/24".into()),
        |it| it.seal.client_salt = Some([1; 16]),
        |it| it.seal.client_digest = Some([1; 32]),
    ];
    for tamper in tamperings {
        let mut altered = events.clone();
        tamper(&mut altered[1]);
        assert_eq!(faults(&store, &altered), [TrailFault::Altered { id }]);
    }
}

pub async fn the_last_key_that_was_given_is_known(store: Fixture) {
    assert_eq!(store.last_event_id().await.unwrap(), 0);
    let events = three_chains(&store).await;
    assert_eq!(store.last_event_id().await.unwrap(), events[5].event.id);
}

/// Security: 16.3.1
pub async fn an_event_taken_out_is_found(store: Fixture) {
    three_chains(&store).await;
    record(&store, Some(UserId::from(7)), 3).await;
    record(&store, None, 3).await;
    let events = sealed(&store).await;
    let mut left = events.clone();
    let gone = left.remove(3).event.id;
    let found = faults(&store, &left);
    let after = TrailFault::OutOfChain { id: events[6].event.id, follows: Some(gone) };
    assert!(found.contains(&after), "{found:?}");
    if store.numbers_events_without_gaps() {
        assert!(found.contains(&TrailFault::Missing { first: gone, last: gone }), "{found:?}");
        // The newest of a user, and the oldest of all.
        for index in [6, 0] {
            let mut left = events.clone();
            let id = left.remove(index).event.id;
            let missing = TrailFault::Missing { first: id, last: id };
            assert!(faults(&store, &left).contains(&missing));
        }
        // The newest of all, which the store has counted.
        let last = events[7].event.id;
        for kept in [7, 5, 0] {
            let mut verifier = TrailVerifier::new(store.sealer(), true);
            for event in &events[..kept] {
                assert_eq!(verifier.check(event), []);
            }
            let first = events[kept].event.id;
            assert_eq!(verifier.finish(last), Some(TrailFault::Missing { first, last }));
        }
    }
}

pub async fn events_that_change_places_are_found(store: Fixture) {
    let events = three_chains(&store).await;
    for (one, other) in [(0, 3), (0, 1), (2, 5), (1, 5)] {
        let mut swapped = events.clone();
        let (first, second) = (events[one].event.id, events[other].event.id);
        swapped.swap(one, other);
        swapped[one].event.id = first;
        swapped[other].event.id = second;
        let found = faults(&store, &swapped);
        for id in [first, second] {
            assert!(found.iter().any(|fault| names(fault, id)), "{one} and {other}: {found:?}");
        }
    }
}

fn names(fault: &TrailFault, event: i64) -> bool {
    match fault {
        TrailFault::Altered { id } | TrailFault::OutOfChain { id, .. } => *id == event,
        _ => false,
    }
}

pub async fn an_event_put_in_is_found(store: Fixture) {
    let mut events = three_chains(&store).await;
    let id = events[5].event.id + 1;
    let mut copy = events[3].clone();
    copy.event.id = id;
    events.push(copy.clone());
    assert!(faults(&store, &events).iter().any(|fault| names(fault, id)));
    copy.seal.previous_id = Some(events[3].event.id);
    events[6] = copy;
    assert_eq!(faults(&store, &events), [TrailFault::Altered { id }]);
}
