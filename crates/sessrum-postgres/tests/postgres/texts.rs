//! PostgreSQL has no place for NUL in a text: whoever sends one harms nobody.

use sessrum_core::store::{
    AccountStore as _, AddPlatform, DataStore as _, DataWrite, EventFilter, EventStore as _,
    NewEvent, NewPlatform, NewUser, PlatformChange, Precondition, PutOutcome, RemoveOutcome,
    SessionStore as _, StoreErrorKind,
};
use sessrum_core::{Actor, Change, Client, Directory as _, EventKind, Role, UserId, verify_trail};

use crate::support::{ALL, TestStore, at, by_system};

const NUL: &str = "a\0b";

fn platform(name: &str) -> NewPlatform {
    NewPlatform {
        name: name.to_owned(),
        platform_type: "mastodon".to_owned(),
        instance_url: "https://social.example".to_owned(),
        username: "ada".to_owned(),
        credentials: None,
        is_default: false,
    }
}

fn put<'a>(key: &'a str, value: &'a str) -> DataWrite<'a> {
    DataWrite { key, value, precondition: Precondition::None, cap: 1_000, at: at(1) }
}

#[tokio::test]
async fn nobody_is_called_so() {
    let test = TestStore::new().await;
    assert_eq!(test.user_by_name(NUL).await.unwrap(), None);
    assert!(test.find_for_sign_in(NUL).await.unwrap().is_none());
}

#[tokio::test]
async fn no_data_has_such_a_key() {
    let test = TestStore::new().await;
    let id = test.sign_in(test.new_session(1), 1).await.id;
    assert_eq!(test.data(id, NUL).await.unwrap(), None);
    let remove = async |precondition| test.remove_data(id, NUL, precondition).await.unwrap();
    assert_eq!(remove(Precondition::None).await, RemoveOutcome::Missing);
    assert_eq!(remove(Precondition::Present).await, RemoveOutcome::Conflict(None));
}

#[tokio::test]
async fn what_would_not_come_back_as_it_was_is_refused_by_itself() {
    let test = TestStore::new().await;
    let ada = test.user_named("ada").await;
    let added = test.add_platform(&ada, platform("one"), &by_system(1)).await.unwrap();
    let AddPlatform::Added(one) = added else { panic!("{added:?}") };
    let id = test.sign_in(test.new_session(1), 1).await.id;
    let user = |username: &str, email: &str| NewUser {
        username: username.to_owned(),
        email: email.to_owned(),
        role: Role::Viewer,
        password_hash: None,
    };
    let rename = PlatformChange { name: Some(NUL.to_owned()), ..PlatformChange::default() };
    let change = by_system(2);
    // Those that are sent at the same time share a transaction with what can be made.
    let (key, value, name, email, platform_name, new_name, good) = tokio::join!(
        test.put_data(id, put(NUL, "1")),
        test.put_data(id, put("key", NUL)),
        test.add_user(user(NUL, "bob@example.org"), &change),
        test.add_user(user("bob", NUL), &change),
        test.add_platform(&ada, platform(NUL), &change),
        test.change_platform(&ada, &one.id, rename, &change),
        test.put_data(id, put("good", "1")),
    );
    let refused = [
        key.unwrap_err(),
        value.unwrap_err(),
        name.unwrap_err(),
        email.unwrap_err(),
        platform_name.unwrap_err(),
        new_name.unwrap_err(),
    ];
    assert!(refused.iter().all(|error| error.kind() == StoreErrorKind::Failed));
    assert_eq!(good.unwrap(), PutOutcome::Stored { revision: 1, created: true });
}

/// What tells of a client is kept as far as it can be, and sealed as it is kept.
#[tokio::test]
async fn what_tells_of_a_client_is_kept_without_it() {
    let test = TestStore::new().await;
    let cleaned = "a\u{fffd}b";
    let user = UserId::from(NUL);
    let client = Client { user_agent: Some(NUL.into()), ..Client::default() };
    let change = Change { at: at(1), by: Actor::User(user.clone()), client };
    let mut new = test.new_session(NUL);
    (new.user_is_bundled, new.user_agent) = (false, Some(NUL.into()));
    let token = new.token;
    test.create(new, &change).await.unwrap();
    let kind = EventKind::AccessRefused;
    let event = NewEvent { kind, user_id: Some(user.clone()), session: None, detail: NUL.into() };
    test.record(event, &change).await.unwrap();

    let session = test.load_by_token(&token).await.unwrap().unwrap().session;
    assert_eq!((session.user_agent.as_deref(), &session.user_id), (Some(cleaned), &user));
    let events = test.events(&EventFilter::default(), ALL).await.unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].detail, cleaned);
    for event in events {
        assert_eq!(event.user_agent.as_deref(), Some(cleaned));
        assert_eq!((event.actor, event.user_id), (format!("user {cleaned}"), Some(user.clone())));
    }
    assert_eq!(verify_trail(&*test.store, |_| {}).await.unwrap().faults, []);
    // What they caused is found by the name that is kept.
    assert!(test.forget_user(&user, &by_system(2)).await.unwrap().is_some());
    let events = test.events(&EventFilter::default(), ALL).await.unwrap();
    assert!(events.iter().all(|event| event.user_agent.is_none()));
}
