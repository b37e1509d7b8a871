use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{EndedSession, Rotation, StoreError};
use crate::context::{PlatformInfo, UserInfo};
use crate::directory::PasswordHash;
use crate::event::Change;
use crate::identity::{PlatformId, SessionId, UserId};
use crate::sealing::SealedCredentials;
use crate::session::{Role, UserSession};
use crate::time::Timestamp;

/// A user to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The name that signs in, compared as it is. Unique, also without regard to case.
    pub username: String,
    /// The address; unique.
    pub email: String,
    /// What the user may do.
    pub role: Role,
    /// `None`: signs in elsewhere.
    pub password_hash: Option<PasswordHash>,
}

/// A row of `users`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// What a request may know.
    pub info: UserInfo,
    /// Whether the user may sign in and keep sessions.
    pub is_active: bool,
    /// When the user was added.
    pub created_at: Timestamp,
    /// When the password last changed.
    pub password_changed_at: Timestamp,
}

/// What came of [`AccountStore::add_user`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddUser {
    /// The user's key.
    Added(UserId),
    /// Someone has this name, or one that differs in case alone.
    UsernameTaken,
    /// Someone has this address.
    EmailTaken,
}

/// What to change about a user; `None` leaves a thing as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserChange {
    /// Another role. Sessions go on with it, with a new revision each, and their tokens are due to
    /// be replaced.
    pub role: Option<Role>,
    /// Whether the user may sign in and keep sessions. Disabling ends their sessions, which
    /// enabling does not revive.
    pub is_active: Option<bool>,
    /// Refuses what would leave no active administrator.
    pub spares_last_admin: bool,
}

/// What came of a change to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserOutcome {
    /// Done.
    Changed {
        /// The user as they are now.
        user: Box<User>,
        /// Their sessions that ended.
        ended: Vec<EndedSession>,
    },
    /// There is no such user.
    NotFound,
    /// They are the last active administrator. Nothing changed.
    LastAdmin,
}

/// A new password.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// Its hash.
    pub hash: PasswordHash,
    /// The caller's own session, which stays and gets a new token; those before it retire now. All
    /// other sessions end.
    pub keep: Option<(SessionId, Rotation)>,
    /// What the password's change time was when the current password was checked. When it is
    /// another by now the change is refused. `None`: nothing was checked.
    pub checked_against: Option<Timestamp>,
}

/// What came of [`AccountStore::change_password`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordOutcome {
    /// Changed; `kept` is the caller's own session as it is now.
    Changed {
        /// The caller's own session.
        kept: Option<Box<UserSession>>,
        /// Those that ended.
        ended: Vec<EndedSession>,
    },
    /// The user is unknown, the kept session has ended, or another change came first. Nothing
    /// changed.
    Refused,
}

/// A platform to be added.
#[derive(Clone, Debug)]
pub struct NewPlatform {
    /// The user's own name for it; unique for the user.
    pub name: String,
    /// Its kind.
    pub platform_type: String,
    /// Where it is.
    pub instance_url: String,
    /// The user's name there; unique for the user and the instance.
    pub username: String,
    /// What signs in there, sealed.
    pub credentials: Option<SealedCredentials>,
    /// Whether it takes over as the default. A user's first platform is the default anyway.
    pub is_default: bool,
}

/// Platforms that a user may have: a list of them is one page.
pub const MOST_PLATFORMS: usize = 100;

/// What came of [`AccountStore::add_platform`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddPlatform {
    /// The platform.
    Added(PlatformInfo),
    /// The user has one of this name.
    NameTaken,
    /// The user has this account already.
    AccountTaken,
    /// The user has [`MOST_PLATFORMS`] already.
    TooMany,
    /// There is no such user.
    UserUnknown,
}

/// A row of `platform_connections`, without its credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformConnection {
    /// What a request may know.
    pub info: PlatformInfo,
    /// Whether it can be chosen.
    pub is_active: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// When a session last went into it.
    pub last_used: Option<Timestamp>,
}

/// Credentials of someone's platform, at rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformCredentials {
    /// Whose the platform is.
    pub user: UserId,
    /// The platform's key, which is a number in the bundled tables.
    pub platform: i64,
    /// The credentials.
    pub sealed: SealedCredentials,
}

/// What to change about a platform; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct PlatformChange {
    /// Another name.
    pub name: Option<String>,
    /// Whether it can be chosen. An inactive one is no default.
    pub is_active: Option<bool>,
    /// Other credentials.
    pub credentials: Option<SealedCredentials>,
    /// `Some(true)`: becomes the default. An inactive platform cannot.
    pub is_default: Option<bool>,
}

/// What came of a change to a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlatformOutcome {
    /// Done; the platform as it is now.
    Changed(PlatformConnection),
    /// It is not this user's, or an inactive one was to be the default.
    NotFound,
    /// The user has another of this name.
    NameTaken,
}

