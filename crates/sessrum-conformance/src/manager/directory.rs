//! An application's own users and platforms, with its own keys.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sessrum_core::store::StoreError;
use sessrum_core::{
    Directory, DirectoryChange, DirectoryChanges, EndReason, EventKind, PasswordHash, PlatformId,
    PlatformInfo, Role, SessionError, SignInFacts, SignInOutcome, SwitchOutcome, Timestamp,
    UserFacts, UserId, UserInfo,
};

use super::ManagerFixture;
use super::accounts::{PASSWORD, form};
use super::fixture::{CHEAP, TICK, ended, home, long_lived};
use super::passwords::reauthenticated;
use crate::fixture::at;
use crate::proxy::ProxyStore;

/// One user, "ada" with the key "u-ada", and workspaces that are hers.
#[derive(Default)]
struct Staff(Mutex<Records>);

#[derive(Default)]
struct Records {
    ada: Option<UserFacts>,
    password: Option<PasswordHash>,
    workspaces: Vec<PlatformInfo>,
    changes: Vec<DirectoryChange>,
}

impl Staff {
    fn edit(&self, edit: impl FnOnce(&mut Records)) {
        edit(&mut self.0.lock().unwrap());
    }

    fn edit_ada(&self, edit: impl FnOnce(&mut UserFacts)) {
        self.edit(|records| edit(records.ada.as_mut().unwrap()));
    }
}

#[async_trait]
impl Directory for Staff {
    async fn find_for_sign_in(&self, username: &str) -> Result<Option<SignInFacts>, StoreError> {
        let records = self.0.lock().unwrap();
        let found = records.ada.clone().filter(|user| user.info.username == username);
        let password_hash = records.password.clone();
        Ok(found.map(|user| SignInFacts { user, password_hash, password_changed_at: at(0) }))
    }

    async fn user(&self, id: &UserId) -> Result<Option<UserFacts>, StoreError> {
        Ok(self.0.lock().unwrap().ada.clone().filter(|user| user.info.id == *id))
    }

    async fn platform(
        &self,
        user: &UserId,
        id: &PlatformId,
    ) -> Result<Option<PlatformInfo>, StoreError> {
        Ok(self.platforms(user).await?.into_iter().find(|workspace| workspace.id == *id))
    }

    async fn platforms(&self, user: &UserId) -> Result<Vec<PlatformInfo>, StoreError> {
        let known = *user == UserId::from("u-ada");
        Ok(if known { self.0.lock().unwrap().workspaces.clone() } else { Vec::new() })
    }

    async fn changes_after(&self, cursor: Option<i64>) -> Result<DirectoryChanges, StoreError> {
        let changes = self.0.lock().unwrap().changes.clone();
        let seen = usize::try_from(cursor.unwrap_or(0)).unwrap();
        let cursor = i64::try_from(changes.len()).unwrap();
        Ok(DirectoryChanges { cursor, changes: changes[seen..].to_vec() })
    }
}

fn workspace(name: &str) -> PlatformInfo {
    PlatformInfo {
        id: PlatformId::from(format!("w-{name}").as_str()),
        name: name.to_owned(),
        platform_type: "workspace".to_owned(),
        instance_url: "https://app.example".to_owned(),
        username: "ada".to_owned(),
        is_default: false,
    }
}

/// An application with its own staff, ada among it.
fn staffed(app: &ManagerFixture) -> (ManagerFixture, Arc<Staff>, UserInfo) {
    let info = UserInfo {
        id: UserId::from("u-ada"),
        username: "ada".to_owned(),
        email: "ada@app.example".to_owned(),
        role: Role::Viewer,
    };
    let staff = Arc::new(Staff::default());
    staff.edit(|records| {
        let info = info.clone();
        records.ada = Some(UserFacts { info, is_active: true, role_changed_at: None });
    });
    (app.with(|manager| manager.with_directory(staff.clone())), staff, info)
}

fn now_and(app: &ManagerFixture) -> Timestamp {
    app.pass(TICK);
    app.now()
}

