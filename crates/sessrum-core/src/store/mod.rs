//! What a database must do: atomic verbs, with expected outcomes as values.
//!
//! Every verb that changes something of a user or a session takes a [`Change`](crate::Change) and writes its event in the
//! same transaction. Verbs return after commit. Changes to a session are made only while it lives:
//! no verb revives an ended one.

mod accounts;
mod data;
mod events;
mod jobs;
mod sessions;
mod throttle;

pub use accounts::{
    AccountStore, AddPlatform, AddUser, MOST_PLATFORMS, NewPlatform, NewUser, PasswordChange,
    PasswordOutcome, PlatformChange, PlatformConnection, PlatformCredentials, PlatformOutcome,
    User, UserChange, UserOutcome,
};
pub use data::{DataEntry, DataStore, DataWrite, Precondition, PutOutcome, RemoveOutcome};
pub use events::{EventFilter, EventStore, NewEvent};
pub use jobs::{JobClaim, JobStore};
pub use sessions::{
    Activity, CreateOutcome, EndedSession, LoadedSession, NewSession, Page, RotateOutcome,
    Rotation, SessionFilter, SessionStore, UpdateOutcome,
};
pub use throttle::ThrottleStore;

use crate::directory::Directory;
pub use crate::store_error::{StoreError, StoreErrorKind};

/// Everything a database does for a session system.
pub trait Store:
    SessionStore + DataStore + EventStore + AccountStore + ThrottleStore + JobStore + Directory
{
}

impl<T> Store for T where
    T: SessionStore + DataStore + EventStore + AccountStore + ThrottleStore + JobStore + Directory
{
}
