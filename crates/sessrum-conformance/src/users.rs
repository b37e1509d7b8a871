//! The bundled users.

use std::collections::BTreeMap;

use sessrum_core::store::{
    AddUser, NewUser, PasswordChange, PasswordOutcome, Rotation, UserChange, UserOutcome,
};
use sessrum_core::{
    EndReason, EventKind, Role, SessionId, SessionPolicy, TokenStanding, UserId, UserSession,
};

use crate::Fixture;
use crate::fixture::{at, change, ids, new_user, password};

pub async fn an_added_user_is_as_it_was_given(store: Fixture) {
    let new = NewUser { role: Role::Reviewer, ..new_user("ada") };
    let added = store.add_user(new, &change(3)).await.unwrap();
    assert_eq!(added, AddUser::Added(UserId::from(1)));
    let user = store.user_by_name("ada").await.unwrap().unwrap();
    assert_eq!(user.info.id, UserId::from(1));
    assert_eq!(user.info.username, "ada");
    assert_eq!(user.info.email, "ada@example.org");
    assert_eq!(user.info.role, Role::Reviewer);
    assert!(user.is_active);
    assert_eq!((user.created_at, user.password_changed_at), (at(3), at(3)));
}

/// Two names that differ in case alone could be taken for each other, by people and by counters.
pub async fn a_user_name_is_unique_whatever_its_case_and_compared_as_it_is(store: Fixture) {
    store.user("ada").await;
    let same = NewUser { email: "other@example.org".into(), ..new_user("ada") };
    assert_eq!(store.add_user(same, &change(1)).await.unwrap(), AddUser::UsernameTaken);
    for other in ["Ada", "ADA"] {
        let new = NewUser { email: "other@example.org".into(), ..new_user(other) };
        assert_eq!(store.add_user(new, &change(1)).await.unwrap(), AddUser::UsernameTaken);
        assert_eq!(store.user_by_name(other).await.unwrap(), None);
    }
    store.user("Øyvind").await;
    let new = NewUser { email: "other@example.org".into(), ..new_user("øYVIND") };
    assert_eq!(store.add_user(new, &change(1)).await.unwrap(), AddUser::UsernameTaken);
}

pub async fn an_email_is_unique_whatever_its_case(store: Fixture) {
    store.user("ada").await;
    let same = NewUser { email: "ADA@Example.org".into(), ..new_user("bob") };
    assert_eq!(store.add_user(same, &change(1)).await.unwrap(), AddUser::EmailTaken);
    assert_eq!(store.user_by_name("bob").await.unwrap(), None);
}

pub async fn a_taken_name_is_told_before_a_taken_email(store: Fixture) {
    store.user("ada").await;
    let added = store.add_user(new_user("ada"), &change(1)).await.unwrap();
    assert_eq!(added, AddUser::UsernameTaken);
}

pub async fn users_come_oldest_first_in_pages(store: Fixture) {
    for name in ["zoe", "ada", "bob"] {
        store.user(name).await;
    }
    let names = async |after, limit| -> Vec<String> {
        let users = store.users(after, limit).await.unwrap();
        users.into_iter().map(|user| user.info.username).collect()
    };
    assert_eq!(names(None, 2).await, ["zoe", "ada"]);
    assert_eq!(names(Some(2), 2).await, ["bob"]);
    assert!(names(Some(3), 2).await.is_empty());
}

pub async fn names_are_told_of_those_who_are_there(store: Fixture) {
    let [zoe, ada, bob] =
        [store.user("zoe").await, store.user("ada").await, store.user("bob").await];
    store.forget_user(&bob, &change(1)).await.unwrap().unwrap();
    // A text is nobody of the bundled tables, whatever it looks like.
    let text = UserId::from(ada.to_string().as_str());
    let asked = [zoe.clone(), bob, text, ada.clone(), zoe.clone(), UserId::from(99)];
    let names = store.usernames(&asked).await.unwrap();
    assert_eq!(names, BTreeMap::from([(zoe, "zoe".to_owned()), (ada, "ada".to_owned())]));
    assert!(store.usernames(&[]).await.unwrap().is_empty());
}