pub async fn every_request_has_the_facts_of_now(app: ManagerFixture) {
    let (app, staff, ada) = staffed(&app);
    let token = app.signed_in(&ada).await.token;
    assert_eq!(app.context(&token).await.user, ada);
    staff.edit_ada(|ada| {
        ada.info.role = Role::Admin;
        "countess".clone_into(&mut ada.info.username);
    });
    let user = app.context(&token).await.user;
    assert_eq!((user.role, user.username.as_str()), (Role::Admin, "countess"));
    assert_eq!(user.id, UserId::from("u-ada"));
}

pub async fn bundled_records_of_the_same_name_play_no_part(app: ManagerFixture) {
    let bundled = app.user("ada").await;
    let (app, _, ada) = staffed(&app);
    let signed_in = app.signed_in(&ada).await;
    app.store.set_user_active(&bundled.id, false, &app.operated()).await.unwrap();
    assert_eq!(app.context(&signed_in.token).await.user, ada);
    assert_eq!(app.list_user_sessions(&ada.id).await.unwrap().len(), 1);
    assert!(app.list_user_sessions(&bundled.id).await.unwrap().is_empty());
}

pub async fn a_disabled_bundled_user_of_the_same_key_is_somebody_else(app: ManagerFixture) {
    let eve = app.user("eve").await;
    app.store.set_user_active(&eve.id, false, &app.operated()).await.unwrap();
    let (app, staff, ada) = staffed(&app);
    staff.edit_ada(|ada| ada.info.id = eve.id.clone());
    let token = app.signed_in(&UserInfo { id: eve.id, ..ada }).await.token;
    app.context(&token).await;
}

pub async fn platforms_are_its_own_at_sign_in_in_switches_and_in_requests(app: ManagerFixture) {
    let (app, staff, ada) = staffed(&app);
    staff.edit(|records| records.workspaces = vec![workspace("red"), workspace("blue")]);
    let signed_in = app.signed_in(&ada).await;
    assert_eq!(signed_in.context.platform, Some(workspace("red")));
    let blue = workspace("blue");
    let outcome =
        app.update_platform_context(&signed_in.context, &blue.id, None, &home()).await.unwrap();
    assert!(matches!(outcome, SwitchOutcome::Switched(_)), "{outcome:?}");
    assert_eq!(app.context(&signed_in.token).await.platform, Some(blue.clone()));
    staff.edit(|records| records.workspaces.retain(|workspace| *workspace != blue));
    assert_eq!(app.context(&signed_in.token).await.platform, None);
    let outcome =
        app.update_platform_context(&signed_in.context, &blue.id, None, &home()).await.unwrap();
    assert!(matches!(outcome, SwitchOutcome::PlatformNotFound), "{outcome:?}");
}

/// Security: 7.4.2
pub async fn a_user_disabled_or_removed_there_loses_the_session_at_once_7_4_2(app: ManagerFixture) {
    let (app, staff, ada) = staffed(&app);
    let (one, other) = (app.signed_in(&ada).await, app.signed_in(&ada).await);
    staff.edit_ada(|ada| ada.is_active = false);
    let told = ended(EndReason::UserDisabled, now_and(&app));
    assert_eq!(app.refusal(&one.token).await, told);
    staff.edit_ada(|ada| ada.is_active = true);
    assert_eq!(app.refusal(&one.token).await, told);
    app.context(&other.token).await;
    staff.edit(|records| records.ada = None);
    assert_eq!(app.refusal(&other.token).await, ended(EndReason::UserDisabled, app.now()));
    let events = app.events_of(EventKind::SessionEnded).await;
    assert!(events.iter().all(|event| event.detail == "user_disabled"), "{events:?}");
    assert_eq!(events.len(), 2);
}

pub async fn a_role_that_changes_there_makes_tokens_due(app: ManagerFixture) {
    let (app, staff, ada) = staffed(&app);
    let token = app.signed_in(&ada).await.token;
    assert!(!app.context(&token).await.rotation_due);
    let changed = now_and(&app);
    staff.edit_ada(|ada| ada.role_changed_at = Some(changed));
    assert!(app.context(&token).await.rotation_due);
}

