//! The bundled users and platforms.

mod forget;
mod platforms;
mod users;

use std::collections::BTreeMap;

use async_trait::async_trait;
use rusqlite::params;
use sessrum_core::store::{
    AccountStore, AddPlatform, AddUser, EndedSession, NewPlatform, NewUser, PasswordChange,
    PasswordOutcome, PlatformChange, PlatformConnection, PlatformCredentials, PlatformOutcome,
    StoreError, User, UserChange, UserOutcome,
};
use sessrum_core::{Change, PasswordHash, PlatformId, SealedCredentials, UserId};

use crate::rows::{self, bundled};
use crate::sql;
use crate::store::SqliteStore;

#[async_trait]
impl AccountStore for SqliteStore {
    async fn add_user(&self, new: NewUser, change: &Change) -> Result<AddUser, StoreError> {
        let change = change.clone();
        self.writer.run(move |connection| users::add(connection, &new, &change)).await
    }

    async fn users(&self, after: Option<i64>, limit: usize) -> Result<Vec<User>, StoreError> {
        let params = [after.unwrap_or(i64::MIN), rows::limit(limit)];
        self.readers.run(|connection| sql::users::LIST.all(connection, params, rows::user))
    }

    async fn usernames(&self, users: &[UserId]) -> Result<BTreeMap<UserId, String>, StoreError> {
        let keys: Vec<_> = users.iter().filter_map(|user| bundled(&user.0)).collect();
        // An array of numbers is written in JSON as it is in Rust.
        let keys = format!("{keys:?}");
        let found = self.readers.run(|connection| {
            sql::users::NAMES.all(connection, [keys], |row| Ok((rows::get(row, 0)?, row.get(1)?)))
        });
        Ok(found?.into_iter().collect())
    }

    async fn user_by_name(&self, username: &str) -> Result<Option<User>, StoreError> {
        self.readers
            .run(|connection| sql::users::FIND_BY_NAME.first(connection, [username], rows::user))
    }

    async fn change_user(
        &self,
        user: &UserId,
        what: UserChange,
        change: &Change,
    ) -> Result<UserOutcome, StoreError> {
        let Some(user) = bundled(&user.0) else { return Ok(UserOutcome::NotFound) };
        let change = change.clone();
        self.writer.run(move |connection| users::change(connection, user, what, &change)).await
    }

    async fn forget_user(
        &self,
        user: &UserId,
        change: &Change,
    ) -> Result<Option<Vec<EndedSession>>, StoreError> {
        let (user, change) = (user.clone(), change.clone());
        self.writer.run(move |connection| forget::forget_user(connection, &user, &change)).await
    }

    async fn change_password(
        &self,
        user: &UserId,
        password: PasswordChange,
        change: &Change,
    ) -> Result<PasswordOutcome, StoreError> {
        let Some(user) = bundled(&user.0) else { return Ok(PasswordOutcome::Refused) };
        let change = change.clone();
        self.writer
            .run(move |connection| users::change_password(connection, user, &password, &change))
            .await
    }

    async fn upgrade_password_hash(
        &self,
        user: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let Some(user) = bundled(&user.0) else { return Ok(false) };
        let (old, new) = (old.clone(), new.clone());
        self.writer
            .run(move |connection| users::upgrade_password_hash(connection, user, &old, &new))
            .await
    }

    async fn add_platform(
        &self,
        user: &UserId,
        new: NewPlatform,
        change: &Change,
    ) -> Result<AddPlatform, StoreError> {
        let Some(user) = bundled(&user.0) else { return Ok(AddPlatform::UserUnknown) };
        let change = change.clone();
        self.writer.run(move |connection| platforms::add(connection, user, new, &change)).await
    }

    async fn platform_connections(
        &self,
        user: &UserId,
    ) -> Result<Vec<PlatformConnection>, StoreError> {
        let Some(user) = bundled(&user.0) else { return Ok(Vec::new()) };
        self.readers.run(|connection| {
            sql::platforms::LIST.all(connection, [user], rows::platform_connection)
        })
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
        let change = change.clone();
        self.writer
            .run(move |connection| platforms::change(connection, user, platform, what, &change))
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
        let change = change.clone();
        self.writer
            .run(move |connection| platforms::remove(connection, user, platform, &change))
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
        self.readers.run(|connection| {
            sql::platforms::CREDENTIALS.first(connection, [platform, user], rows::credentials)
        })
    }

    async fn sealed_credentials(
        &self,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<PlatformCredentials>, StoreError> {
        let params = [after.unwrap_or(i64::MIN), rows::limit(limit)];
        self.readers.run(|connection| {
            sql::platforms::LIST_CREDENTIALS.all(connection, params, rows::platform_credentials)
        })
    }

    async fn reseal_credentials(
        &self,
        old: &PlatformCredentials,
        new: &SealedCredentials,
    ) -> Result<bool, StoreError> {
        let (old, new) = (old.clone(), new.clone());
        self.writer
            .run(move |writing| {
                let change = params![old.platform, new.key_id, new.sealed, old.sealed.sealed];
                Ok(sql::platforms::RESEAL.execute(writing, change)? > 0)
            })
            .await
    }
}
