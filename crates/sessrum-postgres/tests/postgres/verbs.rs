//! Behaviour that hangs on how PostgreSQL compares, cascades, locks and keeps values.

use sessrum_core::store::{
    AccountStore as _, Activity, AddPlatform, AddUser, DataStore as _, DataWrite, NewPlatform,
    NewUser, PlatformChange, PlatformOutcome, Precondition, PutOutcome, SessionFilter,
    SessionStore as _,
};
use sessrum_core::{
    Directory as _, EndReason, ExpiryLimits, Key, PlatformId, Role, SessionId, UserId,
};

use crate::support::{ALL, TestStore, at, by_system};

fn platform(name: &str) -> NewPlatform {
    NewPlatform {
        name: name.to_owned(),
        platform_type: "mastodon".to_owned(),
        instance_url: "https://social.example".to_owned(),
        username: name.to_owned(),
        credentials: None,
        is_default: false,
    }
}

async fn add_platform(test: &TestStore, user: &UserId, new: NewPlatform) -> PlatformId {
    match test.add_platform(user, new, &by_system(0)).await.unwrap() {
        AddPlatform::Added(info) => info.id,
        other => panic!("{other:?}"),
    }
}

fn put(key: &str) -> DataWrite<'_> {
    DataWrite { key, value: "true", precondition: Precondition::None, cap: 1_000, at: at(1) }
}

#[tokio::test]
async fn a_text_is_never_the_key_of_a_bundled_row() {
    let test = TestStore::new().await;
    let user = test.user_named("ada").await;
    assert_eq!(user, UserId::from(1));
    let chosen = add_platform(&test, &user, platform("one")).await;
    assert_eq!(chosen, PlatformId::from(1));
    assert!(test.set_user_active(&user, false, &by_system(1)).await.unwrap().is_some());

    // A user of another directory, whose key looks like the disabled one's.
    let mut new = test.new_session("1");
    new.active_platform_id = Some("1".into());
    let token = new.token;
    let session = test.sign_in(new, 2).await;
    assert_eq!(session.user_id, UserId::from("1"));
    let loaded = test.load_by_token(&token).await.unwrap().unwrap();
    assert_eq!(loaded.session, session);
    assert_eq!((loaded.user, loaded.platform), (None, None));
    assert_eq!(test.user(&"1".into()).await.unwrap(), None);
    assert!(test.platforms(&"1".into()).await.unwrap().is_empty());
    assert_eq!(test.list_for_user(&1.into()).await.unwrap(), []);
    assert_eq!(test.list_for_user(&"1".into()).await.unwrap(), [session]);
}

#[tokio::test]
async fn keys_of_both_kinds_come_back_as_they_were() {
    let test = TestStore::new().await;
    let numbers = [0, -7, i64::MIN, i64::MAX].map(Key::Integer);
    let texts = ["", "7", "\"", "\\", "null", "a\nb", "ü", "7'; --", "\0", "%"];
    let texts = texts.map(|text| Key::Text(text.into()));
    for key in numbers.into_iter().chain(texts) {
        let mut new = test.new_session(1);
        let (user, platform) = (UserId(key.clone()), PlatformId(key.clone()));
        (new.user_id, new.user_is_bundled) = (user.clone(), false);
        new.active_platform_id = Some(platform.clone());
        let token = new.token;
        let session = test.sign_in(new, 1).await;
        let loaded = test.load_by_token(&token).await.unwrap().unwrap();
        assert_eq!(loaded.session, session);
        assert_eq!(loaded.session.user_id, user);
        assert_eq!(loaded.session.active_platform_id, Some(platform));
        assert_eq!(test.list_for_user(&user).await.unwrap(), [session], "{key:?}");
        let filter = SessionFilter { user_id: Some(user.clone()), include_ended: true };
        assert_eq!(test.list(&filter, ALL).await.unwrap().len(), 1, "{key:?}");
        let forgotten = test.forget_user(&user, &by_system(2)).await.unwrap().unwrap();
        assert_eq!(forgotten.len(), 1, "{key:?}");
    }
}