pub async fn its_users_sign_in_with_their_password_there(app: ManagerFixture) {
    let (app, staff, ada) = staffed(&app);
    let accounts = app.accounts(CHEAP);
    let hash = accounts.hasher().hash(PASSWORD).await.unwrap();
    staff.edit(|records| records.password = Some(hash));
    let outcome = accounts.sign_in(form("ada", PASSWORD), None, &home()).await.unwrap();
    let SignInOutcome::SignedIn(signed_in) = outcome else { panic!("{outcome:?}") };
    assert_eq!(app.context(&signed_in.token).await.user, ada);
    reauthenticated(&accounts, &signed_in.context).await;
    staff.edit_ada(|ada| ada.is_active = false);
    let outcome = accounts.sign_in(form("ada", PASSWORD), None, &home()).await.unwrap();
    assert!(matches!(outcome, SignInOutcome::Refused), "{outcome:?}");
}

pub async fn what_it_tells_of_ends_sessions_by_reason_and_once(app: ManagerFixture) {
    let (app, staff, ada) = staffed(&app);
    let first = app.signed_in(&ada).await;
    assert_eq!(app.follow_directory(None).await.unwrap(), 0);
    app.context(&first.token).await;
    staff.edit(|records| {
        records.changes.push(DirectoryChange::UserDisabled(UserId::from("u-bob")));
        records.changes.push(DirectoryChange::PasswordChanged(ada.id.clone()));
    });
    let told = ended(EndReason::PasswordChanged, now_and(&app));
    let cursor = app.follow_directory(Some(0)).await.unwrap();
    assert_eq!(cursor, 2);
    assert_eq!(app.refusal(&first.token).await, told);
    let second = app.signed_in(&ada).await;
    let cursor = app.follow_directory(Some(cursor)).await.unwrap();
    app.context(&second.token).await;
    staff.edit(|records| records.changes.push(DirectoryChange::UserDisabled(ada.id.clone())));
    assert_eq!(app.follow_directory(Some(cursor)).await.unwrap(), 3);
    assert_eq!(app.refusal(&second.token).await, ended(EndReason::UserDisabled, app.now()));
    assert_eq!(app.refusal(&first.token).await, told);
}

pub async fn a_change_that_could_not_be_followed_is_followed_from_the_same_cursor(
    app: ManagerFixture,
) {
    let proxy = ProxyStore::of(app.store.shared());
    let (_, staff, ada) = staffed(&app);
    let app = app.over(proxy.clone(), |manager| manager.with_directory(staff.clone()));
    let token = app.signed_in(&ada).await.token;
    staff.edit(|records| records.changes.push(DirectoryChange::UserDisabled(ada.id.clone())));
    proxy.fail_at("end_for_user");
    app.follow_directory(None).await.unwrap_err();
    app.context(&token).await;
    proxy.recover();
    assert_eq!(app.follow_directory(None).await.unwrap(), 1);
    assert_eq!(app.refusal(&token).await, ended(EndReason::UserDisabled, app.now()));
}

pub async fn the_bundled_tables_end_nobody_by_being_followed(app: ManagerFixture) {
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    assert_eq!(app.follow_directory(None).await.unwrap(), 0);
    assert_eq!(app.follow_directory(Some(7)).await.unwrap(), 7);
    app.context(&token).await;
}

/// Security: 16.5.3, abuse 27
pub async fn a_directory_that_fails_is_no_missing_user(app: ManagerFixture) {
    let (app, _, ada) = staffed(&app);
    let token = app.signed_in(&ada).await.token;
    let broken = ProxyStore::of(app.store.shared());
    broken.fail();
    let unlucky = app.with(|manager| manager.with_directory(broken).with_policy(long_lived()));
    let error = unlucky.validate_session(&token, &home()).await.unwrap_err();
    assert!(matches!(error, SessionError::Store(_)), "{error:?}");
    app.context(&token).await;
}
