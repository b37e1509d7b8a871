//! What is personal goes, after some time or with its user, and the audit trail still checks.

use sessrum_core::store::{CreateOutcome, NewEvent, NewSession};
use sessrum_core::{
    Actor, Change, Client, EndReason, EventKind, EventSeal, PlatformId, Role, SealedEvent,
    SessionEvent, TrailFault, UserId,
};

use crate::Fixture;
use crate::fixture::{at, change};
use crate::trail::{Tampering, check, faults, sealed};

/// What a user with this key does.
fn by(user: &UserId, seconds: u64) -> Change {
    Change { by: Actor::User(user.clone()), ..change(seconds) }
}

async fn of(store: &Fixture, user: &UserId) -> Vec<SessionEvent> {
    let mut events = store.trail().await;
    events.retain(|event| event.user_id.as_ref() == Some(user));
    events
}

/// Security: 7.4.2
pub async fn a_forgotten_user_is_gone_with_all_they_had(store: Fixture) {
    let ada = store.user("ada").await;
    let platform = store.platform(&ada, "art").await.id;
    let (session, token) = store.signed_in(&ada, 1).await;
    let (ended, _) = store.signed_in(&ada, 1).await;
    store.put(session.id, "cart", "[1]").await;
    store.end(ended.id, EndReason::Logout, &change(2)).await.unwrap();
    let gone = store.forget_user(&ada, &change(3)).await.unwrap().unwrap();
    assert_eq!(gone.len(), 1);
    assert_eq!((gone[0].handle, gone[0].reason), (session.handle, EndReason::UserDisabled));
    assert!(!store.opens(&token).await);
    assert_eq!(store.find_by_handle(&ended.handle).await.unwrap(), None);
    assert!(store.list_data(session.id).await.unwrap().is_empty());
    assert_eq!(store.user_by_name("ada").await.unwrap(), None);
    assert_eq!(store.users(None, 10).await.unwrap(), []);
    assert_eq!(store.platform_connections(&ada).await.unwrap(), []);
    assert!(store.platform_credentials(&ada, &platform).await.unwrap().is_none());
    // The name and the address may be taken again, by somebody else.
    assert_ne!(store.user("ada").await, ada);
}

pub async fn forgetting_is_recorded_and_the_trail_still_checks(store: Fixture) {
    let ada = store.user("ada").await;
    store.session(&ada, 1).await;
    store.session(&ada, 2).await;
    store.shorten_clients_before(at(2), 10).await.unwrap();
    store.forget_user(&ada, &change(3)).await.unwrap().unwrap();
    let events = of(&store, &ada).await;
    let kinds: Vec<_> = events.iter().map(|event| event.kind.clone()).collect();
    let ended = EventKind::SessionEnded;
    let signed_in = EventKind::SignedIn;
    let added = EventKind::UserAdded;
    assert_eq!(kinds, [added, signed_in, signed_in, ended, ended, EventKind::UserForgotten]);
    assert!(events.iter().all(|event| !event.tells_of_client()), "{events:?}");
    assert_eq!(events.last().unwrap().actor, "operator");
    assert_eq!(check(&store, 6).await, []);
    store.session(&ada, 4).await;
    assert_eq!(check(&store, 7).await, []);
}

pub async fn clients_of_what_they_did_to_others_are_forgotten(store: Fixture) {
    let (ada, bob) = (store.user("ada").await, store.user("bob").await);
    store.set_role(&bob, Role::Admin, &by(&ada, 1)).await.unwrap();
    store.set_role(&bob, Role::Viewer, &by(&bob, 2)).await.unwrap();
    store.forget_user(&ada, &change(3)).await.unwrap().unwrap();
    let [_, by_ada, by_bob] = of(&store, &bob).await.try_into().unwrap();
    assert!(!by_ada.tells_of_client());
    assert_eq!(by_ada.actor, format!("user {ada}"));
    assert!(by_bob.tells_of_client());
    assert_eq!(check(&store, 5).await, []);
}

pub async fn forgetting_spares_everybody_else(store: Fixture) {
    let (ada, bob) = (store.user("ada").await, store.user("bob").await);
    store.platform(&bob, "art").await;
    let (session, token) = store.signed_in(&bob, 1).await;
    // Another user, of another directory.
    let (text, text_token) = store.signed_in(&UserId::from(ada.to_string().as_str()), 1).await;
    let before = store.trail().await;
    store.forget_user(&ada, &change(2)).await.unwrap().unwrap();
    assert_eq!(store.row(&session).await, session);
    assert_eq!(store.row(&text).await, text);
    assert!(store.opens(&token).await && store.opens(&text_token).await);
    assert_eq!(store.platform_connections(&bob).await.unwrap().len(), 1);
    let spared = |events: Vec<SessionEvent>| -> Vec<_> {
        events.into_iter().filter(|event| event.user_id != Some(ada.clone())).collect()
    };
    assert_eq!(spared(store.trail().await), spared(before));
}

/// Security: 7.4.2, 15.4.2
pub async fn a_sign_in_that_spans_the_forgetting_is_refused(store: Fixture) {
    let ada = store.user("ada").await;
    let checked = store.find_for_sign_in("ada").await.unwrap().unwrap().password_changed_at;
    store.forget_user(&ada, &change(1)).await.unwrap().unwrap();
    let before = store.trail().await;
    let new = NewSession { password_changed_at: Some(checked), ..store.new_session(&ada) };
    assert_eq!(store.create(new, &by(&ada, 2)).await.unwrap(), CreateOutcome::Refused);
    assert_eq!(store.trail().await, before);
}

