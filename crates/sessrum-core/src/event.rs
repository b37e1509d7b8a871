//! The audit trail: what changed, when, by whom, from where.

use serde::Serialize;

use crate::client::{Client, network};
use crate::identity::UserId;
use crate::recorded_kind::RecordedKind;
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

    /// The same from nowhere.
    #[must_use]
    pub fn without_client(&self) -> Self {
        Self { client: Client::default(), ..self.clone() }
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
    /// A session began; the detail is `new_device` when the user had signed in before, but never
    /// with this browser and system.
    SignedIn,
    /// A sign-in was refused; the detail is `platform_not_found` when the password was right, else
    /// empty.
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
    /// A user was removed with all that was personal.
    UserForgotten,
    /// A platform was added; the detail is its key.
    PlatformAdded,
    /// A platform was changed; the detail is its key.
    PlatformChanged,
    /// A platform was removed; the detail is its key.
    PlatformRemoved,
    /// An administrator had the clean-up run.
    CleanUpStarted,
    /// A user asked for what their role does not allow; the detail is the role it takes.
    AccessRefused,
    /// A request in a session did not prove that the site itself made it; the detail says what was
    /// missing.
    ForgeryRefused,
    /// The row of a session that was asked for is not what was put there: somebody or something has
    /// changed the database.
    DamageFound,
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
    UserForgotten => "user_forgotten",
    PlatformAdded => "platform_added",
    PlatformChanged => "platform_changed",
    PlatformRemoved => "platform_removed",
    CleanUpStarted => "clean_up_started",
    AccessRefused => "access_refused",
    ForgeryRefused => "forgery_refused",
    DamageFound => "damage_found",
});

/// The detail of [`EventKind::SignedIn`] from a device that is new to its user.
pub const NEW_DEVICE: &str = "new_device";

impl EventKind {
    /// What happens all the time by itself or by a click, and tells a user nothing.
    pub const ROUTINE: [Self; 2] = [Self::TokenRotated, Self::PlatformSwitched];

    /// Whether it may change what a page shows of its session.
    pub(crate) const fn is_news(self) -> bool {
        match self {
            Self::SessionEnded
            | Self::PlatformSwitched
            | Self::Reauthenticated
            | Self::UserDisabled
            | Self::UserEnabled
            | Self::RoleChanged
            | Self::PasswordChanged
            | Self::UserForgotten
            | Self::PlatformAdded
            | Self::PlatformChanged
            | Self::PlatformRemoved => true,
            Self::SignedIn
            | Self::SignInFailed
            | Self::TokenRotated
            | Self::FingerprintChanged
            | Self::UserAdded
            | Self::CleanUpStarted
            | Self::AccessRefused
            | Self::ForgeryRefused
            | Self::DamageFound => false,
        }
    }

    /// Whether it concerns all sessions of the user, whichever of them it was done in.
    pub(crate) const fn concerns_every_session(self) -> bool {
        !matches!(self, Self::SessionEnded | Self::PlatformSwitched | Self::Reauthenticated)
    }
}

/// A row of `session_events`: append-only, written in the transaction of what it tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionEvent {
    /// The row's key; later events have larger ones.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: RecordedKind,
    /// The user it concerns.
    pub user_id: Option<UserId>,
    /// The session it concerns.
    pub session: Option<SessionHandle>,
    /// Who did it: `user` and a key, `operator`, `system` or `anonymous`.
    pub actor: String,
    /// From where: the address, or after some time its network, such as `192.0.2.0/24`.
    pub ip_address: Option<String>,
    /// With what: the `User-Agent` header; gone after some time.
    pub user_agent: Option<String>,
    /// The name of the device, such as "Firefox on Linux".
    pub device: Option<String>,
    /// What the kind adds; see [`EventKind`].
    pub detail: String,
}

impl SessionEvent {
    /// Whether anything in it tells of who sent the request.
    #[must_use]
    pub const fn tells_of_client(&self) -> bool {
        self.ip_address.is_some() || self.user_agent.is_some() || self.device.is_some()
    }

    /// The same with the address shortened to its network, and of the user agent the device's name
    /// alone.
    #[must_use]
    pub fn shortened(&self) -> Self {
        let address = self.ip_address.as_deref().and_then(|address| address.parse().ok());
        Self { ip_address: address.map(network), user_agent: None, ..self.clone() }
    }

    /// Removes all that tells of who sent the request.
    pub fn forget_client(&mut self) {
        self.ip_address = None;
        self.user_agent = None;
        self.device = None;
    }
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