/// Security: 7.4.2
pub async fn disabling_a_user_ends_their_sessions_7_4_2(store: Fixture) {
    let (ada, bob) = (store.user("ada").await, store.user("bob").await);
    let one = store.session(&ada, 1).await;
    let two = store.session(&ada, 2).await;
    let other = store.session(&bob, 1).await;
    let ended = store.set_user_active(&ada, false, &change(3)).await.unwrap().unwrap();
    assert_eq!(ids(&ended), [one.id, two.id]);
    assert!(ended.iter().all(|ended| ended.reason == EndReason::UserDisabled));
    assert!(!store.user_by_name("ada").await.unwrap().unwrap().is_active);
    assert_eq!(store.row(&other).await, other);
    let enabled = store.set_user_active(&ada, true, &change(4)).await.unwrap();
    assert_eq!(enabled, Some(Vec::new()));
    assert!(store.user_by_name("ada").await.unwrap().unwrap().is_active);
    assert!(store.row(&one).await.ended.is_some());
}

/// Security: 8.3.2, parameter row
pub async fn a_role_change_is_seen_at_once_in_every_live_session_8_3_2(store: Fixture) {
    let (ada, bob) = (store.user("ada").await, store.user("bob").await);
    let (session, token) = store.signed_in(&ada, 1).await;
    let other = store.session(&bob, 1).await;
    assert_eq!(store.loaded(&token).await.user.unwrap().role_changed_at, None);
    assert!(store.set_role(&ada, Role::Admin, &change(5)).await.unwrap());
    let loaded = store.loaded(&token).await;
    let expected = UserSession { revision: 2, updated_at: at(5), ..session };
    assert_eq!(loaded.session, expected);
    let facts = loaded.user.unwrap();
    assert_eq!((facts.info.role, facts.role_changed_at), (Role::Admin, Some(at(5))));
    assert_eq!(store.row(&other).await, other);
}

pub async fn a_change_of_a_user_is_made_as_a_whole(store: Fixture) {
    let user = store.user("ada").await;
    let session = store.session(&user, 1).await;
    let what =
        UserChange { role: Some(Role::Admin), is_active: Some(false), spares_last_admin: true };
    let outcome = store.change_user(&user, what, &change(5)).await.unwrap();
    let UserOutcome::Changed { user: changed, ended } = outcome else { panic!("{outcome:?}") };
    assert_eq!((changed.info.role, changed.is_active), (Role::Admin, false));
    assert_eq!(Some(*changed), store.user_by_name("ada").await.unwrap());
    assert_eq!(ids(&ended), [session.id]);
    let kinds: Vec<_> = store.trail().await.iter().filter_map(|event| event.kind.known()).collect();
    assert!(kinds.contains(&EventKind::RoleChanged) && kinds.contains(&EventKind::UserDisabled));
}

pub async fn what_a_user_is_already_is_no_change(store: Fixture) {
    let user = store.user("ada").await;
    let session = store.session(&user, 1).await;
    let (row, trail) = (store.user_by_name("ada").await.unwrap().unwrap(), store.trail().await);
    let as_is =
        UserChange { role: Some(Role::Viewer), is_active: Some(true), spares_last_admin: false };
    for what in [as_is, UserChange::default()] {
        let outcome = store.change_user(&user, what, &change(5)).await.unwrap();
        let unchanged = UserOutcome::Changed { user: Box::new(row.clone()), ended: Vec::new() };
        assert_eq!(outcome, unchanged);
    }
    assert_eq!(store.row(&session).await, session);
    assert_eq!(store.trail().await, trail);
}

