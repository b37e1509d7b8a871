//! The audit trail: what changed, when, by whom, from where.

use std::net::IpAddr;

use serde::Serialize;

use crate::client::Client;
use crate::identity::UserId;
use crate::session::named;
use crate::time::Timestamp;
use crate::token::SessionHandle;

/// Who, when and from where: goes with every change and into its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// From where.
    pub client: Client,
}

impl Change {
    /// A change that the system makes by itself, such as ending what has expired.
    #[must_use]
    pub fn by_system(at: Timestamp) -> Self {
        Self { at, by: Actor::System, client: Client::default() }
    }
}

/// Who makes a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody is signed in yet.
    Anonymous,
    /// A signed-in user.
    User(UserId),
    /// Whoever runs the command line.
    Operator,
    /// A job of the server.
    System,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    /// A session began.
    SignedIn,
    /// A sign-in was refused.
    SignInFailed,
    /// A session ended; the detail is the [`EndReason`](crate::EndReason).
    SessionEnded,
    /// The platform of a session changed; the detail is its key, empty for none.
    PlatformSwitched,
    /// A token was replaced.
    TokenRotated,
    /// The user proved again who they are.
    Reauthenticated,
    /// A request's fingerprint differs from the session's; the detail is the score.
    FingerprintChanged,
    /// A user was added.
    UserAdded,
    /// A user was disabled.
    UserDisabled,
    /// A user was enabled.
    UserEnabled,
    /// A user's role changed; the detail is the new one.
    RoleChanged,
    /// A user's password changed.
    PasswordChanged,
    /// A platform was added; the detail is its name.
    PlatformAdded,
    /// A platform was changed; the detail is its name.
    PlatformChanged,
    /// A platform was removed; the detail is its name.
    PlatformRemoved,
    /// An administrator had the clean-up run.
    CleanUpStarted,
}

named!(EventKind, "event", {
    SignedIn => "signed_in",
    SignInFailed => "sign_in_failed",
    SessionEnded => "session_ended",
    PlatformSwitched => "platform_switched",
    TokenRotated => "token_rotated",
    Reauthenticated => "reauthenticated",
    FingerprintChanged => "fingerprint_changed",
    UserAdded => "user_added",
    UserDisabled => "user_disabled",
    UserEnabled => "user_enabled",
    RoleChanged => "role_changed",
    PasswordChanged => "password_changed",
    PlatformAdded => "platform_added",
    PlatformChanged => "platform_changed",
    PlatformRemoved => "platform_removed",
    CleanUpStarted => "clean_up_started",
});

/// A row of `session_events`: append-only, written in the transaction of what it tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionEvent {
    /// The row's key; later events have larger ones.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// The user it concerns.
    pub user_id: Option<UserId>,
    /// The session it concerns.
    pub session: Option<SessionHandle>,
    /// Who did it: `user` and a key, `operator`, `system` or `anonymous`.
    pub actor: String,
    /// From where.
    pub ip_address: Option<IpAddr>,
    /// With what.
    pub user_agent: Option<String>,
    /// What the kind adds; see [`EventKind`].
    pub detail: String,
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::User(id) => write!(f, "user {id}"),
            Self::Operator => f.write_str("operator"),
            Self::System => f.write_str("system"),
        }
    }
}
