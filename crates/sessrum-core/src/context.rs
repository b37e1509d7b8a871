//! What a request knows: the session's row, its user and its platform, judged.

use serde::Serialize;

use crate::identity::{PlatformId, UserId};
use crate::session::{Role, UserSession};
use crate::time::Timestamp;
use crate::token::TokenHash;

/// The facts of a user that a request needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserInfo {
    /// The key.
    pub id: UserId,
    /// The name that signs in.
    pub username: String,
    /// The address.
    pub email: String,
    /// What the user may do.
    pub role: Role,
}

/// A platform connection, without its credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlatformInfo {
    /// The key.
    pub id: PlatformId,
    /// The user's own name for it.
    pub name: String,
    /// Its kind, such as `pixelfed` or `mastodon`.
    pub platform_type: String,
    /// Where it is.
    pub instance_url: String,
    /// The user's name there.
    pub username: String,
    /// Whether a new session starts with it.
    pub is_default: bool,
}

/// The context of a request: a live session of an active user.
#[derive(Clone, Debug)]
pub struct SessionContext {
    /// The row. Its `last_activity` includes what has not been written yet.
    pub session: UserSession,
    /// Whose session it is.
    pub user: UserInfo,
    /// The platform the user acts in; `None` when none is chosen or it is no longer active.
    pub platform: Option<PlatformInfo>,
    /// When the session ends if nothing more happens.
    pub idle_expires_at: Timestamp,
    /// The token that the request came with.
    pub token_hash: TokenHash,
    /// When that token was made.
    pub token_issued_at: Timestamp,
    /// Whether the token is due to be replaced.
    pub rotation_due: bool,
}

impl SessionContext {
    /// The user's key.
    #[must_use]
    pub const fn user_id(&self) -> &UserId {
        &self.user.id
    }

    /// The key of the platform the user acts in.
    #[must_use]
    pub fn platform_id(&self) -> Option<&PlatformId> {
        self.platform.as_ref().map(|platform| &platform.id)
    }
}
