//! The row: what the database knows of one session.

use std::net::IpAddr;

use crate::fingerprint::SessionFingerprint;
use crate::identity::{PlatformId, SessionId, UserId};
use crate::time::Timestamp;
use crate::token::SessionHandle;

/// One session: a row of `user_sessions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSession {
    /// The row's key.
    pub id: SessionId,
    /// The public name.
    pub handle: SessionHandle,
    /// Whose session it is.
    pub user_id: UserId,
    /// The platform the user acts in, if one is chosen.
    pub active_platform_id: Option<PlatformId>,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When the row last changed, activity aside.
    pub updated_at: Timestamp,
    /// The last request that counted as activity, as far as it has been written.
    pub last_activity: Timestamp,
    /// When the user last proved who they are.
    pub authenticated_at: Timestamp,
    /// The absolute end, whatever the activity.
    pub expires_at: Timestamp,
    /// Whether the user asked to stay signed in, which picks the lifetime.
    pub remembered: bool,
    /// When and why it ended; `None` while it lives.
    pub ended: Option<Ended>,
    /// 1 at first; grows by one with each change that a page should know of while it lives.
    pub revision: i64,
    /// The client at sign-in, hashed; `None` when fingerprints are off.
    pub fingerprint: Option<SessionFingerprint>,
    /// The user agent at sign-in.
    pub user_agent: Option<Box<str>>,
    /// The address at sign-in.
    pub ip_address: Option<IpAddr>,
}

/// The end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: EndReason,
}

/// A name that was not one of the known ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{given}\" is not a known {what}")]
pub struct UnknownName {
    /// What kind of name was wanted.
    pub what: &'static str,
    /// What was given.
    pub given: String,
}

/// Gives a fieldless enum its stable names, in text and in JSON.
macro_rules! named {
    ($type:ident, $what:literal, { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// The stable name, as stored and as sent.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::session::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err($crate::session::UnknownName { what: $what, given: text.to_owned() }),
                }
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
pub(crate) use named;

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EndReason {
    /// Its user signed out, or signed in anew in the same browser.
    Logout,
    /// Its user ended it from another device.
    RevokedByUser,
    /// An administrator ended it.
    RevokedByAdmin,
    /// The password changed elsewhere.
    PasswordChanged,
    /// The user was disabled or removed.
    UserDisabled,
    /// The user signed in on more devices than are allowed; this one was used least recently.
    Evicted,
    /// The cookie was used by another machine.
    FingerprintMismatch,
    /// A retired token was used: the cookie had been copied.
    TokenReuse,
    /// It was idle too long or reached its absolute end.
    Expired,
}

named!(EndReason, "end reason", {
    Logout => "logout",
    RevokedByUser => "revoked_by_user",
    RevokedByAdmin => "revoked_by_admin",
    PasswordChanged => "password_changed",
    UserDisabled => "user_disabled",
    Evicted => "evicted",
    FingerprintMismatch => "fingerprint_mismatch",
    TokenReuse => "token_reuse",
    Expired => "expired",
});

/// What a user may do; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Looks.
    Viewer,
    /// Reviews.
    Reviewer,
    /// Moderates.
    Moderator,
    /// Runs the place.
    Admin,
}

named!(Role, "role", {
    Viewer => "viewer",
    Reviewer => "reviewer",
    Moderator => "moderator",
    Admin => "admin",
});

impl<'de> serde::Deserialize<'de> for Role {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <String as serde::Deserialize>::deserialize(deserializer)?;
        // The error repeats nothing of what was given.
        name.parse().map_err(|_| {
            let names: Vec<_> = Self::ALL.iter().map(|role| role.as_str()).collect();
            serde::de::Error::custom(format_args!("expected one of {}", names.join(", ")))
        })
    }
}
