use async_trait::async_trait;

use super::MemoryStore;
use super::users::UserRow;
use crate::context::PlatformInfo;
use crate::directory::{Directory, SignInFacts, UserFacts};
use crate::identity::{PlatformId, UserId};
use crate::store::StoreError;

#[async_trait]
impl Directory for MemoryStore {
    async fn find_for_sign_in(&self, username: &str) -> Result<Option<SignInFacts>, StoreError> {
        Ok(self.state().user_by_name(username).map(UserRow::sign_in_facts))
    }

    async fn user(&self, id: &UserId) -> Result<Option<UserFacts>, StoreError> {
        Ok(self.state().user(id).map(UserRow::facts))
    }

    async fn platform(
        &self,
        user: &UserId,
        id: &PlatformId,
    ) -> Result<Option<PlatformInfo>, StoreError> {
        let state = self.state();
        let platform = state.platform(user, id).filter(|platform| platform.is_active);
        Ok(platform.map(|platform| platform.info.clone()))
    }

    async fn platforms(&self, user: &UserId) -> Result<Vec<PlatformInfo>, StoreError> {
        let state = self.state();
        let active = state.platforms_of(user).into_iter().filter(|platform| platform.is_active);
        Ok(active.map(|platform| platform.info.clone()).collect())
    }
}