pub async fn the_last_active_admin_is_spared_where_that_is_asked_for(store: Fixture) {
    let [ada, bob, eve] =
        [store.user("ada").await, store.user("bob").await, store.user("eve").await];
    for admin in [&ada, &bob] {
        store.set_role(admin, Role::Admin, &change(1)).await.unwrap();
    }
    store.set_user_active(&bob, false, &change(1)).await.unwrap();
    let trail = store.trail().await;
    let spares = UserChange { spares_last_admin: true, ..UserChange::default() };
    let demoted = UserChange { role: Some(Role::Moderator), ..spares };
    let disabled = UserChange { is_active: Some(false), ..spares };
    let both = UserChange { role: Some(Role::Moderator), is_active: Some(false), ..spares };
    for what in [demoted, disabled, both] {
        let outcome = store.change_user(&ada, what, &change(2)).await.unwrap();
        assert_eq!(outcome, UserOutcome::LastAdmin, "{what:?}");
    }
    assert_eq!(store.trail().await, trail);
    // Nobody else is one, a disabled administrator included.
    let still = UserChange { role: Some(Role::Admin), is_active: Some(true), ..spares };
    for (user, what) in [(&eve, demoted), (&eve, disabled), (&bob, demoted), (&ada, still)] {
        let outcome = store.change_user(user, what, &change(3)).await.unwrap();
        assert!(matches!(outcome, UserOutcome::Changed { .. }), "{what:?}");
    }
    let back = UserChange { role: Some(Role::Admin), is_active: Some(true), ..spares };
    store.change_user(&bob, back, &change(4)).await.unwrap();
    let outcome = store.change_user(&ada, both, &change(5)).await.unwrap();
    assert!(matches!(outcome, UserOutcome::Changed { .. }), "{outcome:?}");
    let unasked = UserChange { spares_last_admin: false, ..both };
    let outcome = store.change_user(&bob, unasked, &change(6)).await.unwrap();
    assert!(matches!(outcome, UserOutcome::Changed { .. }), "{outcome:?}");
}

pub async fn every_role_is_kept(store: Fixture) {
    let user = store.user("ada").await;
    for role in Role::ALL {
        store.set_role(&user, *role, &change(1)).await.unwrap();
        assert_eq!(store.user_by_name("ada").await.unwrap().unwrap().info.role, *role);
    }
}

pub async fn what_is_asked_of_an_unknown_user_is_refused(store: Fixture) {
    store.user("ada").await;
    for nobody in [UserId::from(9), UserId::from("1"), UserId::from("ada")] {
        let outcome = store.change_user(&nobody, UserChange::default(), &change(1)).await;
        assert_eq!(outcome.unwrap(), UserOutcome::NotFound);
        assert_eq!(store.set_user_active(&nobody, false, &change(1)).await.unwrap(), None);
        assert!(!store.set_role(&nobody, Role::Admin, &change(1)).await.unwrap());
        let (old, new) = (password("ada"), password("new"));
        assert!(!store.upgrade_password_hash(&nobody, &old, &new).await.unwrap());
        let change_of_password = PasswordChange { hash: new, keep: None, checked_against: None };
        let outcome = store.change_password(&nobody, change_of_password, &change(1)).await;
        assert_eq!(outcome.unwrap(), PasswordOutcome::Refused);
    }
    let user = store.user_by_name("ada").await.unwrap().unwrap();
    assert!(user.is_active && user.info.role == Role::Viewer);
}

fn keeping(store: &Fixture, session: SessionId) -> (PasswordChange, Rotation) {
    let rotation =
        Rotation { forced: true, authenticated_until: Some(at(99_999)), ..store.rotation(5) };
    let keep = Some((session, rotation));
    (PasswordChange { hash: password("new"), keep, checked_against: Some(at(0)) }, rotation)
}

