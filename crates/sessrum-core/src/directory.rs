//! The seam to the application's own users and platforms.
//!
//! An application often has its own users (with integer, UUID or text keys) and its own notion of
//! platform: account, tenant, workspace, or none. It implements [`Directory`] and hands it to
//! [`UnifiedSessionManager::with_directory`]. An application without its own uses the tables that
//! come with every store; their facts are read in the same query as the session.
//!
//! [`UnifiedSessionManager::with_directory`]: crate::UnifiedSessionManager::with_directory

use async_trait::async_trait;

use crate::context::{PlatformInfo, UserInfo};
use crate::identity::{PlatformId, UserId};
use crate::store_error::StoreError;
use crate::time::Timestamp;

/// A user as the directory has it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFacts {
    /// What a request may know.
    pub info: UserInfo,
    /// Whether the user may sign in and keep sessions.
    pub is_active: bool,
    /// When the role last changed: tokens from before are replaced.
    pub role_changed_at: Option<Timestamp>,
}

/// What signing in needs to know.
#[derive(Clone, Debug)]
pub struct SignInFacts {
    /// The user.
    pub user: UserFacts,
    /// The PHC string of the password; `None` when the user signs in elsewhere.
    pub password_hash: Option<PasswordHash>,
    /// When the password last changed. A sign-in that checked an older password is refused.
    pub password_changed_at: Timestamp,
}

/// A PHC string, as in `$argon2id$v=19$m=19456,t=2,p=1$…`. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a PHC string.
    #[must_use]
    pub const fn from_phc(text: String) -> Self {
        Self(text)
    }

    /// The PHC string, for the store.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Where users and platforms are looked up.
///
/// Open pages look again every 20 seconds. So that they see at once what changes of a user or their
/// platforms, call [`user_changed`](crate::UnifiedSessionManager::user_changed).
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// The user who signs in under this name.
    async fn find_for_sign_in(&self, username: &str) -> Result<Option<SignInFacts>, StoreError>;

    /// The user with this key, active or not.
    async fn user(&self, id: &UserId) -> Result<Option<UserFacts>, StoreError>;

    /// The platform with this key, if it is this user's and active.
    async fn platform(
        &self,
        user: &UserId,
        id: &PlatformId,
    ) -> Result<Option<PlatformInfo>, StoreError>;

    /// The user's active platforms: the default first, then by name.
    async fn platforms(&self, user: &UserId) -> Result<Vec<PlatformInfo>, StoreError>;

    /// Users whose sessions must end because of what changed after `cursor` (`None`: from the
    /// beginning): disabled, removed, or given another password behind the session system's back.
    ///
    /// The tables that come with a store end sessions in the transaction of the change and have
    /// nothing to tell, which is the default. Answers the cursor to go on from.
    async fn changes_after(&self, cursor: Option<i64>) -> Result<DirectoryChanges, StoreError> {
        Ok(DirectoryChanges { cursor: cursor.unwrap_or(0), changes: Vec::new() })
    }
}

/// What [`Directory::changes_after`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryChanges {
    /// Where to go on from.
    pub cursor: i64,
    /// What changed, oldest first.
    pub changes: Vec<DirectoryChange>,
}

/// A change of a user that ends their sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirectoryChange {
    /// The user was disabled or removed.
    UserDisabled(UserId),
    /// The user's password changed.
    PasswordChanged(UserId),
}
