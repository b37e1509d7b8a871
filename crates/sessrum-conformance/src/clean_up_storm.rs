//! Cleaning up while the same rows are made, used, switched and ended, until that has met often.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sessrum_core::store::{
    Activity, CreateOutcome, EndedSession, NewSession, SessionFilter, Store, UpdateOutcome,
};
use sessrum_core::{
    EndReason, EventKind, ExpiryLimits, Random as _, SeededRandom, SessionId, Timestamp, TokenHash,
    UserId, verify_trail,
};
use tokio::task::JoinSet;

use crate::Fixture;
use crate::fixture::{ALL, MANY, at, change};

/// Of a session that nobody uses, in seconds; each change takes one.
const IDLE: u64 = 60;
/// Of a session that has ended.
const KEPT: u64 = 20;
/// No more than this goes with one statement.
const BATCH: usize = 3;

/// Security: abuse 17
pub async fn nothing_in_use_is_cleaned_up_whoever_meets(fixture: Fixture) {
    let storm = Storm::over(vec![fixture.shared()]);
    storm.rage(1_000).await;
    storm.pass().await;
}

/// What is known of a session.
#[derive(Clone, Copy)]
struct Known {
    token: TokenHash,
    expires_at: Timestamp,
    /// The latest activity that was acknowledged.
    active_at: Timestamp,
    /// How many switches were acknowledged.
    switches: i64,
}

/// Many callers on stores over one database.
pub struct Storm {
    stores: Vec<Arc<dyn Store>>,
    fixture: Fixture,
    sessions: Mutex<BTreeMap<SessionId, Known>>,
    /// How often the end of each was told, which may be before its beginning is.
    ends: Mutex<BTreeMap<SessionId, usize>>,
    /// Changes so far, which is also the time.
    made: AtomicUsize,
    expired: AtomicUsize,
    deleted: AtomicUsize,
}

impl Storm {
    /// Over stores on one empty database, as several instances have them.
    pub fn over(stores: Vec<Arc<dyn Store>>) -> Arc<Self> {
        Arc::new(Self {
            fixture: Fixture::from(Arc::clone(&stores[0])),
            stores,
            sessions: Mutex::default(),
            ends: Mutex::default(),
            made: AtomicUsize::new(0),
            expired: AtomicUsize::new(0),
            deleted: AtomicUsize::new(0),
        })
    }

    /// Makes so many changes while each store cleans up over and over.
    pub async fn rage(self: &Arc<Self>, changes: usize) {
        let mut tasks = JoinSet::new();
        for number in 0..MANY {
            let (storm, random) = (Arc::clone(self), SeededRandom::new(number as u64));
            tasks.spawn(async move {
                while storm.made.fetch_add(1, Ordering::Relaxed) < changes {
                    storm.change(&random).await;
                    tokio::task::yield_now().await;
                }
            });
        }
        for number in 0..self.stores.len().max(2) {
            let storm = Arc::clone(self);
            tasks.spawn(async move {
                let cleaned = &storm.stores[number % storm.stores.len()];
                while storm.made.load(Ordering::Relaxed) < changes {
                    storm.clean_up(cleaned).await;
                }
            });
        }
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
    }

