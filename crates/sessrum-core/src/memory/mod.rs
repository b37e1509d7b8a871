//! Every store trait over maps in memory: the reference that real databases are compared with.
//!
//! Each verb takes the one lock, so it is atomic by construction, and checks everything before it
//! changes anything. Clarity comes before speed.

mod accounts;
mod creating;
mod data;
mod directory;
mod ending;
mod events;
mod jobs;
mod platforms;
mod sessions;
mod throttle;
mod tokens;
mod users;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use platforms::PlatformRow;
use tokens::TokenRow;
use users::UserRow;

use crate::change_feed::ChangeFeed;
use crate::event::Change;
use crate::event_seal::{EventSealer, SealedEvent};
use crate::identity::{Key, SessionId};
use crate::session::UserSession;
use crate::store::DataEntry;
use crate::throttle::{Counter, CounterKey};
use crate::time::Timestamp;
use crate::token::TokenHash;

/// A store that lives as long as the process: for tests, for trying things out, and as the model
/// of what every other store does.
pub struct MemoryStore {
    state: Mutex<State>,
    turn_to_do_jobs: Arc<tokio::sync::Mutex<()>>,
    sealer: Arc<EventSealer>,
    feed: Arc<ChangeFeed>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::sealing_with(Arc::new(EventSealer::in_memory()))
    }

    /// An empty store whose events are sealed with `sealer`.
    #[must_use]
    pub fn sealing_with(sealer: Arc<EventSealer>) -> Self {
        let feed = Arc::new(ChangeFeed::unshared());
        let state = State::new(Arc::clone(&sealer), Arc::clone(&feed));
        Self { state: Mutex::new(state), turn_to_do_jobs: Arc::default(), sealer, feed }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore(…)")
    }
}

/// The tables. Keys count from 1 and are never given again, so the last ones are kept.
struct State {
    sealer: Arc<EventSealer>,
    feed: Arc<ChangeFeed>,
    sessions: BTreeMap<SessionId, SessionRow>,
    last_session: i64,
    tokens: BTreeMap<TokenHash, TokenRow>,
    events: Vec<SealedEvent>,
    users: BTreeMap<i64, UserRow>,
    last_user: i64,
    platforms: BTreeMap<i64, PlatformRow>,
    last_platform: i64,
    counters: BTreeMap<CounterKey, Counter>,
    last_clean_up: Option<Timestamp>,
}

/// A session with its data.
struct SessionRow {
    session: UserSession,
    data: BTreeMap<String, DataEntry>,
    last_data_revision: i64,
}

impl SessionRow {
    /// Notes a change that a page should know of.
    fn revise(&mut self, change: &Change) {
        self.session.updated_at = change.at;
        self.session.revision += 1;
    }
}

impl State {
    const fn new(sealer: Arc<EventSealer>, feed: Arc<ChangeFeed>) -> Self {
        Self {
            sealer,
            feed,
            sessions: BTreeMap::new(),
            last_session: 0,
            tokens: BTreeMap::new(),
            events: Vec::new(),
            users: BTreeMap::new(),
            last_user: 0,
            platforms: BTreeMap::new(),
            last_platform: 0,
            counters: BTreeMap::new(),
            last_clean_up: None,
        }
    }

    /// The one way to a session that is about to change.
    fn live(&mut self, id: SessionId) -> Option<&mut SessionRow> {
        self.sessions.get_mut(&id).filter(|row| row.session.ended.is_none())
    }

    fn live_rows(&mut self) -> impl Iterator<Item = &mut SessionRow> {
        self.sessions.values_mut().filter(|row| row.session.ended.is_none())
    }

    fn live_sessions(&self) -> impl Iterator<Item = &UserSession> {
        self.sessions.values().map(|row| &row.session).filter(|session| session.ended.is_none())
    }
}

/// The next key of a table.
fn next(last: &mut i64) -> i64 {
    *last += 1;
    *last
}

/// The bundled tables count their rows: a text is never the key of one.
fn bundled_key(key: &Key) -> Option<i64> {
    match key {
        Key::Integer(number) => Some(*number),
        Key::Text(_) => None,
    }
}
