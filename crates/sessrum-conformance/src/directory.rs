//! What is read for a request: bundled facts, and the keys of an application's own directory.

use sessrum_core::store::{NewSession, NewUser, PlatformChange, SessionFilter};
use sessrum_core::{Directory, Key, PlatformId, Role, UserId};

use crate::Fixture;
use crate::fixture::{ALL, at, change, new_user, password};

pub async fn a_user_is_found_for_sign_in_with_their_password(store: Fixture) {
    let user = store.user("ada").await;
    let facts = store.find_for_sign_in("ada").await.unwrap().unwrap();
    assert_eq!(facts.user, Directory::user(&*store, &user).await.unwrap().unwrap());
    assert_eq!(facts.password_hash, Some(password("ada")));
    assert_eq!(facts.password_changed_at, at(0));
    assert!(store.find_for_sign_in("Ada").await.unwrap().is_none());
    assert!(store.find_for_sign_in("ada@example.org").await.unwrap().is_none());
}

pub async fn a_user_without_a_password_and_a_disabled_one_are_found(store: Fixture) {
    let new = NewUser { password_hash: None, ..new_user("ada") };
    store.add_user(new, &change(0)).await.unwrap();
    let facts = store.find_for_sign_in("ada").await.unwrap().unwrap();
    assert!(facts.user.is_active && facts.password_hash.is_none());
    store.set_user_active(&facts.user.info.id, false, &change(1)).await.unwrap();
    assert!(!store.find_for_sign_in("ada").await.unwrap().unwrap().user.is_active);
}

pub async fn a_user_is_found_by_key_active_or_not(store: Fixture) {
    let user = store.user("ada").await;
    store.set_role(&user, Role::Admin, &change(4)).await.unwrap();
    store.set_user_active(&user, false, &change(5)).await.unwrap();
    let facts = Directory::user(&*store, &user).await.unwrap().unwrap();
    assert_eq!((facts.info.id, facts.info.username.as_str()), (user, "ada"));
    assert_eq!((facts.info.role, facts.role_changed_at), (Role::Admin, Some(at(4))));
    assert!(!facts.is_active);
    for nobody in [UserId::from(2), UserId::from("1")] {
        assert_eq!(Directory::user(&*store, &nobody).await.unwrap(), None);
    }
}

/// By its bytes: no language says where "B" and "ä" belong.
pub async fn platforms_are_offered_the_default_first_then_by_name(store: Fixture) {
    let user = store.user("ada").await;
    for name in ["c", "b", "a", "ä", "d", "B", "B b", "Ba"] {
        store.platform(&user, name).await;
    }
    let inactive = PlatformChange { is_active: Some(false), ..PlatformChange::default() };
    store.change_platform(&user, &PlatformId::from(2), inactive, &change(1)).await.unwrap();
    let offered = store.platforms(&user).await.unwrap();
    let names: Vec<&str> = offered.iter().map(|platform| platform.name.as_str()).collect();
    assert_eq!(names, ["c", "B", "B b", "Ba", "a", "d", "ä"]);
    let one = Directory::platform(&*store, &user, &offered[1].id).await.unwrap();
    assert_eq!(one.as_ref(), Some(&offered[1]));
}

pub async fn a_token_loads_the_bundled_user_and_platform_with_the_row(store: Fixture) {
    let user = store.user("ada").await;
    let platform = store.platform(&user, "art").await;
    let active_platform_id = Some(platform.id.clone());
    let new = NewSession { active_platform_id, ..store.new_session(&user) };
    let token = new.token;
    store.created(new, 1).await;
    let loaded = store.loaded(&token).await;
    assert_eq!(loaded.user, Directory::user(&*store, &user).await.unwrap());
    assert_eq!(loaded.platform, Some(platform));
    store.set_user_active(&user, false, &change(2)).await.unwrap();
    assert!(!store.loaded(&token).await.user.unwrap().is_active);
}

