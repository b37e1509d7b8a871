//! An application with users and tenants of its own, under text keys.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::routing::get;
use serde_json::json;
use sessrum_core::store::StoreError;
use sessrum_core::{
    Directory, DirectoryChange, DirectoryChanges, PasswordHash, PlatformId, PlatformInfo, Role,
    SignInFacts, Timestamp, UserFacts, UserId, UserInfo,
};
use sessrum_web::{Moderator, RequirePlatform, RequireRole};

use crate::support::{MINUTE, PASSWORD, Plan, Site, hasher};

/// `u-ada` of the tenants `t-red` and `t-blue`.
struct OwnUsers {
    password: PasswordHash,
    ada: Mutex<Ada>,
}

struct Ada {
    role: Role,
    is_active: bool,
    password_changed_at: Timestamp,
    changes: Vec<DirectoryChange>,
}

impl OwnUsers {
    async fn new() -> Arc<Self> {
        let password = hasher().hash(PASSWORD).await.unwrap();
        let ada = Ada {
            role: Role::Reviewer,
            is_active: true,
            password_changed_at: Timestamp::from_micros(5),
            changes: Vec::new(),
        };
        Arc::new(Self { password, ada: Mutex::new(ada) })
    }

    fn facts(&self) -> UserFacts {
        let ada = self.ada.lock().unwrap();
        let info = UserInfo {
            id: UserId::from("u-ada"),
            username: "ada".to_owned(),
            email: "ada@own.example".to_owned(),
            role: ada.role,
        };
        UserFacts { info, is_active: ada.is_active, role_changed_at: None }
    }
}

fn tenant(key: &str, is_default: bool) -> PlatformInfo {
    PlatformInfo {
        id: PlatformId::from(key),
        name: key.trim_start_matches("t-").to_owned(),
        platform_type: "tenant".to_owned(),
        instance_url: "https://own.example".to_owned(),
        username: "ada".to_owned(),
        is_default,
    }
}

#[async_trait]
impl Directory for OwnUsers {
    async fn find_for_sign_in(&self, username: &str) -> Result<Option<SignInFacts>, StoreError> {
        Ok((username == "ada").then(|| SignInFacts {
            user: self.facts(),
            password_hash: Some(self.password.clone()),
            password_changed_at: self.ada.lock().unwrap().password_changed_at,
        }))
    }

    async fn user(&self, id: &UserId) -> Result<Option<UserFacts>, StoreError> {
        Ok((*id == UserId::from("u-ada")).then(|| self.facts()))
    }

    async fn platform(
        &self,
        user: &UserId,
        id: &PlatformId,
    ) -> Result<Option<PlatformInfo>, StoreError> {
        Ok(self.platforms(user).await?.into_iter().find(|tenant| tenant.id == *id))
    }

    async fn platforms(&self, user: &UserId) -> Result<Vec<PlatformInfo>, StoreError> {
        let own = *user == UserId::from("u-ada");
        Ok(if own { vec![tenant("t-red", true), tenant("t-blue", false)] } else { Vec::new() })
    }

    async fn changes_after(&self, cursor: Option<i64>) -> Result<DirectoryChanges, StoreError> {
        let changes = self.ada.lock().unwrap().changes.clone();
        let seen = usize::try_from(cursor.unwrap_or(0)).unwrap();
        let end = i64::try_from(changes.len()).unwrap();
        Ok(DirectoryChanges { cursor: end, changes: changes[seen..].to_vec() })
    }
}

async fn site() -> (Site, Arc<OwnUsers>) {
    let users = OwnUsers::new().await;
    let routes = Router::new()
        .route("/tenant", get(|chosen: RequirePlatform| async move { chosen.platform.name }))
        .route("/moderate", get(|_: RequireRole<Moderator>| async {}));
    let directory = Some(Arc::clone(&users) as Arc<dyn Directory>);
    (Site::of(Plan { directory, routes: Some(routes), ..Plan::default() }).await, users)
}

