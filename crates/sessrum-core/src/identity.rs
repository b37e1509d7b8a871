//! Keys of users, platforms and sessions.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A key as the owner of the record made it: a number or a text.
///
/// Keys come from the application's own tables and stay what they were: `7` and `"7"` differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged, expecting = "a whole number or a text")]
pub enum Key {
    /// A whole number.
    Integer(i64),
    /// Anything else, such as a UUID.
    Text(Box<str>),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

macro_rules! key_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub Key);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<i64> for $name {
            fn from(number: i64) -> Self {
                Self(Key::Integer(number))
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Key::Text(text.into()))
            }
        }
    };
}

key_type!(
    /// The key of a user.
    UserId
);
key_type!(
    /// The key of a platform connection: an account, tenant or workspace that a user can act in.
    PlatformId
);

/// The key of a session's row. It never leaves the server; the outside sees [`SessionHandle`].
///
/// [`SessionHandle`]: crate::SessionHandle
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub i64);
