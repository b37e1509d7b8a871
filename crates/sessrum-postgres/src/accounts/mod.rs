//! The bundled users and platforms.

mod forget;
mod platforms;
mod users;

use std::collections::BTreeMap;

use async_trait::async_trait;
use sessrum_core::store::{
    AccountStore, AddPlatform, AddUser, EndedSession, NewPlatform, NewUser, PasswordChange,
    PasswordOutcome, PlatformChange, PlatformConnection, PlatformCredentials, PlatformOutcome,
    StoreError, User, UserChange, UserOutcome,
};
use sessrum_core::{Change, PasswordHash, PlatformId, SealedCredentials, UserId};

use crate::rows::{self, bundled, plain};
use crate::sql;
use crate::store::PostgresStore;
use crate::values::{check_storable, has_nul};

#[async_trait]
impl AccountStore for PostgresStore {
    async fn add_user(&self, new: NewUser, change: &Change) -> Result<AddUser, StoreError> {
        check_storable(&[&new.username, &new.email])?;
        self.writer
            .run((new, change.clone()), |(new, change), writing| {
                Box::pin(users::add(writing, new, change))
            })
            .await
    }

    async fn users(&self, after: Option<i64>, limit: usize) -> Result<Vec<User>, StoreError> {
        let (after, limit) = (after.unwrap_or(i64::MIN), rows::limit(limit));
        Ok(self.readers.query(sql::users::LIST, &[&after, &limit]).await?.all(rows::user)?)
    }

    async fn usernames(&self, users: &[UserId]) -> Result<BTreeMap<UserId, String>, StoreError> {
        let keys: Vec<i64> = users.iter().filter_map(|user| bundled(&user.0)).collect();
        let found = self.readers.query(sql::users::NAMES, &[&keys]).await?;
        Ok(found.all(|row| Ok((plain::<i64>(row, 0)?.into(), plain(row, 1)?)))?)
    }

    async fn user_by_name(&self, username: &str) -> Result<Option<User>, StoreError> {
        if has_nul(username) {
            return Ok(None);
        }
        let found = self.readers.query(sql::users::FIND_BY_NAME, &[&username]).await?;
        Ok(found.first(rows::user)?)
    }

    async fn change_user(
        &self,
        user: &UserId,
        what: UserChange,
        change: &Change,
    ) -> Result<UserOutcome, StoreError> {
        let Some(user) = bundled(&user.0) else { return Ok(UserOutcome::NotFound) };
        self.writer
            .run(change.clone(), move |change, writing| {
                Box::pin(users::change(writing, user, what, change))
            })
            .await
    }

    async fn forget_user(
        &self,
        user: &UserId,
        change: &Change,
    ) -> Result<Option<Vec<EndedSession>>, StoreError> {
        let forgotten = forget::forget_most(&self.writer, user).await?;
        self.writer
            .run((user.clone(), change.clone()), move |(user, change), writing| {
                Box::pin(forget::forget_user(writing, user, forgotten, change))
            })
            .await
    }

    async fn change_password(
        &self,
        user: &UserId,
        password: PasswordChange,
        change: &Change,
    ) -> Result<PasswordOutcome, StoreError> {
        let Some(user) = bundled(&user.0) else { return Ok(PasswordOutcome::Refused) };
        self.writer
            .run((password, change.clone()), move |(password, change), writing| {
                Box::pin(users::change_password(writing, user, password, change))
            })
            .await
    }

    async fn upgrade_password_hash(
        &self,
        user: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let Some(user) = bundled(&user.0) else { return Ok(false) };
        self.writer
            .run((old.clone(), new.clone()), move |(old, new), writing| {
                Box::pin(users::upgrade_password_hash(writing, user, old, new))
            })
            .await
    }

    async fn add_platform(
        &self,
        user: &UserId,
        new: NewPlatform,
        change: &Change,
    ) -> Result<AddPlatform, StoreError> {
        let Some(user) = bundled(&user.0) else { return Ok(AddPlatform::UserUnknown) };
        check_storable(&[&new.name, &new.platform_type, &new.instance_url, &new.username])?;
        self.writer
            .run((new, change.clone()), move |(new, change), writing| {
                Box::pin(platforms::add(writing, user, new, change))
            })
            .await
    }

    async fn platform_connections(
        &self,
        user: &UserId,
    ) -> Result<Vec<PlatformConnection>, StoreError> {
        let Some(user) = bundled(&user.0) else { return Ok(Vec::new()) };
        let found = self.readers.query(sql::platforms::LIST, &[&user]).await?;
        Ok(found.all(rows::platform_connection)?)
    }

    async fn change_platform(
        &self,
        user: &UserId,
        platform: &PlatformId,
        what: PlatformChange,
        change: &Change,
    ) -> Result<PlatformOutcome, StoreError> {
        let (Some(user), Some(platform)) = (bundled(&user.0), bundled(&platform.0)) else {
            return Ok(PlatformOutcome::NotFound);
        };
        check_storable(what.name.as_deref().as_slice())?;
        self.writer
            .run((what, change.clone()), move |(what, change), writing| {
                Box::pin(platforms::change(writing, user, platform, what, change))
            })
            .await
    }

    async fn remove_platform(
        &self,
        user: &UserId,
        platform: &PlatformId,
        change: &Change,
    ) -> Result<bool, StoreError> {
        let (Some(user), Some(platform)) = (bundled(&user.0), bundled(&platform.0)) else {
            return Ok(false);
        };
        self.writer
            .run(change.clone(), move |change, writing| {
                Box::pin(platforms::remove(writing, user, platform, change))
            })
            .await
    }

    async fn platform_credentials(
        &self,
        user: &UserId,
        platform: &PlatformId,
    ) -> Result<Option<SealedCredentials>, StoreError> {
        let (Some(user), Some(platform)) = (bundled(&user.0), bundled(&platform.0)) else {
            return Ok(None);
        };
        let found = self.readers.query(sql::platforms::CREDENTIALS, &[&platform, &user]).await?;
        Ok(found.first(rows::credentials)?)
    }

    async fn sealed_credentials(
        &self,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<PlatformCredentials>, StoreError> {
        let (after, limit) = (after.unwrap_or(i64::MIN), rows::limit(limit));
        let found = self.readers.query(sql::platforms::LIST_CREDENTIALS, &[&after, &limit]).await?;
        Ok(found.all(rows::platform_credentials)?)
    }

    async fn reseal_credentials(
        &self,
        old: &PlatformCredentials,
        new: &SealedCredentials,
    ) -> Result<bool, StoreError> {
        self.writer
            .run((old.clone(), new.clone()), |(old, new), writing| {
                Box::pin(async move {
                    let (platform, old) = (&old.platform, &old.sealed.sealed);
                    let change: sql::Params<'_> = &[platform, &new.key_id, &new.sealed, old];
                    Ok(writing.query(sql::platforms::RESEAL, change).await?.affected() > 0)
                })
            })
            .await
    }
}
