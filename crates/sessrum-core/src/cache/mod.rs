//! Rows that were read a short while ago, so that most requests ask no database.
//!
//! What is kept is what was read, not what came of it: a cached session is judged with each request.
//! Nothing is removed when something happens: an entry is used while what was read
//! [holds](ChangeFeed::holds), so a reading that a change overtook is as void as an old one.

mod entry;

use std::sync::Arc;
use std::time::Duration;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::change_feed::{ChangeFeed, Generation};
use crate::store::LoadedSession;
use crate::time::Timestamp;
use crate::token::TokenHash;
use entry::Entry;

/// The memory that cached sessions may take unless another is set: 64 MiB, for some 110,000 sessions.
pub const DEFAULT_CACHE_BYTES: usize = 64 << 20;

/// How long a row is used at most. What somebody changes in the database by hand may be told by
/// nothing, and what other instances know of activity is not.
const LONGEST_USE: Duration = Duration::from_mins(1);

/// What an entry takes as a rule, for the cache to plan by.
const USUAL_BYTES: usize = 600;

/// Rows by the token that each was read by; `None`: nothing is kept.
pub(crate) struct SessionCache(Option<Cache<TokenHash, Arc<Entry>, ByBytes>>);

/// When a row was read.
#[derive(Clone, Copy)]
pub(crate) struct Reading {
    generation: Generation,
    uptime: Duration,
}

impl Reading {
    /// Before the database is asked.
    pub(crate) fn begin(feed: &ChangeFeed, uptime: Duration) -> Self {
        Self { generation: feed.generation(), uptime }
    }
}

impl SessionCache {
    /// A cache that takes so many bytes at most; with none nothing is kept.
    pub(crate) fn of(bytes: usize) -> Self {
        let cache = || Cache::with_weighter(bytes / USUAL_BYTES, bytes as u64, ByBytes);
        Self((bytes > 0).then(cache))
    }

    /// What was read by a token, if it is still so.
    pub(crate) fn get(
        &self,
        token: &TokenHash,
        feed: &ChangeFeed,
        uptime: Duration,
    ) -> Option<LoadedSession> {
        let entry = self.0.as_ref()?.get(token)?;
        let Reading { generation, uptime: read_at } = entry.reading;
        let is_young = uptime.saturating_sub(read_at) < LONGEST_USE;
        let holds = is_young && feed.holds(&entry.user_id, generation);
        holds.then(|| entry.load())
    }

    /// Keeps what was read by a token, if it may be.
    pub(crate) fn put(&self, token: TokenHash, loaded: &LoadedSession, reading: Reading) {
        if let Some(entries) = self.0.as_ref().filter(|_| loaded.may_be_cached()) {
            entries.insert(token, Arc::new(Entry::of(loaded, reading)));
        }
    }

    /// Notes activity in the session of a token.
    pub(crate) fn touch(&self, token: &TokenHash, at: Timestamp) {
        if let Some(entry) = self.0.as_ref().and_then(|entries| entries.get(token)) {
            entry.touch(at);
        }
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<TokenHash, Arc<Entry>> for ByBytes {
    fn weight(&self, _: &TokenHash, entry: &Arc<Entry>) -> u64 {
        entry.bytes() as u64
    }
}

#[cfg(test)]
mod tests;