#[tokio::test]
async fn text_keys_go_all_the_way() {
    let (site, _) = site().await;
    let browser = site.signed_in("ada").await;
    let state = browser.state_of().await.ok();
    assert_eq!(state.at("/user/id"), "u-ada");
    assert_eq!(state.at("/user/email"), "ada@own.example");
    assert_eq!(state.at("/platform/id"), "t-red");
    let switch = |id: &str| browser.post("/api/session/platform", json!({"platform_id": id}));
    assert_eq!(switch("t-blue").await.ok().at("/platform/name"), "blue");
    switch("t-green").await.problem(404, "platform_not_found");
    // A number of the bundled tables is nobody's here.
    let number = browser.post("/api/session/platform", json!({"platform_id": 1})).await;
    number.problem(404, "platform_not_found");
    assert_eq!(browser.get("/tenant").await.ok().text(), "blue");
    assert_eq!(browser.get("/api/sessions").await.json()["sessions"].as_array().unwrap().len(), 1);
    // The bundled user of the same name cannot sign in, whatever they know.
    let other = json!({"username": "bob", "password": PASSWORD});
    site.browser().post("/api/login", other).await.problem(401, "invalid_credentials");
}

/// Security: 7.4.2
#[tokio::test]
async fn a_user_who_is_disabled_there_is_out_with_the_next_request_7_4_2() {
    let (site, users) = site().await;
    let browser = site.signed_in("ada").await;
    users.ada.lock().unwrap().is_active = false;
    browser.state_of().await.ended("user_disabled").keeps_cookie();
    site.browser().sign_in("ada").await.problem(401, "invalid_credentials");
    users.ada.lock().unwrap().is_active = true;
    browser.state_of().await.ended("user_disabled");
}

/// Security: 8.3.2
#[tokio::test]
async fn a_role_that_changes_there_counts_at_once_8_3_2() {
    let (site, users) = site().await;
    let browser = site.signed_in("ada").await;
    browser.get("/moderate").await.problem(403, "forbidden");
    users.ada.lock().unwrap().role = Role::Moderator;
    browser.get("/moderate").await.is(200);
    users.ada.lock().unwrap().role = Role::Viewer;
    browser.get("/moderate").await.problem(403, "forbidden");
}

#[tokio::test]
async fn what_changes_there_ends_sessions_that_nobody_uses() {
    let (site, users) = site().await;
    let browser = site.signed_in("ada").await;
    let manager = site.manager();
    let cursor = manager.follow_directory(None).await.unwrap();
    browser.state_of().await.ok();
    let changed = DirectoryChange::PasswordChanged(UserId::from("u-ada"));
    users.ada.lock().unwrap().changes.push(changed);
    let cursor = manager.follow_directory(Some(cursor)).await.unwrap();
    browser.state_of().await.ended("password_changed");
    // What was followed once is not followed again.
    let later = site.signed_in("ada").await;
    assert_eq!(manager.follow_directory(Some(cursor)).await.unwrap(), cursor);
    later.state_of().await.ok();
}

#[tokio::test]
async fn fresh_authentication_works_with_its_passwords() {
    let (site, _) = site().await;
    let browser = site.signed_in("ada").await;
    site.pass(20 * MINUTE);
    browser.press("/api/sessions/revoke-others").await.problem(403, "reauthentication_required");
    browser.reauthenticate().await.is(200).sets_cookie();
    browser.press("/api/sessions/revoke-others").await.is(200);
}

/// What only the bundled tables can do says so, and does not fail.
#[tokio::test]
async fn managing_bundled_accounts_is_refused() {
    let (site, _) = site().await;
    let browser = site.signed_in("ada").await;
    let new = json!({
        "name": "n", "platform_type": "t", "instance_url": "https://i.example", "username": "u"
    });
    browser.post("/api/platforms", new).await.problem(404, "not_found");
    let change = json!({"current_password": PASSWORD, "new_password": "a new secret"});
    browser.post("/api/account/password", change).await.problem(404, "not_found").keeps_cookie();
    browser.state_of().await.ok();
}
