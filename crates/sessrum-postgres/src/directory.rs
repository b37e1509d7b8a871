//! The bundled users and platforms as a directory.

use async_trait::async_trait;
use sessrum_core::store::StoreError;
use sessrum_core::{Directory, PlatformId, PlatformInfo, SignInFacts, UserFacts, UserId};

use crate::rows;
use crate::sql::{platforms, users};
use crate::store::PostgresStore;
use crate::values::has_nul;

#[async_trait]
impl Directory for PostgresStore {
    async fn find_for_sign_in(&self, username: &str) -> Result<Option<SignInFacts>, StoreError> {
        if has_nul(username) {
            return Ok(None);
        }
        let found = self.readers.query(users::FIND_FOR_SIGN_IN, &[&username]).await?;
        Ok(found.first(rows::sign_in_facts)?)
    }

    async fn user(&self, id: &UserId) -> Result<Option<UserFacts>, StoreError> {
        let Some(id) = rows::bundled(&id.0) else { return Ok(None) };
        let found = self.readers.query(users::FIND, &[&id]).await?;
        Ok(found.first(|row| rows::user_facts(row, 0))?)
    }

    async fn platform(
        &self,
        user: &UserId,
        id: &PlatformId,
    ) -> Result<Option<PlatformInfo>, StoreError> {
        let (Some(user), Some(id)) = (rows::bundled(&user.0), rows::bundled(&id.0)) else {
            return Ok(None);
        };
        let found = self.readers.query(platforms::FIND, &[&id, &user]).await?;
        let found = found.first(rows::platform_connection)?;
        Ok(found.filter(|platform| platform.is_active).map(|platform| platform.info))
    }

    async fn platforms(&self, user: &UserId) -> Result<Vec<PlatformInfo>, StoreError> {
        let Some(user) = rows::bundled(&user.0) else { return Ok(Vec::new()) };
        let found = self.readers.query(platforms::LIST_ACTIVE, &[&user]).await?;
        Ok(found.all(|row| rows::platform_info(row, 0))?)
    }
}