#[tokio::test]
async fn loading_tells_the_user_and_a_platform_that_is_theirs_and_active() {
    let test = TestStore::new().await;
    let (ada, bob) = (test.user_named("ada").await, test.user_named("bob").await);
    let own = add_platform(&test, &ada, platform("own")).await;
    let foreign = add_platform(&test, &bob, platform("foreign")).await;
    let mut new = test.new_session(ada.clone());
    new.active_platform_id = Some(own.clone());
    let token = new.token;
    let session = test.sign_in(new, 1).await;
    let load = async || test.load_by_token(&token).await.unwrap().unwrap();

    let loaded = load().await;
    assert_eq!(loaded.user.unwrap().info.username, "ada");
    assert_eq!(loaded.platform.unwrap().id, own);
    assert_eq!(loaded.token.first_used_at, Some(at(1)));

    let switch = async |platform: Option<&PlatformId>| {
        test.switch_platform_if(session.id, platform, None, &by_system(2)).await.unwrap()
    };
    switch(Some(&foreign)).await;
    assert_eq!(load().await.platform, None);

    switch(Some(&own)).await;
    let off = PlatformChange { is_active: Some(false), ..PlatformChange::default() };
    let changed = test.change_platform(&ada, &own, off, &by_system(3)).await.unwrap();
    let PlatformOutcome::Changed(changed) = changed else { panic!("{changed:?}") };
    assert!(!changed.is_active && !changed.info.is_default);
    let loaded = load().await;
    assert_eq!(loaded.session.active_platform_id, None);
    assert_eq!(loaded.session.revision, 4);
    assert_eq!(loaded.session.updated_at, at(3));

    // Whoever found it active just before may still switch to it, and reading makes sure.
    switch(Some(&own)).await;
    let loaded = load().await;
    assert_eq!((loaded.session.active_platform_id, loaded.platform), (Some(own), None));
}

#[tokio::test]
async fn addresses_and_names_differ_by_more_than_case() {
    let test = TestStore::new().await;
    test.user_named("ada").await;
    let add = async |username: &str, email: &str| {
        let new = NewUser {
            username: username.to_owned(),
            email: email.to_owned(),
            role: Role::Viewer,
            password_hash: None,
        };
        test.add_user(new, &by_system(1)).await.unwrap()
    };
    assert_eq!(add("ada", "other@example.org").await, AddUser::UsernameTaken);
    assert_eq!(add("eve", "ADA@example.org").await, AddUser::EmailTaken);
    assert_eq!(add("Ada", "other@example.org").await, AddUser::UsernameTaken);
}

/// The cluster of the tests sorts by language: there "a" comes before "B", and "ä" before "z".
#[tokio::test]
async fn texts_are_sorted_by_their_bytes() {
    let test = TestStore::new().await;
    let user = test.user_named("ada").await;
    let session = test.sign_in(test.new_session(user.clone()), 1).await.id;
    for text in ["first", "z", "B", "a", "ä", "B b", "Ba"] {
        add_platform(&test, &user, platform(text)).await;
        test.put_data(session, put(text)).await.unwrap();
    }
    let names = test.platforms(&user).await.unwrap().into_iter().map(|info| info.name);
    assert!(names.eq(["first", "B", "B b", "Ba", "a", "z", "ä"]));
    let keys = test.list_data(session).await.unwrap().into_iter().map(|entry| entry.key);
    assert!(keys.eq(["B", "B b", "Ba", "a", "first", "z", "ä"]));
}

#[tokio::test]
async fn a_removed_session_takes_its_tokens_and_data_and_leaves_its_events() {
    let test = TestStore::new().await;
    let new = test.new_session(1);
    let token = new.token;
    let session = test.sign_in(new, 1).await;
    test.put_data(session.id, put("key")).await.unwrap();
    test.end(session.id, EndReason::Logout, &by_system(5)).await.unwrap();
    assert_eq!(test.delete_ended_before(at(5), 10).await.unwrap(), 0);
    assert_eq!(test.delete_ended_before(at(6), 10).await.unwrap(), 1);
    assert_eq!(test.load_by_token(&token).await.unwrap(), None);
    assert_eq!(test.trail().await.len(), 2);
    for table in ["user_sessions", "session_tokens", "session_data"] {
        assert_eq!(test.count(table).await, 0, "{table}");
    }
    // Its key is not given again.
    assert!(test.sign_in(test.new_session(1), 7).await.id > session.id);
}

