//! The bundled platforms.

use sessrum_core::store::{
    AddPlatform, MOST_PLATFORMS, NewPlatform, NewSession, PlatformChange, PlatformConnection,
    PlatformCredentials, PlatformOutcome,
};
use sessrum_core::{PlatformId, PlatformInfo, SealedCredentials, UserId, UserSession};

use crate::Fixture;
use crate::fixture::{at, change, new_platform};

fn sealed(byte: u8) -> SealedCredentials {
    SealedCredentials { key_id: "k1".into(), sealed: vec![byte, 0, 255] }
}

/// Each platform's name, `*` after the default.
async fn names(store: &Fixture, user: &UserId) -> Vec<String> {
    let platforms = store.platform_connections(user).await.unwrap();
    let star = |platform: &PlatformInfo| if platform.is_default { "*" } else { "" };
    platforms.iter().map(|it| format!("{}{}", it.info.name, star(&it.info))).collect()
}

async fn changed(
    store: &Fixture,
    user: &UserId,
    platform: &PlatformInfo,
    what: PlatformChange,
) -> PlatformOutcome {
    store.change_platform(user, &platform.id, what, &change(9)).await.unwrap()
}

fn active(is_active: bool) -> PlatformChange {
    PlatformChange { is_active: Some(is_active), ..PlatformChange::default() }
}

fn default(is_default: bool) -> PlatformChange {
    PlatformChange { is_default: Some(is_default), ..PlatformChange::default() }
}

pub async fn an_added_platform_is_as_it_was_given(store: Fixture) {
    let user = store.user("ada").await;
    let added = store.add_platform(&user, new_platform("art"), &change(3)).await.unwrap();
    let info = PlatformInfo {
        id: PlatformId::from(1),
        name: "art".into(),
        platform_type: "pixelfed".into(),
        instance_url: "https://pixelfed.example".into(),
        username: "art".into(),
        is_default: true,
    };
    assert_eq!(added, AddPlatform::Added(info.clone()));
    let expected = PlatformConnection { info, is_active: true, created_at: at(3), last_used: None };
    assert_eq!(store.platform_connections(&user).await.unwrap(), [expected]);
}

pub async fn a_user_has_so_many_platforms_and_no_more(store: Fixture) {
    let user = store.user("ada").await;
    let add = async |index: usize| {
        let new = new_platform(&format!("art{index}"));
        store.add_platform(&user, new, &change(1)).await.unwrap()
    };
    for index in 0..MOST_PLATFORMS {
        assert!(matches!(add(index).await, AddPlatform::Added(_)), "{index}");
    }
    assert_eq!(add(MOST_PLATFORMS).await, AddPlatform::TooMany);
    assert_eq!(store.platform_connections(&user).await.unwrap().len(), MOST_PLATFORMS);
}

pub async fn the_last_use_of_a_platform_is_noted(store: Fixture) {
    let (ada, bob) = (store.user("ada").await, store.user("bob").await);
    let mut ids = Vec::new();
    for (user, name) in [(&ada, "art"), (&ada, "news"), (&bob, "film")] {
        ids.push(store.platform(user, name).await.id);
    }
    let new = NewSession { active_platform_id: Some(ids[0].clone()), ..store.new_session(&ada) };
    let session = store.created(new, 5).await.0;
    store.switch_platform_if(session.id, Some(&ids[1]), None, &change(7)).await.unwrap();
    // Whatever a caller says, the use of another user's platform is not noted.
    store.switch_platform_if(session.id, Some(&ids[2]), None, &change(9)).await.unwrap();
    let used = async |user: &UserId| {
        let rows = store.platform_connections(user).await.unwrap();
        rows.into_iter().map(|row| row.last_used).collect::<Vec<_>>()
    };
    assert_eq!(used(&ada).await, [Some(at(5)), Some(at(7))]);
    assert_eq!(used(&bob).await, [None]);
}

pub async fn a_platform_of_an_unknown_user_is_not_added(store: Fixture) {
    store.user("ada").await;
    for nobody in [UserId::from(9), UserId::from("1")] {
        let added = store.add_platform(&nobody, new_platform("art"), &change(1)).await.unwrap();
        assert_eq!(added, AddPlatform::UserUnknown);
        assert!(store.platform_connections(&nobody).await.unwrap().is_empty());
    }
}

pub async fn names_and_accounts_are_unique_for_the_user(store: Fixture) {
    let (ada, bob) = (store.user("ada").await, store.user("bob").await);
    store.platform(&ada, "art").await;
    let add = async |user, new| store.add_platform(user, new, &change(1)).await.unwrap();
    let same_name = NewPlatform { username: "other".into(), ..new_platform("art") };
    assert_eq!(add(&ada, same_name).await, AddPlatform::NameTaken);
    let same_account = NewPlatform { name: "other".into(), ..new_platform("art") };
    assert_eq!(add(&ada, same_account.clone()).await, AddPlatform::AccountTaken);
    assert_eq!(add(&ada, new_platform("art")).await, AddPlatform::NameTaken);
    let elsewhere = NewPlatform { instance_url: "https://else.example".into(), ..same_account };
    assert!(matches!(add(&ada, elsewhere).await, AddPlatform::Added(_)));
    assert!(matches!(add(&bob, new_platform("art")).await, AddPlatform::Added(_)));
}