/// The bundled users and platforms. An application with its own
/// [`Directory`](crate::Directory) does without.
#[async_trait]
pub trait AccountStore: Send + Sync + 'static {
    /// Adds a user.
    async fn add_user(&self, new: NewUser, change: &Change) -> Result<AddUser, StoreError>;

    /// Users by key, oldest first: keys above `after`, at most `limit`.
    async fn users(&self, after: Option<i64>, limit: usize) -> Result<Vec<User>, StoreError>;

    /// What these users are called, as far as they are there.
    async fn usernames(&self, users: &[UserId]) -> Result<BTreeMap<UserId, String>, StoreError>;

    /// The user of this name.
    async fn user_by_name(&self, username: &str) -> Result<Option<User>, StoreError>;

    /// Changes a user, all of it or nothing. What is so already is no change: nothing is recorded
    /// of it.
    async fn change_user(
        &self,
        user: &UserId,
        what: UserChange,
        change: &Change,
    ) -> Result<UserOutcome, StoreError>;

    /// [Enables or disables](UserChange::is_active) a user and answers the sessions that ended;
    /// `None` when there is no such user.
    async fn set_user_active(
        &self,
        user: &UserId,
        active: bool,
        change: &Change,
    ) -> Result<Option<Vec<EndedSession>>, StoreError> {
        let what = UserChange { is_active: Some(active), ..UserChange::default() };
        Ok(match self.change_user(user, what, change).await? {
            UserOutcome::Changed { ended, .. } => Some(ended),
            UserOutcome::NotFound | UserOutcome::LastAdmin => None,
        })
    }

    /// Gives a user a [role](UserChange::role); false when there is no such user.
    async fn set_role(
        &self,
        user: &UserId,
        role: Role,
        change: &Change,
    ) -> Result<bool, StoreError> {
        let what = UserChange { role: Some(role), ..UserChange::default() };
        let outcome = self.change_user(user, what, change).await?;
        Ok(matches!(outcome, UserOutcome::Changed { .. }))
    }

    /// Removes a user and all that is personal: ends their sessions and removes these with tokens and
    /// data, removes their platforms, and [forgets](crate::SessionEvent::forget_client) the clients
    /// of all events that concern them, and of those they caused whose clients are still whole. A
    /// database may forget the clients of many events, and remove sessions that have ended, before all
    /// else and in pieces: whoever is told of a failure, or stops waiting, asks again. Answers the
    /// sessions that ended; `None` when nothing was left to remove, also where an attempt that failed has
    /// removed it: then no event tells of it.
    ///
    /// A user of another directory is forgotten as far as sessions and events go. Where both that
    /// directory and the bundled tables have users, numbers must not mean two of them.
    async fn forget_user(
        &self,
        user: &UserId,
        change: &Change,
    ) -> Result<Option<Vec<EndedSession>>, StoreError>;

    /// Changes a password, ends the user's other sessions and rotates the caller's own.
    async fn change_password(
        &self,
        user: &UserId,
        password: PasswordChange,
        change: &Change,
    ) -> Result<PasswordOutcome, StoreError>;

    /// Puts a stronger hash of the same password in the place of `old`; false when `old` is no
    /// longer there. No sessions end.
    async fn upgrade_password_hash(
        &self,
        user: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError>;

    /// Adds a platform to a user.
    async fn add_platform(
        &self,
        user: &UserId,
        new: NewPlatform,
        change: &Change,
    ) -> Result<AddPlatform, StoreError>;

    /// A user's platforms, inactive ones too: the default first, then by name.
    async fn platform_connections(
        &self,
        user: &UserId,
    ) -> Result<Vec<PlatformConnection>, StoreError>;

    /// Changes a platform. The user's sessions in one that is inactive then have none.
    async fn change_platform(
        &self,
        user: &UserId,
        platform: &PlatformId,
        what: PlatformChange,
        change: &Change,
    ) -> Result<PlatformOutcome, StoreError>;

    /// Removes a platform; false when it is not this user's. The user's sessions in it have none.
    async fn remove_platform(
        &self,
        user: &UserId,
        platform: &PlatformId,
        change: &Change,
    ) -> Result<bool, StoreError>;

    /// A platform's sealed credentials, if it is this user's and has some.
    async fn platform_credentials(
        &self,
        user: &UserId,
        platform: &PlatformId,
    ) -> Result<Option<SealedCredentials>, StoreError>;

    /// Everyone's sealed credentials by the platform's key: keys above `after`, at most `limit`.
    async fn sealed_credentials(
        &self,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<PlatformCredentials>, StoreError>;

    /// Puts the same credentials, sealed anew, in the place of `old`; false when `old` is no longer
    /// there.
    async fn reseal_credentials(
        &self,
        old: &PlatformCredentials,
        new: &SealedCredentials,
    ) -> Result<bool, StoreError>;
}
