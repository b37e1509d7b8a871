//! One suite, one test a behaviour, that every store runs.
//!
//! A store's own test file names how to make an empty one, and what must outlive it if anything:
//!
//! ```
//! use std::sync::Arc;
//! use sessrum_core::{MemoryStore, store::Store};
//!
//! sessrum_conformance::suite!(async { Arc::new(MemoryStore::new()) as Arc<dyn Store> });
//! ```
//!
//! [`suite!`] makes one `#[test]` of each function in the modules below: [`manager`] has those of
//! sessions as a whole, the others those of the store alone; those of [`database`] a store's file calls by
//! itself. [`model`] compares a
//! store with [`MemoryStore`](sessrum_core::MemoryStore) over random sequences of operations, in a
//! test that the store's file calls it from.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::unchecked_time_subtraction,
    clippy::unused_self,
    clippy::needless_pass_by_value,
    clippy::wildcard_imports,
    missing_docs,
    reason = "every function here is a test or serves tests: its name is its documentation"
)]

pub mod account_races;
pub mod activity;
pub mod clean_up_storm;
pub mod cleanup;
pub mod creating;
pub mod data;
pub mod database;
pub mod dead;
pub mod devices;
pub mod directory;
pub mod ending;
pub mod events;
mod fixture;
pub mod forgetting;
pub mod jobs;
pub mod lists;
pub mod manager;
pub mod model;
pub mod platforms;
mod proxy;
pub mod races;
mod runner;
mod store_suite;
mod suite;
pub mod switching;
pub mod throttle;
pub mod tokens;
pub mod trail;
pub mod users;
pub mod watching;

pub use fixture::{Fixture, new_session, sealer};
pub use manager::ManagerFixture;
pub use proxy::ProxyStore;
pub use runner::{Subject, run};