    fn seconds(&self) -> u64 {
        self.made.load(Ordering::Relaxed) as u64
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<SessionId, Known>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ends(&self) -> MutexGuard<'_, BTreeMap<SessionId, usize>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended<'a>(&self, ended: impl IntoIterator<Item = &'a EndedSession>) {
        let mut ends = self.ends();
        for session in ended {
            *ends.entry(session.id).or_default() += 1;
        }
    }

    fn living(&self) -> Vec<SessionId> {
        let (sessions, ends) = (self.sessions(), self.ends());
        sessions.keys().filter(|id| !ends.contains_key(id)).copied().collect()
    }

    /// Some change of some session, on some store.
    async fn change(&self, random: &SeededRandom) {
        let store = &self.stores[below(random, self.stores.len())];
        let seconds = self.seconds();
        let living = self.living();
        let chosen = living.get(below(random, living.len().max(1))).copied();
        match (below(random, 12), chosen) {
            (0..2, _) | (_, None) => self.create(store, random, seconds).await,
            (2..7, _) => self.touch(store, random, living, seconds).await,
            (7..9, Some(session)) => {
                let to = Some(&seconds.cast_signed().into());
                let switched = store.switch_platform_if(session, to, None, &change(seconds)).await;
                if let UpdateOutcome::Updated(_) = switched.unwrap() {
                    self.sessions().get_mut(&session).unwrap().switches += 1;
                }
            }
            (9, Some(session)) => {
                let ended = store.end(session, EndReason::Logout, &change(seconds)).await.unwrap();
                self.ended(&ended);
            }
            (10, Some(session)) => {
                self.fixture.put(session, "cart", "[1]").await;
            }
            (_, Some(session)) => {
                let rotation = self.fixture.rotation(seconds);
                store.rotate(session, rotation, &change(seconds)).await.unwrap();
            }
        }
    }

    async fn create(&self, store: &Arc<dyn Store>, random: &SeededRandom, seconds: u64) {
        let user = UserId::from(i64::try_from(below(random, 16)).unwrap());
        let lives = Duration::from_secs(100 + below(random, 400) as u64);
        let expires_at = at(seconds) + lives;
        let new = NewSession { expires_at, ..self.fixture.new_session(&user) };
        let token = new.token;
        let created = store.create(new, &change(seconds)).await.unwrap();
        let CreateOutcome::Created { session, ended } = created else {
            panic!("{created:?}");
        };
        let known = Known { token, expires_at, active_at: at(seconds), switches: 0 };
        self.sessions().insert(session.id, known);
        self.ended(&ended);
    }

    /// Touches sessions in an order of no meaning.
    async fn touch(
        &self,
        store: &Arc<dyn Store>,
        random: &SeededRandom,
        mut sessions: Vec<SessionId>,
        seconds: u64,
    ) {
        for index in 1..sessions.len() {
            sessions.swap(index, below(random, index + 1));
        }
        sessions.truncate(10);
        let marks: Vec<_> =
            sessions.iter().map(|&session| Activity { session, at: at(seconds) }).collect();
        // Of fewer nobody is told which.
        if store.touch_many(&marks).await.unwrap() == marks.len() {
            let mut known = self.sessions();
            for mark in marks {
                let known = known.get_mut(&mark.session).unwrap();
                known.active_at = known.active_at.max(mark.at);
            }
        }
    }

    async fn clean_up(&self, store: &Arc<dyn Store>) {
        let before = self.sessions().clone();
        let seconds = self.seconds();
        let limits = limits(seconds);
        let ended = store.end_expired(limits, BATCH, &change(seconds)).await.unwrap();
        for known in ended.iter().filter_map(|session| before.get(&session.id)) {
            assert!(
                known.expires_at <= limits.now || known.active_at <= limits.idle_since,
                "a session in use was ended"
            );
        }
        self.expired.fetch_add(ended.len(), Ordering::Relaxed);
        self.ended(&ended);
        let long_ago = at(seconds.saturating_sub(KEPT));
        let deleted = store.delete_ended_before(long_ago, BATCH).await.unwrap();
        self.deleted.fetch_add(deleted, Ordering::Relaxed);
    }

    /// Looks at what is left: what lives is whole, what does not was told of once, and all of it can
    /// be removed.
    pub async fn pass(&self) {
        let (expired, deleted) = (&self.expired, &self.deleted);
        let so_far = (expired.load(Ordering::Relaxed), deleted.load(Ordering::Relaxed));
        assert!(so_far.0 > 0 && so_far.1 > 0, "nothing was cleaned up: {so_far:?}");
        self.touch_what_has_ended().await;
        let store = &self.fixture;
        let sessions = self.sessions().clone();
        let ends = self.ends().clone();
        for (id, known) in &sessions {
            let row = store.load_by_token(&known.token).await.unwrap().map(|found| found.session);
            let living = row.filter(|row| row.ended.is_none());
            let told = ends.get(id).copied().unwrap_or_default();
            assert_eq!(usize::from(living.is_none()), told, "it lives, or its end was told once");
            if let Some(row) = living {
                assert_eq!(row.revision, 1 + known.switches);
                assert!(row.last_activity >= known.active_at);
            }
        }
        let the_end = self.seconds() + 1_000;
        while self.expired_at(the_end).await + self.deleted_at(the_end).await > 0 {}
        let left = SessionFilter { include_ended: true, ..SessionFilter::default() };
        assert_eq!(store.list(&left, ALL).await.unwrap(), []);
        assert_eq!(deleted.load(Ordering::Relaxed), sessions.len());
        assert_eq!(store.count(EventKind::SignedIn).await, sessions.len());
        assert_eq!(store.count(EventKind::SessionEnded).await, sessions.len());
        assert_eq!(verify_trail(&**store, |_| {}).await.unwrap().faults, []);
    }

    /// The storm may have left none that has ended and still has its row: one more is made and ended.
    async fn touch_what_has_ended(&self) {
        let (store, seconds) = (&self.stores[0], self.seconds());
        self.create(store, &SeededRandom::new(seconds), seconds).await;
        let living = self.living();
        let ended = store.end(living[0], EndReason::Logout, &change(seconds)).await.unwrap();
        self.ended(&ended);
        let known: Vec<_> = self.sessions().keys().copied().collect();
        let marks: Vec<_> =
            known.into_iter().map(|session| Activity { session, at: at(seconds) }).collect();
        let touched = store.touch_many(&marks).await.unwrap();
        assert_eq!(touched, living.len() - 1, "what has ended is not touched");
    }

    async fn expired_at(&self, seconds: u64) -> usize {
        let change = change(seconds);
        self.fixture.end_expired(limits(seconds), BATCH, &change).await.unwrap().len()
    }

    async fn deleted_at(&self, seconds: u64) -> usize {
        let deleted = self.fixture.delete_ended_before(at(seconds + 1), BATCH).await.unwrap();
        self.deleted.fetch_add(deleted, Ordering::Relaxed);
        deleted
    }
}

fn limits(seconds: u64) -> ExpiryLimits {
    let idle_since = at(seconds) - Duration::from_secs(IDLE);
    ExpiryLimits { now: at(seconds), idle_since, remembered_idle_since: idle_since }
}

/// A number below a limit.
fn below(random: &SeededRandom, limit: usize) -> usize {
    let mut bytes = [0; 4];
    random.fill(&mut bytes).unwrap();
    u32::from_le_bytes(bytes) as usize % limit
}