#[tokio::test]
async fn what_is_over_ends_by_each_of_the_three_limits_and_no_sooner() {
    let test = TestStore::new().await;
    let create = async |seconds: i64, expires: i64, remembered: bool| {
        let mut new = test.new_session(1);
        new.expires_at = at(expires);
        new.remembered = remembered;
        test.sign_in(new, seconds).await.id
    };
    let too_old = create(90, 100, false).await;
    let idle = create(50, 1_000, false).await;
    let remembered_idle = create(10, 1_000, true).await;
    let live = create(51, 101, false).await;
    let remembered_live = create(11, 1_000, true).await;
    let limits = ExpiryLimits { now: at(100), idle_since: at(50), remembered_idle_since: at(10) };
    let mut ended = Vec::new();
    for expected in [2, 1, 0] {
        let batch = test.end_expired(limits, 2, &by_system(100)).await.unwrap();
        assert_eq!(batch.len(), expected);
        ended.extend(batch.into_iter().map(|session| session.id));
    }
    ended.sort_unstable();
    assert_eq!(ended, [too_old, idle, remembered_idle]);
    let filter = SessionFilter::default();
    let left: Vec<SessionId> =
        test.list(&filter, ALL).await.unwrap().into_iter().map(|session| session.id).collect();
    assert_eq!(left, [remembered_live, live]);
}

#[tokio::test]
async fn a_revision_of_data_is_never_given_twice_and_bytes_are_counted() {
    let test = TestStore::new().await;
    let id = test.sign_in(test.new_session(1), 1).await.id;
    let stored = |revision, created| PutOutcome::Stored { revision, created };
    assert_eq!(test.put_data(id, put("key")).await.unwrap(), stored(1, true));
    test.remove_data(id, "key", Precondition::Revision(1)).await.unwrap();
    assert_eq!(test.put_data(id, put("key")).await.unwrap(), stored(2, true));
    // "é" takes two bytes: 7 for the entry that is there, 6 for this one.
    let write = |cap| DataWrite { key: "é", value: "\"é\"", cap, ..put("") };
    assert_eq!(test.put_data(id, write(12)).await.unwrap(), PutOutcome::TooLarge);
    assert_eq!(test.put_data(id, write(13)).await.unwrap(), stored(3, true));
    let write = |cap| DataWrite { key: "x", value: "1", cap, ..put("") };
    assert_eq!(test.put_data(id, write(14)).await.unwrap(), PutOutcome::TooLarge);
    assert_eq!(test.put_data(id, write(15)).await.unwrap(), stored(4, true));
}

#[tokio::test]
async fn of_several_marks_of_a_session_the_last_counts_and_all_are_counted() {
    let test = TestStore::new().await;
    let id = test.sign_in(test.new_session(1), 1).await.id;
    let gone = SessionId(id.0 + 1);
    let marks = [(id, 5), (gone, 5), (id, 9), (id, 3)];
    let marks = marks.map(|(session, seconds)| Activity { session, at: at(seconds) });
    assert_eq!(test.touch_many(&marks).await.unwrap(), 3);
    assert_eq!(test.list_for_user(&1.into()).await.unwrap()[0].last_activity, at(9));
}

/// Somebody at the database, or a program that is no Sessrum, may hold a row.
#[tokio::test]
async fn marks_and_clean_up_pass_over_rows_that_somebody_holds() {
    let test = TestStore::new().await;
    let (held, free) = (
        test.sign_in(test.new_session(1), 1).await.id,
        test.sign_in(test.new_session(2), 1).await.id,
    );
    let client = test.client().await;
    let lock = "BEGIN; SELECT id FROM user_sessions WHERE user_id = '1' FOR UPDATE";
    client.batch_execute(lock).await.unwrap();
    let marks = [held, free].map(|session| Activity { session, at: at(5) });
    assert_eq!(test.touch_many(&marks).await.unwrap(), 1);
    let limits = ExpiryLimits { now: at(9), idle_since: at(9), remembered_idle_since: at(9) };
    let ended = test.end_expired(limits, 10, &by_system(9)).await.unwrap();
    assert_eq!(ended.iter().map(|session| session.id).collect::<Vec<_>>(), [free]);
    assert_eq!(test.delete_ended_before(at(10), 10).await.unwrap(), 1);

    client.batch_execute("COMMIT").await.unwrap();
    assert_eq!(test.end_expired(limits, 10, &by_system(9)).await.unwrap().len(), 1);
    client.batch_execute(lock).await.unwrap();
    assert_eq!(test.delete_ended_before(at(10), 10).await.unwrap(), 0);
    client.batch_execute("COMMIT").await.unwrap();
    assert_eq!(test.delete_ended_before(at(10), 10).await.unwrap(), 1);
}
