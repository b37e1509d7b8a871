//! Many at once at the bundled users and platforms.

use sessrum_core::Role;
use sessrum_core::store::{
    AddPlatform, AddUser, CreateOutcome, NewPlatform, NewUser, PasswordChange, PasswordOutcome,
    UserChange, UserOutcome,
};

use crate::Fixture;
use crate::fixture::{MANY, at, change, count, new_platform, new_user, password};

/// A sign-in that races the disabling of its user.
///
/// Security: 7.4.2, 15.4.2
pub async fn no_sign_in_survives_the_disabling_of_its_user_7_4_2(store: Fixture) {
    for round in 0..8 {
        let user = store.user(&format!("user{round}")).await;
        let outcomes = store
            .race(MANY, |store, index| {
                let (new, user) = (store.new_session(&user), user.clone());
                async move {
                    if index == MANY / 2 {
                        let ended = store.set_user_active(&user, false, &change(2)).await;
                        assert!(ended.unwrap().is_some());
                        return true;
                    }
                    match store.create(new, &change(2)).await.unwrap() {
                        CreateOutcome::Created { .. } => true,
                        CreateOutcome::Refused => false,
                        CreateOutcome::Collision => panic!("a collision"),
                    }
                }
            })
            .await;
        assert_eq!(outcomes.len(), MANY);
        assert!(store.list_for_user(&user).await.unwrap().is_empty());
    }
}

/// Security: 15.4.2
pub async fn administrators_who_demote_each_other_leave_one(store: Fixture) {
    let mut admins = Vec::new();
    for index in 0..MANY {
        let admin = store.user(&format!("admin{index}")).await;
        store.set_role(&admin, Role::Admin, &change(1)).await.unwrap();
        admins.push(admin);
    }
    let outcomes = store
        .race(MANY, |store, index| {
            let admin = admins[index].clone();
            let what = if index % 2 == 0 {
                UserChange { role: Some(Role::Viewer), ..UserChange::default() }
            } else {
                UserChange { is_active: Some(false), ..UserChange::default() }
            };
            let what = UserChange { spares_last_admin: true, ..what };
            async move { store.change_user(&admin, what, &change(2)).await.unwrap() }
        })
        .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == UserOutcome::LastAdmin), 1);
    let users = store.users(None, MANY).await.unwrap();
    let left = users.iter().filter(|user| user.is_active && user.info.role == Role::Admin);
    assert_eq!(left.count(), 1);
}

/// Security: 15.4.2
pub async fn password_changes_checked_against_the_same_one_have_one_winner(store: Fixture) {
    let user = store.user("ada").await;
    let outcomes = store
        .race(MANY, |store, index| {
            let user = user.clone();
            async move {
                let hash = password(&index.to_string());
                let new = PasswordChange { hash, keep: None, checked_against: Some(at(0)) };
                store.change_password(&user, new, &change(5)).await.unwrap()
            }
        })
        .await;
    assert_eq!(count(&outcomes, |it| *it == PasswordOutcome::Refused), MANY - 1);
    let winner = outcomes.iter().position(|it| *it != PasswordOutcome::Refused).unwrap();
    let facts = store.find_for_sign_in("ada").await.unwrap().unwrap();
    assert_eq!(facts.password_hash, Some(password(&winner.to_string())));
}

/// Security: 15.4.2
pub async fn users_of_one_name_or_email_have_one_winner(store: Fixture) {
    let outcomes = store
        .race(MANY, |store, index| async move {
            let name = if index % 2 == 0 { "ada".to_owned() } else { format!("ada{index}") };
            let email = "ada@example.org".to_owned();
            let new = NewUser { email, ..new_user(&name) };
            store.add_user(new, &change(1)).await.unwrap()
        })
        .await;
    assert_eq!(count(&outcomes, |it| matches!(it, AddUser::Added(_))), 1);
    assert_eq!(store.users(None, 99).await.unwrap().len(), 1);
}

/// Security: 15.4.2
pub async fn platforms_added_as_default_leave_one_default(store: Fixture) {
    let user = store.user("ada").await;
    let outcomes = store
        .race(MANY, |store, index| {
            let user = user.clone();
            async move {
                let new = NewPlatform { is_default: true, ..new_platform(&index.to_string()) };
                store.add_platform(&user, new, &change(1)).await.unwrap()
            }
        })
        .await;
    assert_eq!(count(&outcomes, |it| matches!(it, AddPlatform::Added(_))), MANY);
    let platforms = store.platform_connections(&user).await.unwrap();
    assert_eq!(count(&platforms, |it| it.info.is_default), 1);
}