pub async fn forgetting_twice_or_the_unknown_changes_nothing(store: Fixture) {
    let ada = store.user("ada").await;
    store.forget_user(&ada, &change(1)).await.unwrap().unwrap();
    let before = store.trail().await;
    assert_eq!(store.forget_user(&ada, &change(2)).await.unwrap(), None);
    assert_eq!(store.forget_user(&UserId::from("nobody"), &change(2)).await.unwrap(), None);
    assert_eq!(store.trail().await, before);
}

pub async fn what_is_recorded_late_of_a_forgotten_user_tells_nothing_of_the_client(store: Fixture) {
    let [ada, bob] = [store.user("ada").await, store.user("bob").await];
    store.forget_user(&ada, &change(1)).await.unwrap().unwrap();
    for (user, tells) in [(&ada, false), (&bob, true), (&UserId::from("u-1"), false)] {
        for seconds in [2, 3] {
            let kind = EventKind::SignInFailed;
            let (user_id, detail) = (Some(user.clone()), "late".to_owned());
            let new = NewEvent { kind, user_id, session: None, detail };
            store.record_of_bundled(new, &change(seconds)).await.unwrap();
            let event = store.trail().await.pop().unwrap();
            assert_eq!((event.at, event.user_id.as_ref()), (at(seconds), Some(user)));
            assert_eq!(event.detail, "late");
            assert_eq!(event.tells_of_client(), tells);
        }
    }
    assert_eq!(check(&store, 9).await, []);
}

pub async fn a_user_of_another_directory_is_forgotten_too(store: Fixture) {
    let user = UserId::from("u-1");
    let (session, token) = store.signed_in(&user, 1).await;
    let platform = PlatformId::from("tenant");
    store.switch_platform_if(session.id, Some(&platform), None, &change(2)).await.unwrap();
    assert_eq!(store.forget_user(&user, &change(3)).await.unwrap().unwrap().len(), 1);
    assert!(!store.opens(&token).await);
    assert!(of(&store, &user).await.iter().all(|event| !event.tells_of_client()));
}

pub async fn compacting_changes_nothing_that_can_be_seen(store: Fixture) {
    let ada = store.user("ada").await;
    let (session, token) = store.signed_in(&ada, 1).await;
    let trail = store.trail().await;
    store.compact().await.unwrap();
    assert_eq!(store.loaded(&token).await.session, session);
    assert_eq!(store.trail().await, trail);
    store.session(&ada, 2).await;
    assert_eq!(check(&store, 3).await, []);
}

/// Whether one is due before is the store's own affair.
pub async fn after_compacting_nothing_is_due(store: Fixture) {
    assert!(!store.is_compaction_due().await.unwrap());
    let ada = store.user("ada").await;
    store.forget_user(&ada, &change(1)).await.unwrap().unwrap();
    store.compact().await.unwrap();
    assert!(!store.is_compaction_due().await.unwrap());
}

fn from(address: &str, seconds: u64) -> Change {
    let client = Client {
        ip_address: address.parse().ok(),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0".into()),
        ..Client::default()
    };
    Change { at: at(seconds), by: Actor::Anonymous, client }
}

pub async fn old_clients_are_shortened_by_limit_and_the_trail_still_checks(store: Fixture) {
    let addresses = ["192.0.2.77", "2001:db8:1:2::3", "198.51.100.9"];
    for (seconds, address) in (1..).zip(addresses) {
        let user_id = Some(UserId::from(7));
        let (kind, detail) = (EventKind::SignInFailed, String::new());
        let new = NewEvent { kind, user_id, session: None, detail };
        store.record(new, &from(address, seconds)).await.unwrap();
    }
    let before = sealed(&store).await;
    assert_eq!(store.shorten_clients_before(at(3), 1).await.unwrap(), 1);
    assert_eq!(sealed(&store).await[1..], before[1..]);
    assert_eq!(store.shorten_clients_before(at(3), 10).await.unwrap(), 1);
    assert_eq!(store.shorten_clients_before(at(3), 10).await.unwrap(), 0);
    let after = sealed(&store).await;
    assert_eq!(after[2], before[2]);
    for (index, network) in [(0, "192.0.2.0/24"), (1, "2001:db8:1::/48")] {
        let SealedEvent { event, seal } = &after[index];
        assert_eq!(event.ip_address.as_deref(), Some(network));
        assert_eq!(event.user_agent, None);
        assert_eq!(event.device.as_deref(), Some("Firefox on Linux"));
        assert_eq!(*seal, EventSeal { client_salt: None, ..before[index].seal.clone() });
    }
    assert_eq!(check(&store, 3).await, []);
    let id = after[0].event.id;
    let tamperings: [Tampering; 9] = [
        |it| it.event.ip_address = Some("192.0.2.77".into()),
        |it| it.event.ip_address = Some("198.51.100.0/24".into()),
        |it| it.event.ip_address = None,
        |it| it.event.device = Some("Safari on iOS".into()),
        |it| it.event.device = None,
        |it| it.seal.short_salt = None,
        |it| it.seal.client_salt = Some([0; 16]),
        |it| it.event.user_agent = Some("Browser/1".into()),
        |it| it.event.detail.push('x'),
    ];
    for tamper in tamperings {
        let mut altered = after.clone();
        tamper(&mut altered[0]);
        assert_eq!(faults(&store, &altered), [TrailFault::Altered { id }]);
    }
    // What is left of another event is not taken for its own, though it has its digest and salt.
    let mut altered = after.clone();
    altered[0].event.ip_address.clone_from(&after[1].event.ip_address);
    altered[0].seal.short_digest = after[1].seal.short_digest;
    altered[0].seal.short_salt = after[1].seal.short_salt;
    assert_eq!(faults(&store, &altered), [TrailFault::Altered { id }]);
}
