use std::hash::{BuildHasher as _, RandomState};

/// A number that no other process or call gets.
pub(crate) fn number() -> u64 {
    RandomState::new().hash_one(())
}