pub async fn the_first_platform_is_the_default_and_a_later_one_may_take_over(store: Fixture) {
    let (user, other) = (store.user("ada").await, store.user("bob").await);
    store.platform(&user, "b").await;
    store.platform(&user, "a").await;
    store.platform(&other, "c").await;
    assert_eq!(names(&store, &user).await, ["b*", "a"]);
    let new = NewPlatform { is_default: true, ..new_platform("d") };
    store.add_platform(&user, new, &change(1)).await.unwrap();
    assert_eq!(names(&store, &user).await, ["d*", "a", "b"]);
    assert_eq!(names(&store, &other).await, ["c*"]);
}

pub async fn one_default_takes_over_from_another_or_none(store: Fixture) {
    let user = store.user("ada").await;
    let (a, b) = (store.platform(&user, "a").await, store.platform(&user, "b").await);
    let outcome = changed(&store, &user, &b, default(true)).await;
    assert!(matches!(outcome, PlatformOutcome::Changed(it) if it.info.is_default));
    assert_eq!(names(&store, &user).await, ["b*", "a"]);
    changed(&store, &user, &b, default(false)).await;
    assert_eq!(names(&store, &user).await, ["a", "b"]);
    changed(&store, &user, &a, default(true)).await;
    assert_eq!(names(&store, &user).await, ["a*", "b"]);
}

pub async fn an_inactive_platform_is_no_default_and_is_not_offered(store: Fixture) {
    let user = store.user("ada").await;
    let a = store.platform(&user, "a").await;
    changed(&store, &user, &a, active(false)).await;
    assert_eq!(names(&store, &user).await, ["a"]);
    assert!(store.platforms(&user).await.unwrap().is_empty());
    assert_eq!(offered(&store, &user, &a).await, None);
    assert_eq!(changed(&store, &user, &a, default(true)).await, PlatformOutcome::NotFound);
    let both = PlatformChange { is_default: Some(true), ..active(true) };
    assert!(matches!(changed(&store, &user, &a, both).await, PlatformOutcome::Changed(_)));
    assert_eq!(names(&store, &user).await, ["a*"]);
    let against = PlatformChange { is_default: Some(true), ..active(false) };
    assert_eq!(changed(&store, &user, &a, against).await, PlatformOutcome::NotFound);
    assert_eq!(names(&store, &user).await, ["a*"]);
}

async fn offered(store: &Fixture, user: &UserId, platform: &PlatformInfo) -> Option<PlatformInfo> {
    sessrum_core::Directory::platform(&**store, user, &platform.id).await.unwrap()
}

pub async fn a_platform_is_renamed_unless_the_name_is_taken(store: Fixture) {
    let user = store.user("ada").await;
    let (a, _) = (store.platform(&user, "a").await, store.platform(&user, "b").await);
    let rename = |name: &str| PlatformChange { name: Some(name.into()), ..active(true) };
    assert_eq!(changed(&store, &user, &a, rename("b")).await, PlatformOutcome::NameTaken);
    let same = changed(&store, &user, &a, rename("a")).await;
    assert!(matches!(same, PlatformOutcome::Changed(_)));
    changed(&store, &user, &a, rename("c")).await;
    assert_eq!(names(&store, &user).await, ["c*", "b"]);
}

pub async fn a_change_of_nothing_leaves_all_as_it_is(store: Fixture) {
    let user = store.user("ada").await;
    let a = store.platform(&user, "a").await;
    let before = store.platform_connections(&user).await.unwrap();
    let outcome = changed(&store, &user, &a, PlatformChange::default()).await;
    assert_eq!(outcome, PlatformOutcome::Changed(before[0].clone()));
    assert_eq!(store.platform_connections(&user).await.unwrap(), before);
}

/// Security: 8.2.2
pub async fn the_platform_of_another_user_is_not_found(store: Fixture) {
    let (ada, bob) = (store.user("ada").await, store.user("bob").await);
    let new = NewPlatform { credentials: Some(sealed(1)), ..new_platform("art") };
    store.add_platform(&ada, new, &change(1)).await.unwrap();
    let platforms = store.platform_connections(&ada).await.unwrap();
    let (platform, text) = (&platforms[0].info, PlatformId::from("1"));
    assert_eq!(changed(&store, &bob, platform, active(false)).await, PlatformOutcome::NotFound);
    for (user, id) in [(&bob, &platform.id), (&ada, &text)] {
        assert!(!store.remove_platform(user, id, &change(2)).await.unwrap());
        assert_eq!(store.platform_credentials(user, id).await.unwrap(), None);
        let found = sessrum_core::Directory::platform(&*store, user, id).await.unwrap();
        assert_eq!(found, None);
    }
    assert_eq!(store.platform_connections(&ada).await.unwrap(), platforms);
}

