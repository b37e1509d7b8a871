//! Devices that a user signs in on for the first time.

use sessrum_core::store::NewEvent;
use sessrum_core::{Actor, Change, Client, EventKind, UserId};

use crate::Fixture;
use crate::fixture::{at, change};

/// Signs in with this user agent; the detail of the event.
async fn sign_in_with(store: &Fixture, user: &UserId, agent: Option<&str>) -> String {
    let client = Client { user_agent: agent.map(Into::into), ..Client::default() };
    let now = Change { by: Actor::User(user.clone()), client, ..change(1) };
    store.create(store.new_session(user), &now).await.unwrap();
    store.trail().await.pop().unwrap().detail
}

/// Security: 6.3.5
pub async fn a_device_is_new_the_first_time_unless_it_is_the_first_of_all(store: Fixture) {
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let newer = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
    let elsewhere = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0";
    let (ada, text) = (UserId::from(7), UserId::from("7"));
    let failed = NewEvent {
        kind: EventKind::SignInFailed,
        user_id: Some(ada.clone()),
        session: None,
        detail: String::new(),
    };
    store.record(failed, &change(0)).await.unwrap();
    for (agent, detail) in [
        (Some(firefox), ""),
        (Some(newer), ""),
        (Some(elsewhere), "new_device"),
        (Some(elsewhere), ""),
        (Some("Browser/1"), "new_device"),
        (None, "new_device"),
        (None, ""),
        (Some(firefox), ""),
    ] {
        assert_eq!(sign_in_with(&store, &ada, agent).await, detail, "{agent:?}");
    }
    assert_eq!(sign_in_with(&store, &text, Some(elsewhere)).await, "");
    store.shorten_clients_before(at(9), 100).await.unwrap();
    assert_eq!(sign_in_with(&store, &ada, Some(newer)).await, "");
}