pub async fn a_token_loads_no_platform_that_is_anothers_or_inactive(store: Fixture) {
    let (ada, bob) = (store.user("ada").await, store.user("bob").await);
    let platform = store.platform(&bob, "art").await;
    let (session, token) = store.signed_in(&ada, 1).await;
    let (own, own_token) = store.signed_in(&bob, 1).await;
    let inactive = PlatformChange { is_active: Some(false), ..PlatformChange::default() };
    for (session, token, seen) in [(&session, token, false), (&own, own_token, true)] {
        let id = Some(&platform.id);
        store.switch_platform_if(session.id, id, None, &change(2)).await.unwrap();
        assert_eq!(store.loaded(&token).await.platform.is_some(), seen);
    }
    store.change_platform(&bob, &platform.id, inactive, &change(3)).await.unwrap();
    store.switch_platform_if(own.id, Some(&platform.id), None, &change(4)).await.unwrap();
    assert_eq!(store.loaded(&own_token).await.platform, None);
}

pub async fn keys_of_another_directory_stay_what_they_were(store: Fixture) {
    let numbers = [0, 7, -7, i64::MIN, i64::MAX].map(Key::Integer);
    let texts = ["", "7", "ü", "\"", "\\", "null", "a\nb", "7'; --", "\0", "%", "0d9c5f6e-uuid"];
    let texts = texts.map(|text| Key::Text(text.into()));
    let keys: Vec<Key> = numbers.into_iter().chain(texts).collect();
    for (user, platform) in keys.iter().zip(keys.iter().rev()) {
        let (user, platform) = (UserId(user.clone()), PlatformId(platform.clone()));
        let active_platform_id = Some(platform.clone());
        let new = NewSession { active_platform_id, ..store.new_session(&user) };
        let token = new.token;
        store.created(new, 1).await;
        let loaded = store.loaded(&token).await;
        assert_eq!(loaded.session.user_id, user);
        assert_eq!(loaded.session.active_platform_id, Some(platform));
        assert_eq!((loaded.user, loaded.platform), (None, None));
        let listed = store.list_for_user(&user).await.unwrap();
        assert_eq!(listed, [loaded.session]);
        let filter = SessionFilter { user_id: Some(user.clone()), include_ended: true };
        assert_eq!(store.list(&filter, ALL).await.unwrap(), listed);
        assert_eq!(store.trail().await.pop().unwrap().user_id, Some(user.clone()));
        assert_eq!(store.forget_user(&user, &change(2)).await.unwrap().unwrap().len(), 1);
    }
}

pub async fn the_number_7_and_the_text_7_are_two_users(store: Fixture) {
    let (number, text) = (UserId::from(7), UserId::from("7"));
    let (one, other) = (store.session(&number, 1).await, store.session(&text, 1).await);
    let filter = SessionFilter { user_id: Some(text.clone()), include_ended: true };
    let listed = store.list(&filter, ALL).await.unwrap();
    assert_eq!(listed.iter().map(|row| row.id).collect::<Vec<_>>(), [other.id]);
    let reason = sessrum_core::EndReason::RevokedByUser;
    let ended = store.end_for_user(&number, None, reason, &change(2)).await.unwrap();
    assert_eq!(ended[0].id, one.id);
    assert_eq!(store.row(&other).await, other);
    let new = NewSession { cap: 1, ..store.new_session(&number) };
    assert!(store.created(new, 3).await.1.is_empty());
    assert_eq!(store.row(&other).await, other);
}

pub async fn a_text_key_never_matches_a_bundled_row(store: Fixture) {
    let user = store.user("ada").await;
    store.platform(&user, "art").await;
    let text = UserId::from("1");
    store.set_user_active(&user, false, &change(1)).await.unwrap();
    let (session, token) = store.signed_in(&text, 2).await;
    let platform = PlatformId::from("1");
    store.switch_platform_if(session.id, Some(&platform), None, &change(3)).await.unwrap();
    let loaded = store.loaded(&token).await;
    assert_eq!((loaded.user, loaded.platform), (None, None));
    assert!(store.platforms(&text).await.unwrap().is_empty());
    assert!(store.platform_connections(&text).await.unwrap().is_empty());
}

pub async fn the_bundled_tables_have_no_changes_to_tell(store: Fixture) {
    let user = store.user("ada").await;
    store.set_user_active(&user, false, &change(1)).await.unwrap();
    assert!(store.changes_after(None).await.unwrap().changes.is_empty());
    assert_eq!(store.changes_after(Some(5)).await.unwrap().cursor, 5);
}