pub async fn sealed_credentials_are_kept_and_replaced(store: Fixture) {
    let user = store.user("ada").await;
    let new = NewPlatform { credentials: Some(sealed(1)), ..new_platform("art") };
    store.add_platform(&user, new, &change(1)).await.unwrap();
    let id = PlatformId::from(1);
    let credentials = async || store.platform_credentials(&user, &id).await.unwrap();
    assert_eq!(credentials().await, Some(sealed(1)));
    let what = PlatformChange { credentials: Some(sealed(2)), ..PlatformChange::default() };
    store.change_platform(&user, &id, what, &change(2)).await.unwrap();
    assert_eq!(credentials().await, Some(sealed(2)));
    store.change_platform(&user, &id, active(false), &change(2)).await.unwrap();
    assert_eq!(credentials().await, Some(sealed(2)));
    let bare = store.platform(&user, "bare").await;
    assert_eq!(store.platform_credentials(&user, &bare.id).await.unwrap(), None);
}

/// A session in the platform, and one beside it.
async fn two_sessions(
    store: &Fixture,
    user: &UserId,
    platform: &PlatformInfo,
) -> (UserSession, UserSession) {
    let active_platform_id = Some(platform.id.clone());
    let new = NewSession { active_platform_id, ..store.new_session(user) };
    (store.created(new, 1).await.0, store.session(user, 1).await)
}

pub async fn everyones_sealed_credentials_are_listed_and_sealed_anew(store: Fixture) {
    let mut expected = Vec::new();
    for (name, byte) in [("ada", 1), ("bob", 2), ("eve", 3)] {
        let user = store.user(name).await;
        let new = NewPlatform { credentials: Some(sealed(byte)), ..new_platform(name) };
        store.add_platform(&user, new, &change(1)).await.unwrap();
        store.platform(&user, "bare").await;
        let platform = i64::from(byte) * 2 - 1;
        expected.push(PlatformCredentials { user, platform, sealed: sealed(byte) });
    }
    assert_eq!(store.sealed_credentials(None, 2).await.unwrap(), expected[..2]);
    assert_eq!(store.sealed_credentials(Some(3), 9).await.unwrap(), expected[2..]);

    let anew = SealedCredentials { key_id: "k2".into(), sealed: vec![9] };
    assert!(store.reseal_credentials(&expected[1], &anew).await.unwrap());
    assert!(!store.reseal_credentials(&expected[1], &sealed(7)).await.unwrap(), "it has changed");
    expected[1].sealed = anew;
    assert_eq!(store.sealed_credentials(None, 9).await.unwrap(), expected);
}

pub async fn sessions_in_a_removed_platform_have_none(store: Fixture) {
    let user = store.user("ada").await;
    let platform = store.platform(&user, "art").await;
    let (inside, beside) = two_sessions(&store, &user, &platform).await;
    assert!(store.remove_platform(&user, &platform.id, &change(9)).await.unwrap());
    assert!(!store.remove_platform(&user, &platform.id, &change(9)).await.unwrap());
    assert!(names(&store, &user).await.is_empty());
    let expected =
        UserSession { active_platform_id: None, revision: 2, updated_at: at(9), ..inside.clone() };
    assert_eq!(store.row(&inside).await, expected);
    assert_eq!(store.row(&beside).await, beside);
}

pub async fn sessions_in_a_deactivated_platform_have_none(store: Fixture) {
    let user = store.user("ada").await;
    let platform = store.platform(&user, "art").await;
    let (inside, beside) = two_sessions(&store, &user, &platform).await;
    changed(&store, &user, &platform, active(false)).await;
    let expected =
        UserSession { active_platform_id: None, revision: 2, updated_at: at(9), ..inside.clone() };
    assert_eq!(store.row(&inside).await, expected);
    assert_eq!(store.row(&beside).await, beside);
}

pub async fn sessions_of_others_stay_when_a_platform_goes(store: Fixture) {
    let user = store.user("ada").await;
    let removed = store.platform(&user, "a").await;
    let switched_off = store.platform(&user, "b").await;
    let other = UserId::from("someone else");
    let (in_removed, _) = two_sessions(&store, &other, &removed).await;
    let (in_switched_off, _) = two_sessions(&store, &other, &switched_off).await;
    store.remove_platform(&user, &removed.id, &change(9)).await.unwrap();
    changed(&store, &user, &switched_off, active(false)).await;
    assert_eq!(store.row(&in_removed).await, in_removed);
    assert_eq!(store.row(&in_switched_off).await, in_switched_off);
}

pub async fn platform_keys_are_never_given_again(store: Fixture) {
    let user = store.user("ada").await;
    let first = store.platform(&user, "art").await;
    store.remove_platform(&user, &first.id, &change(1)).await.unwrap();
    assert_eq!(store.platform(&user, "art").await.id, PlatformId::from(2));
}