/// Security: 7.2.4, 7.4.3
pub async fn a_password_change_ends_the_others_and_rotates_the_kept_7_4_3(store: Fixture) {
    let user = store.user("ada").await;
    let (kept, token) = store.signed_in(&user, 1).await;
    let one = store.session(&user, 2).await;
    let other = store.session(&UserId::from("someone"), 1).await;
    let (new, rotation) = keeping(&store, kept.id);
    let outcome = store.change_password(&user, new, &change(5)).await.unwrap();
    let PasswordOutcome::Changed { kept: Some(row), ended } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(ids(&ended), [one.id]);
    assert_eq!(ended[0].reason, EndReason::PasswordChanged);
    let expected = UserSession {
        revision: 2,
        authenticated_at: at(5),
        last_activity: at(5),
        updated_at: at(5),
        expires_at: at(99_999),
        ..kept
    };
    assert_eq!(*row, expected);
    assert_eq!(store.row(&row).await, expected);
    assert!(store.opens(&rotation.token).await);
    store.confirm_token(&rotation.token, at(6)).await.unwrap();
    let standing = store.loaded(&token).await.token.standing(at(99), &SessionPolicy::default());
    assert_eq!(standing, TokenStanding::Reused);
    assert_eq!(store.row(&other).await, other);
    let facts = store.find_for_sign_in("ada").await.unwrap().unwrap();
    assert_eq!(facts.password_hash, Some(password("new")));
    assert_eq!(facts.password_changed_at, at(5));
}

pub async fn a_password_change_that_keeps_none_ends_all(store: Fixture) {
    let user = store.user("ada").await;
    let session = store.session(&user, 1).await;
    let new = PasswordChange { hash: password("new"), keep: None, checked_against: None };
    let outcome = store.change_password(&user, new, &change(5)).await.unwrap();
    let PasswordOutcome::Changed { kept: None, ended } = outcome else { panic!("{outcome:?}") };
    assert_eq!(ids(&ended), [session.id]);
}

pub async fn a_password_that_changed_meanwhile_is_not_changed_again(store: Fixture) {
    let user = store.user("ada").await;
    let first = PasswordChange { hash: password("first"), keep: None, checked_against: None };
    store.change_password(&user, first, &change(1)).await.unwrap();
    let (session, token) = store.signed_in(&user, 2).await;
    let (second, rotation) = keeping(&store, session.id);
    let outcome = store.change_password(&user, second, &change(5)).await.unwrap();
    assert_eq!(outcome, PasswordOutcome::Refused);
    assert_eq!(store.loaded(&token).await.session, session);
    assert!(!store.opens(&rotation.token).await);
    let facts = store.find_for_sign_in("ada").await.unwrap().unwrap();
    assert_eq!(facts.password_hash, Some(password("first")));
}

pub async fn a_password_change_cannot_keep_the_session_of_another(store: Fixture) {
    let (ada, bob) = (store.user("ada").await, store.user("bob").await);
    let (session, others) = (store.session(&ada, 1).await, store.session(&bob, 1).await);
    let (new, rotation) = keeping(&store, others.id);
    let outcome = store.change_password(&ada, new, &change(5)).await.unwrap();
    assert_eq!(outcome, PasswordOutcome::Refused);
    assert!(!store.opens(&rotation.token).await);
    assert_eq!(store.row(&session).await, session);
    assert_eq!(store.row(&others).await, others);
}

/// Security: 11.4.2, 15.4.2
pub async fn a_hash_is_upgraded_only_in_the_place_of_the_old_one(store: Fixture) {
    let user = store.user("ada").await;
    let session = store.session(&user, 1).await;
    let (old, new) = (password("ada"), password("stronger"));
    assert!(store.upgrade_password_hash(&user, &old, &new).await.unwrap());
    assert!(!store.upgrade_password_hash(&user, &old, &password("third")).await.unwrap());
    let facts = store.find_for_sign_in("ada").await.unwrap().unwrap();
    assert_eq!(facts.password_hash, Some(new));
    assert_eq!(facts.password_changed_at, at(0));
    assert_eq!(store.row(&session).await, session);
}
