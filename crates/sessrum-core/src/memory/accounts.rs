use std::collections::BTreeMap;
use std::ops::Bound;

use async_trait::async_trait;

use super::MemoryStore;
use super::platforms::PlatformRow;
use super::users::UserRow;
use crate::directory::PasswordHash;
use crate::event::Change;
use crate::identity::{PlatformId, UserId};
use crate::sealing::SealedCredentials;
use crate::store::{
    AccountStore, AddPlatform, AddUser, EndedSession, NewPlatform, NewUser, PasswordChange,
    PasswordOutcome, PlatformChange, PlatformConnection, PlatformCredentials, PlatformOutcome,
    StoreError, User, UserChange, UserOutcome,
};

#[async_trait]
impl AccountStore for MemoryStore {
    async fn add_user(&self, new: NewUser, change: &Change) -> Result<AddUser, StoreError> {
        Ok(self.state().add_user(new, change))
    }

    async fn users(&self, after: Option<i64>, limit: usize) -> Result<Vec<User>, StoreError> {
        let state = self.state();
        let above = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = state.users.range((above, Bound::Unbounded)).take(limit);
        Ok(rows.map(|(_, user)| user.to_user()).collect())
    }

    async fn usernames(&self, users: &[UserId]) -> Result<BTreeMap<UserId, String>, StoreError> {
        let state = self.state();
        let named = |id| Some((UserId::clone(id), state.user(id)?.info.username.clone()));
        Ok(users.iter().filter_map(named).collect())
    }

    async fn user_by_name(&self, username: &str) -> Result<Option<User>, StoreError> {
        Ok(self.state().user_by_name(username).map(UserRow::to_user))
    }

    async fn change_user(
        &self,
        user: &UserId,
        what: UserChange,
        change: &Change,
    ) -> Result<UserOutcome, StoreError> {
        Ok(self.state().change_user(user, what, change))
    }

    async fn forget_user(
        &self,
        user: &UserId,
        change: &Change,
    ) -> Result<Option<Vec<EndedSession>>, StoreError> {
        Ok(self.state().forget_user(user, change))
    }

    async fn change_password(
        &self,
        user: &UserId,
        password: PasswordChange,
        change: &Change,
    ) -> Result<PasswordOutcome, StoreError> {
        Ok(self.state().change_password(user, password, change))
    }

    async fn upgrade_password_hash(
        &self,
        user: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        Ok(self.state().upgrade_password_hash(user, old, new))
    }

    async fn add_platform(
        &self,
        user: &UserId,
        new: NewPlatform,
        change: &Change,
    ) -> Result<AddPlatform, StoreError> {
        Ok(self.state().add_platform(user, new, change))
    }

    async fn platform_connections(
        &self,
        user: &UserId,
    ) -> Result<Vec<PlatformConnection>, StoreError> {
        let state = self.state();
        Ok(state.platforms_of(user).into_iter().map(PlatformRow::to_connection).collect())
    }

    async fn change_platform(
        &self,
        user: &UserId,
        platform: &PlatformId,
        what: PlatformChange,
        change: &Change,
    ) -> Result<PlatformOutcome, StoreError> {
        Ok(self.state().change_platform(user, platform, what, change))
    }

    async fn remove_platform(
        &self,
        user: &UserId,
        platform: &PlatformId,
        change: &Change,
    ) -> Result<bool, StoreError> {
        Ok(self.state().remove_platform(user, platform, change))
    }

    async fn platform_credentials(
        &self,
        user: &UserId,
        platform: &PlatformId,
    ) -> Result<Option<SealedCredentials>, StoreError> {
        let state = self.state();
        Ok(state.platform(user, platform).and_then(|platform| platform.credentials.clone()))
    }

    async fn sealed_credentials(
        &self,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<PlatformCredentials>, StoreError> {
        Ok(self.state().sealed_credentials(after, limit))
    }

    async fn reseal_credentials(
        &self,
        old: &PlatformCredentials,
        new: &SealedCredentials,
    ) -> Result<bool, StoreError> {
        Ok(self.state().reseal_credentials(old, new))
    }
}
