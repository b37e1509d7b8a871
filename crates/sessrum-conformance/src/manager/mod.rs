//! What sessions and accounts do as a whole: the verbs of
//! [`UnifiedSessionManager`](sessrum_core::UnifiedSessionManager) and
//! [`Accounts`](sessrum_core::Accounts) over a store, a clock that is moved by hand and repeatable
//! randomness.

pub mod accounts;
pub mod caching;
pub mod cleanup;
pub mod coherence;
pub mod dead;
pub mod directory;
pub mod ending;
pub mod fingerprint;
mod fixture;
pub mod forgetting;
mod instances;
pub mod lifetimes;
pub mod outages;
pub mod passwords;
pub mod rotation;
pub mod signing_in;
mod suite;
pub mod switching;
pub mod theft;
pub mod throttle;
pub mod validating;

pub use fixture::ManagerFixture;
