//! The heart of Sessrum: sessions without HTTP and without SQL.
mod activity;
mod client;
mod context;
pub mod csrf;
mod directory;
mod error;
mod event;
pub mod fingerprint;
mod identity;
mod lifetime;
mod memory;
mod password;
mod random;
mod secret;
mod session;
pub mod store;
mod time;
mod token;

pub use client::Client;
pub use context::{PlatformInfo, SessionContext, UserInfo};
pub use directory::{
    Directory, DirectoryChange, DirectoryChanges, PasswordHash, SignInFacts, UserFacts,
};
pub use error::{
    SessionEndedError, SessionError, SessionExpiredError, SessionNotFoundError,
    SessionValidationError,
};
pub use event::{Actor, Change, EventKind, SessionEvent};
pub use fingerprint::{FingerprintMode, SessionFingerprint};
pub use identity::{Key, PlatformId, SessionId, UserId};
pub use lifetime::{
    ExpiryLimits, Lifetime, SessionPolicy, TokenRecord, TokenStanding, Verdict, judge,
};
pub use memory::MemoryStore;
pub use password::{
    LONGEST_PASSWORD, PasswordCost, PasswordError, PasswordHasher, PasswordRule, SHORTEST_PASSWORD,
    Verification, check_new_password,
};
pub use random::{OsRandom, Random, RandomError, SeededRandom};
pub use secret::{CsrfKey, FingerprintKey, SealError, SealedCredentials, SealingKey, SecretKey};
pub use session::{EndReason, Ended, Role, UnknownName, UserSession};
pub use time::{Clock, ManualClock, SystemClock, Timestamp};
pub use token::{SessionHandle, SessionToken, TokenHash};
