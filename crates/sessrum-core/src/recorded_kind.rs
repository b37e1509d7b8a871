use std::fmt;

use serde::{Serialize, Serializer};

use crate::event::EventKind;

/// The kind of an event as the audit trail has it. A newer program may have written one that this
/// program does not know.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordedKind {
    /// One that this program knows.
    Known(EventKind),
    /// Any other, as it is written.
    Unknown(Box<str>),
}

impl RecordedKind {
    /// The name, as stored and as sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(kind) => kind.as_str(),
            Self::Unknown(name) => name,
        }
    }

    /// The kind, if this program knows it.
    #[must_use]
    pub const fn known(&self) -> Option<EventKind> {
        match self {
            Self::Known(kind) => Some(*kind),
            Self::Unknown(_) => None,
        }
    }
}

impl From<&str> for RecordedKind {
    fn from(name: &str) -> Self {
        name.parse().map_or_else(|_| Self::Unknown(name.into()), Self::Known)
    }
}

impl From<EventKind> for RecordedKind {
    fn from(kind: EventKind) -> Self {
        Self::Known(kind)
    }
}

impl PartialEq<EventKind> for RecordedKind {
    fn eq(&self, kind: &EventKind) -> bool {
        self.known() == Some(*kind)
    }
}

impl fmt::Display for RecordedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for RecordedKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
