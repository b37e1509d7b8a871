//! Behaviour that hangs on how SQLite compares, cascades and keeps values.

use sessrum_core::store::{
    AccountStore as _, AddPlatform, AddUser, DataStore as _, DataWrite, EventFilter,
    EventStore as _, NewPlatform, NewUser, Page, PasswordChange, PasswordOutcome, PlatformChange,
    PlatformOutcome, Precondition, PutOutcome, RotateOutcome, Rotation, SessionFilter,
    SessionStore as _,
};
use sessrum_core::{
    Directory as _, EndReason, EventKind, ExpiryLimits, PasswordHash, PlatformId, Role,
    SealedCredentials, SessionId, TokenHash, UserId,
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

fn rotation(token: TokenHash) -> Rotation {
    let patience_since = at(0);
    Rotation {
        token,
        replaces: None,
        patience_since,
        forced: false,
        authenticated_until: None,
        password_changed_at: None,
    }
}

#[tokio::test]
async fn a_text_is_never_the_key_of_a_bundled_row() {
    let test = TestStore::new();
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
async fn loading_tells_the_user_and_a_platform_that_is_theirs_and_active() {
    let test = TestStore::new();
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
async fn a_user_has_one_default_at_most() {
    let test = TestStore::new();
    let user = test.user_named("ada").await;
    let first = add_platform(&test, &user, platform("b")).await;
    let second = add_platform(&test, &user, platform("a")).await;
    let defaults = async || {
        let platforms = test.platforms(&user).await.unwrap();
        platforms.into_iter().map(|info| (info.id, info.is_default)).collect::<Vec<_>>()
    };
    assert_eq!(defaults().await, [(first.clone(), true), (second.clone(), false)]);
    let to_default = PlatformChange { is_default: Some(true), ..PlatformChange::default() };
    test.change_platform(&user, &second, to_default, &by_system(1)).await.unwrap();
    assert_eq!(defaults().await, [(second, true), (first, false)]);
}

#[tokio::test]
async fn credentials_stay_until_there_are_others() {
    let test = TestStore::new();
    let user = test.user_named("ada").await;
    let sealed = SealedCredentials { key_id: "key 1".to_owned(), sealed: vec![1, 2, 3] };
    let mut new = platform("one");
    new.credentials = Some(sealed.clone());
    let id = add_platform(&test, &user, new).await;
    let rename = PlatformChange { name: Some("two".to_owned()), ..PlatformChange::default() };
    test.change_platform(&user, &id, rename, &by_system(1)).await.unwrap();
    assert_eq!(test.platform_credentials(&user, &id).await.unwrap(), Some(sealed));
    assert_eq!(test.platform_credentials(&2.into(), &id).await.unwrap(), None);
}

#[tokio::test]
async fn addresses_and_names_differ_by_more_than_case() {
    let test = TestStore::new();
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

#[tokio::test]
async fn a_removed_session_takes_its_tokens_and_data_and_leaves_its_events() {
    let test = TestStore::new();
    let new = test.new_session(1);
    let token = new.token;
    let session = test.sign_in(new, 1).await;
    test.put_data(session.id, put("key")).await.unwrap();
    test.end(session.id, EndReason::Logout, &by_system(5)).await.unwrap();
    assert_eq!(test.delete_ended_before(at(5), 10).await.unwrap(), 0);
    assert_eq!(test.delete_ended_before(at(6), 10).await.unwrap(), 1);
    assert_eq!(test.load_by_token(&token).await.unwrap(), None);
    assert_eq!(test.trail().await.len(), 2);
    let connection = rusqlite::Connection::open(&test.path).unwrap();
    for table in ["user_sessions", "session_tokens", "session_data"] {
        let count = format!("SELECT count(*) FROM {table}");
        let rows: i64 = connection.query_row(&count, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    // Its key is not given again.
    assert!(test.sign_in(test.new_session(1), 7).await.id > session.id);
}

#[tokio::test]
async fn what_is_over_ends_by_each_of_the_three_limits_and_no_sooner() {
    let test = TestStore::new();
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
async fn an_ended_session_stays_as_it_ended() {
    let test = TestStore::new();
    let id = test.sign_in(test.new_session(1), 1).await.id;
    let unseen = test.token();
    test.rotate(id, rotation(unseen), &by_system(1)).await.unwrap();
    test.end(id, EndReason::Logout, &by_system(2)).await.unwrap();
    let before = test.load_by_token(&unseen).await.unwrap().unwrap();
    let events = test.trail().await;

    let successor = test.token();
    assert_eq!(
        test.rotate(id, rotation(successor), &by_system(3)).await.unwrap(),
        RotateOutcome::Gone
    );
    assert_eq!(test.load_by_token(&successor).await.unwrap(), None);
    let mark = sessrum_core::store::Activity { session: id, at: at(9) };
    assert_eq!(test.touch_many(&[mark]).await.unwrap(), 0);
    assert_eq!(test.put_data(id, put("key")).await.unwrap(), PutOutcome::Gone);
    test.switch_platform_if(id, Some(&1.into()), None, &by_system(3)).await.unwrap();
    test.confirm_token(&unseen, at(3)).await.unwrap();
    assert_eq!(test.end(id, EndReason::Evicted, &by_system(3)).await.unwrap(), None);
    assert_eq!(test.load_by_token(&unseen).await.unwrap().unwrap(), before);
    assert_eq!(test.trail().await, events);
}

#[tokio::test]
async fn tokens_hand_over() {
    let test = TestStore::new();
    let new = test.new_session(1);
    let first = new.token;
    let id = test.sign_in(new, 1).await.id;
    let (lost, young, forced) = (test.token(), test.token(), test.token());
    let rotate = async |token, since, is_forced, seconds| {
        let rotation = Rotation { patience_since: at(since), forced: is_forced, ..rotation(token) };
        test.rotate(id, rotation, &by_system(seconds)).await.unwrap()
    };
    let record = async |token| test.load_by_token(&token).await.unwrap().map(|found| found.token);

    assert!(matches!(rotate(lost, 1, false, 10).await, RotateOutcome::Rotated(_)));
    assert_eq!(rotate(young, 9, false, 11).await, RotateOutcome::Pending);
    assert!(matches!(rotate(young, 10, false, 20).await, RotateOutcome::Rotated(_)));
    assert_eq!(record(lost).await.unwrap().retired_at, Some(at(20)));
    assert_eq!(rotate(first, 20, false, 21).await, RotateOutcome::Collision);
    assert!(record(young).await.is_some());
    assert!(matches!(rotate(forced, 10, true, 22).await, RotateOutcome::Rotated(_)));

    // The browser uses the young one while the forced one is still on its way.
    test.confirm_token(&young, at(23)).await.unwrap();
    assert_eq!(record(first).await.unwrap().retired_at, Some(at(23)));
    assert_eq!(record(young).await.unwrap().first_used_at, Some(at(23)));
    assert_eq!(record(forced).await.unwrap().retired_at, None);
    test.confirm_token(&forced, at(24)).await.unwrap();
    assert_eq!(record(first).await.unwrap().retired_at, Some(at(23)));
    assert_eq!(record(young).await.unwrap().retired_at, Some(at(24)));
    assert_eq!(record(forced).await.unwrap().retired_at, None);
}

#[tokio::test]
async fn a_new_password_keeps_one_session_and_is_refused_when_another_came_first() {
    let test = TestStore::new();
    let user = test.user_named("ada").await;
    let kept = test.sign_in(test.new_session(user.clone()), 1).await.id;
    let other = test.sign_in(test.new_session(user.clone()), 1).await.id;
    let strangers = test.sign_in(test.new_session(99), 1).await.id;
    let change = async |session, checked_against, token| {
        let hash = PasswordHash::from_phc("$argon2id$new".to_owned());
        let rotation =
            Rotation { forced: true, authenticated_until: Some(at(500)), ..rotation(token) };
        let password = PasswordChange { hash, keep: Some((session, rotation)), checked_against };
        test.change_password(&user, password, &by_system(5)).await.unwrap()
    };
    let new = test.token();
    assert_eq!(change(kept, Some(at(4)), new).await, PasswordOutcome::Refused);
    assert_eq!(change(strangers, Some(at(0)), new).await, PasswordOutcome::Refused);
    assert_eq!(test.load_by_token(&new).await.unwrap(), None);

    let PasswordOutcome::Changed { kept: row, ended } = change(kept, Some(at(0)), new).await else {
        panic!("refused");
    };
    let row = row.unwrap();
    assert_eq!((row.id, row.revision, row.expires_at), (kept, 2, at(500)));
    assert_eq!((row.authenticated_at, row.last_activity, row.updated_at), (at(5), at(5), at(5)));
    assert_eq!(ended.iter().map(|session| session.id).collect::<Vec<_>>(), [other]);
    let facts = test.find_for_sign_in("ada").await.unwrap().unwrap();
    assert_eq!(facts.password_changed_at, at(5));
    assert_eq!(facts.password_hash.unwrap().expose(), "$argon2id$new");
    assert_eq!(test.list_for_user(&99.into()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn events_are_filtered_and_paged_newest_first() {
    let test = TestStore::new();
    for second in 1..=6 {
        test.sign_in(test.new_session(second % 2), second).await;
    }
    let ids = async |user_id: Option<i64>, since: Option<i64>, before, limit| {
        let (user_id, since) = (user_id.map(UserId::from), since.map(at));
        let filter = EventFilter { user_id, since, ..EventFilter::default() };
        let events = test.events(&filter, Page { before, limit }).await.unwrap();
        assert!(events.iter().all(|event| event.kind == EventKind::SignedIn));
        events.into_iter().map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None, None, None, 2).await, [6, 5]);
    assert_eq!(ids(None, None, Some(5), 2).await, [4, 3]);
    assert_eq!(ids(None, Some(4), None, 10).await, [6, 5, 4]);
    assert_eq!(ids(None, Some(4), Some(6), 1).await, [5]);
    assert_eq!(ids(Some(1), None, None, 10).await, [5, 3, 1]);
    assert_eq!(ids(Some(1), Some(3), Some(5), 10).await, [3]);
}

#[tokio::test]
async fn a_revision_of_data_is_never_given_twice_and_bytes_are_counted() {
    let test = TestStore::new();
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
