//! An application with users of its own: their sessions are administered here, they are not.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use sessrum_core::store::StoreError;
use sessrum_core::{
    Directory, PasswordHash, PlatformId, PlatformInfo, Role, SignInFacts, Timestamp, UserFacts,
    UserId, UserInfo,
};

use crate::support::{PASSWORD, Plan, Site, hasher};

/// The administrator `chief` under the text `7`, and `ada` under the number 7.
struct Staff(PasswordHash);

fn facts(username: &str) -> Option<UserFacts> {
    let (id, role) = match username {
        "chief" => (UserId::from("7"), Role::Admin),
        "ada" => (UserId::from(7), Role::Viewer),
        _ => return None,
    };
    let email = format!("{username}@own.example");
    let info = UserInfo { id, username: username.to_owned(), email, role };
    Some(UserFacts { info, is_active: true, role_changed_at: None })
}

#[async_trait]
impl Directory for Staff {
    async fn find_for_sign_in(&self, username: &str) -> Result<Option<SignInFacts>, StoreError> {
        Ok(facts(username).map(|user| SignInFacts {
            user,
            password_hash: Some(self.0.clone()),
            password_changed_at: Timestamp::from_micros(5),
        }))
    }

    async fn user(&self, id: &UserId) -> Result<Option<UserFacts>, StoreError> {
        let found = ["chief", "ada"].into_iter().filter_map(facts);
        Ok(found.into_iter().find(|facts| facts.info.id == *id))
    }

    async fn platform(
        &self,
        _: &UserId,
        _: &PlatformId,
    ) -> Result<Option<PlatformInfo>, StoreError> {
        Ok(None)
    }

    async fn platforms(&self, _: &UserId) -> Result<Vec<PlatformInfo>, StoreError> {
        Ok(Vec::new())
    }
}

async fn site() -> Site {
    let password = hasher().hash(PASSWORD).await.unwrap();
    let directory = Some(Arc::new(Staff(password)) as Arc<dyn Directory>);
    Site::of(Plan { directory, ..Plan::default() }).await
}

#[tokio::test]
async fn its_users_are_not_managed_here() {
    let site = site().await;
    let chief = site.signed_in("chief").await;
    let new = json!({"username": "eve", "email": "eve@own.example", "password": "a long secret"});
    for answer in [
        chief.get("/api/admin/users").await,
        chief.post("/api/admin/users", new).await,
        // There is a bundled user of this key, who is somebody else.
        chief.patch("/api/admin/users/1", json!({"is_active": false})).await,
    ] {
        let answer = answer.problem(404, "not_found").keeps_cookie();
        assert_eq!(answer.at("/detail"), "Users are managed by the application itself.");
    }
    assert!(site.manager().store().user_by_name("ada").await.unwrap().unwrap().is_active);
}

#[tokio::test]
async fn their_sessions_are() {
    let site = site().await;
    let (chief, ada) = (site.signed_in("chief").await, site.signed_in("ada").await);
    let rows = chief.get("/api/admin/sessions?user=ada").await.is(200).json();
    let (row, handle) = (&rows["sessions"][0], ada.handle().await);
    assert_eq!((&row["user_id"], &row["username"]), (&json!(7), &json!("ada")));
    chief.delete(&format!("/api/admin/sessions/{handle}")).await.is(204);
    ada.state_of().await.ended("revoked_by_admin");

    // An address does not say whether 7 is a number; the number is meant where there is one.
    let ada = site.signed_in("ada").await;
    let answer = chief.press("/api/admin/users/7/revoke-sessions").await.is(200).keeps_cookie();
    assert_eq!(answer.at("/revoked"), "1");
    ada.state_of().await.ended("revoked_by_admin");
    chief.state_of().await.ok();
    chief.press("/api/admin/users/nobody/revoke-sessions").await.problem(404, "not_found");
}
