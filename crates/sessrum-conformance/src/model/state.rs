use sessrum_core::store::{EventFilter, SessionFilter, Store};
use sessrum_core::{Directory, SessionEvent, verify_trail};

use super::answers::{World, platform, user};
use crate::fixture::ALL;

/// All that can be seen of a store, each thing under a name.
pub(super) async fn of(store: &dyn Store, world: &World) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    let mut see = |what: String, found: String| seen.push((what, found));
    let everything = SessionFilter { include_ended: true, ..SessionFilter::default() };
    let sessions = store.list(&everything, ALL).await.unwrap();
    see("sessions".into(), format!("{sessions:?}"));
    let live = store.list(&SessionFilter::default(), ALL).await.unwrap();
    see("live sessions".into(), format!("{live:?}"));
    see("their count".into(), store.count_live().await.unwrap().to_string());
    for found in &sessions {
        let row = store.find_by_handle(&found.handle).await.unwrap();
        see(format!("session {}", found.id.0), format!("{row:?}"));
        let data = store.list_data(found.id).await.unwrap();
        see(format!("data of session {}", found.id.0), format!("{data:?}"));
        for entry in data {
            let one = store.data(found.id, &entry.key).await.unwrap();
            assert_eq!(one, Some(entry), "a list and a single key differ");
        }
    }
    for (number, token) in world.tokens.iter().enumerate() {
        let loaded = store.load_by_token(token).await.unwrap();
        see(format!("token {number}"), format!("{loaded:?}"));
    }
    for number in 0..=4 {
        see_user(store, number, &mut see).await;
    }
    let users = store.users(None, 99).await.unwrap();
    see("users".into(), format!("{users:?}"));
    for found in &users {
        let name = &found.info.username;
        let by_name = store.user_by_name(name).await.unwrap();
        see(format!("user by the name {name}"), format!("{by_name:?}"));
        let facts = store.find_for_sign_in(name).await.unwrap().unwrap();
        let password = facts.password_hash.as_ref().map(|hash| hash.expose().to_owned());
        see(format!("sign-in of {name}"), format!("{facts:?} {password:?}"));
    }
    see("events".into(), events(store).await);
    let trail = verify_trail(store, |_| {}).await.unwrap();
    see("faults of the trail".into(), format!("{:?}", trail.faults));
    seen
}

async fn see_user(store: &dyn Store, number: u8, see: &mut impl FnMut(String, String)) {
    let id = user(number);
    let mut sessions = store.list_for_user(&id).await.unwrap();
    assert!(
        sessions.is_sorted_by(|one, next| one.last_activity >= next.last_activity),
        "a user's sessions are not the most recently active first"
    );
    sessions.sort_by_key(|session| session.id);
    see(format!("sessions of user {number}"), format!("{sessions:?}"));
    let facts = Directory::user(store, &id).await.unwrap();
    see(format!("facts of user {number}"), format!("{facts:?}"));
    let connections = store.platform_connections(&id).await.unwrap();
    see(format!("connections of user {number}"), format!("{connections:?}"));
    let platforms = store.platforms(&id).await.unwrap();
    see(format!("platforms of user {number}"), format!("{platforms:?}"));
    for platform in (0..=8).map(platform) {
        let credentials = store.platform_credentials(&id, &platform).await.unwrap();
        let credentials = credentials.map(|sealed| (sealed.key_id, sealed.sealed));
        let offered = Directory::platform(store, &id, &platform).await.unwrap();
        let what = format!("platform {platform:?} of user {number}");
        see(what, format!("{offered:?} {credentials:?}"));
    }
}

/// Events without their keys; those of one change come in no particular order.
async fn events(store: &dyn Store) -> String {
    let events = store.events(&EventFilter::default(), ALL).await.unwrap();
    assert!(events.is_sorted_by(|one, next| one.id > next.id), "events are not newest first");
    let mut events: Vec<SessionEvent> =
        events.into_iter().map(|event| SessionEvent { id: 0, ..event }).collect();
    events.sort_by_key(|event| (event.at, event.kind.clone(), event.session, event.detail.clone()));
    format!("{events:?}")
}
