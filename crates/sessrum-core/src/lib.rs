//! The heart of Sessrum: sessions, without HTTP and without SQL.
//!
//! [`UnifiedSessionManager`] has every verb. It works on a [`Store`](store::Store), judges rows
//! with [`judge`], and takes the time from a [`Clock`] and randomness from a [`Random`].
//! [`Accounts`] adds what people do with their password.
//!
//! Where to look: a row is a [`UserSession`]; the cookie's secret a [`SessionToken`]; what a
//! request knows a [`SessionContext`]; the seam to an application's own users a [`Directory`].

mod account_outcomes;
mod accounts;
mod activity;
mod cache;
mod change_feed;
mod client;
mod context;
pub mod csrf;
mod digits;
mod directory;
mod error;
mod event;
mod event_seal;
mod event_trail;
pub mod fingerprint;
mod identity;
mod lanes;
mod lifetime;
mod manager;
mod memory;
mod password;
mod password_rule;
mod random;
mod recorded_kind;
mod sealing;
mod secret;
mod session;
pub mod store;
mod store_error;
mod text;
pub mod throttle;
mod throttle_key;
mod time;
mod token;
mod user_rule;

pub use account_outcomes::{
    AccountError, PasswordChanged, PasswordSet, Reauthenticated, UserAdded,
};
pub use accounts::{Accounts, PasswordSignIn};
pub use cache::DEFAULT_CACHE_BYTES;
pub use change_feed::{
    ChangeFeed, Generation, News, SessionWatch, SessionWatchers, WatchLimits, WatchRefusal,
};
pub use client::Client;
pub use context::{PlatformInfo, SessionContext, UserInfo};
#[doc(hidden)]
pub use digits::hex;
pub use directory::{
    Directory, DirectoryChange, DirectoryChanges, PasswordHash, SignInFacts, UserFacts,
};
pub use error::{
    SessionEndedError, SessionError, SessionExpiredError, SessionNotFoundError,
    SessionValidationError,
};
pub use event::{Actor, Change, EventKind, NEW_DEVICE, SessionEvent};
pub use event_seal::{EventSeal, EventSealer, Predecessor, SealedEvent};
pub use event_trail::{TrailFault, TrailReport, TrailVerifier, knows_newest_seal, verify_trail};
pub use fingerprint::{FingerprintMode, SessionFingerprint};
pub use identity::{Key, PlatformId, SessionId, UserId};
pub use lifetime::{
    ExpiryLimits, Lifetime, SessionPolicy, TokenRecord, TokenStanding, Verdict, judge,
};
pub use manager::{
    CleanupReport, ForgetOutcome, Renewed, ResealError, ResealReport, SignIn, SignInOutcome,
    SignedIn, SwitchOutcome, UnifiedSessionManager,
};
pub use memory::MemoryStore;
pub use password::{PasswordCost, PasswordError, PasswordHasher, Verification};
pub use password_rule::{LONGEST_PASSWORD, PasswordRule, SHORTEST_PASSWORD};
pub use random::{OsRandom, Random, RandomError, SeededRandom};
pub use recorded_kind::RecordedKind;
pub use sealing::{SealError, SealedCredentials, SealingKey};
pub use secret::{CsrfKey, FingerprintKey, SecretKey};
pub use session::{EndReason, Ended, Role, UnknownName, UserSession};
pub use throttle::ThrottleRules;
pub use throttle_key::ThrottleKey;
pub use time::{Clock, ManualClock, SystemClock, Timestamp};
pub use token::{SessionHandle, SessionToken, TokenHash};
pub use user_rule::UserRule;
