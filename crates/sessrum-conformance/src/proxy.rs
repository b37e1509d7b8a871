//! A store that tests can watch, break and interrupt.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sessrum_core::store::*;
use sessrum_core::throttle::*;
use sessrum_core::*;

type Picks = Box<dyn Fn(&str) -> bool + Send>;
type Interruption = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A store in front of another, for tests of what stands on a store: it tells what was asked, fails
/// when it is told to, and lets something happen right after a verb, as a race would.
pub struct ProxyStore {
    inner: Arc<dyn Store>,
    asked: Mutex<Vec<&'static str>>,
    fails: Mutex<Picks>,
    is_deaf: AtomicBool,
    /// A feed that has heard nothing.
    deaf: Arc<ChangeFeed>,
    next: Mutex<Option<(&'static str, Interruption)>>,
}

impl ProxyStore {
    /// A proxy in front of `inner`.
    pub fn of(inner: Arc<dyn Store>) -> Arc<Self> {
        let clock = Arc::new(ManualClock::starting_at(Timestamp::from_micros(0)));
        Arc::new(Self {
            inner,
            asked: Mutex::default(),
            fails: Mutex::new(Box::new(|_| false)),
            is_deaf: AtomicBool::new(false),
            deaf: Arc::new(ChangeFeed::leased(clock, Duration::ZERO)),
            next: Mutex::default(),
        })
    }

    /// The verbs that were asked for since the last call.
    pub fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// From now on the verbs that `fails` picks find no database.
    pub fn fail_when(&self, fails: impl Fn(&str) -> bool + Send + 'static) {
        *self.fails.lock().unwrap() = Box::new(fails);
    }

    /// From now on this verb alone finds no database.
    pub fn fail_at(&self, verb: &'static str) {
        self.fail_when(move |asked| asked == verb);
    }

    /// From now on no verb finds the database, nor has the feed heard of it for its lease.
    pub fn fail(&self) {
        self.fail_when(|_| true);
        self.lose_the_feed();
    }

    /// From now on the feed has heard nothing for its lease.
    pub fn lose_the_feed(&self) {
        self.is_deaf.store(true, Ordering::Relaxed);
    }

    /// Everything works again.
    pub fn recover(&self) {
        self.fail_when(|_| false);
        self.is_deaf.store(false, Ordering::Relaxed);
    }

    /// Does something once, between the next answer of `verb` and its arrival.
    pub fn after(
        &self,
        verb: &'static str,
        interruption: impl Future<Output = ()> + Send + 'static,
    ) {
        *self.next.lock().unwrap() = Some((verb, Box::pin(interruption)));
    }

    fn enter(&self, verb: &'static str) -> Result<(), StoreError> {
        self.asked.lock().unwrap().push(verb);
        if (self.fails.lock().unwrap())(verb) {
            return Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "secret detail of the driver",
            ));
        }
        Ok(())
    }

    async fn interrupt(&self, verb: &str) {
        let interruption = self.next.lock().unwrap().take_if(|(after, _)| *after == verb);
        if let Some((_, interruption)) = interruption {
            interruption.await;
        }
    }
}

/// Hands verbs on.
macro_rules! proxied {
    ($($trait:ident { $(fn $verb:ident($($name:ident: $type:ty),*) -> $answer:ty;)+ $({$($own:tt)*})? })+) => {$(
        #[async_trait]
        impl $trait for ProxyStore {
            $($($own)*)?
            $(async fn $verb(&self, $($name: $type),*) -> Result<$answer, StoreError> {
                self.enter(stringify!($verb))?;
                let answer = self.inner.$verb($($name),*).await;
                self.interrupt(stringify!($verb)).await;
                answer
            })+
        }
    )+};
}

proxied! {
    SessionStore {
        fn create(new: NewSession, change: &Change) -> CreateOutcome;
        fn load_by_token(token: &TokenHash) -> Option<LoadedSession>;
        fn find_by_handle(handle: &SessionHandle) -> Option<UserSession>;
        fn confirm_token(token: &TokenHash, at: Timestamp) -> ();
        fn rotate(session: SessionId, rotation: Rotation, change: &Change) -> RotateOutcome;
        fn touch_many(marks: &[Activity]) -> usize;
        fn switch_platform_if(
            session: SessionId,
            platform: Option<&PlatformId>,
            expected: Option<i64>,
            change: &Change
        ) -> UpdateOutcome;
        fn end(session: SessionId, reason: EndReason, change: &Change) -> Option<EndedSession>;
        fn end_for_user(
            user: &UserId,
            keep: Option<SessionId>,
            reason: EndReason,
            change: &Change
        ) -> Vec<EndedSession>;
        fn end_all(
            keep: Option<SessionId>,
            reason: EndReason,
            limit: usize,
            change: &Change
        ) -> Vec<EndedSession>;
        fn end_expired(limits: ExpiryLimits, limit: usize, change: &Change) -> Vec<EndedSession>;
        fn until_ends_hold() -> ();
        fn delete_ended_before(before: Timestamp, limit: usize) -> usize;
        fn list_for_user(user: &UserId) -> Vec<UserSession>;
        fn list(filter: &SessionFilter, page: Page) -> Vec<UserSession>;
        fn count_live() -> u64;
        fn check() -> ();
        fn is_compaction_due() -> bool;
        fn compact() -> ();
    }
    DataStore {
        fn data(session: SessionId, key: &str) -> Option<DataEntry>;
        fn list_data(session: SessionId) -> Vec<DataEntry>;
        fn put_data(session: SessionId, write: DataWrite<'_>) -> PutOutcome;
        fn remove_data(session: SessionId, key: &str, precondition: Precondition) -> RemoveOutcome;
    }
    EventStore {
        fn record(event: NewEvent, change: &Change) -> ();
        fn record_of_bundled(event: NewEvent, change: &Change) -> ();
        fn events(filter: &EventFilter, page: Page) -> Vec<SessionEvent>;
        fn last_event_id() -> i64;
        fn sealed_events(after: i64, limit: usize) -> Vec<SealedEvent>;
        fn shorten_clients_before(before: Timestamp, limit: usize) -> usize;
        {
            fn sealer(&self) -> &EventSealer {
                self.inner.sealer()
            }

            fn feed(&self) -> &ChangeFeed {
                if self.is_deaf.load(Ordering::Relaxed) { &self.deaf } else { self.inner.feed() }
            }

            fn numbers_events_without_gaps(&self) -> bool {
                self.inner.numbers_events_without_gaps()
            }
        }
    }
    AccountStore {
        fn add_user(new: NewUser, change: &Change) -> AddUser;
        fn users(after: Option<i64>, limit: usize) -> Vec<User>;
        fn usernames(users: &[UserId]) -> BTreeMap<UserId, String>;
        fn user_by_name(username: &str) -> Option<User>;
        fn change_user(user: &UserId, what: UserChange, change: &Change) -> UserOutcome;
        fn forget_user(user: &UserId, change: &Change) -> Option<Vec<EndedSession>>;
        fn change_password(user: &UserId, password: PasswordChange, change: &Change)
            -> PasswordOutcome;
        fn upgrade_password_hash(user: &UserId, old: &PasswordHash, new: &PasswordHash) -> bool;
        fn add_platform(user: &UserId, new: NewPlatform, change: &Change) -> AddPlatform;
        fn platform_connections(user: &UserId) -> Vec<PlatformConnection>;
        fn change_platform(
            user: &UserId,
            platform: &PlatformId,
            what: PlatformChange,
            change: &Change
        ) -> PlatformOutcome;
        fn remove_platform(user: &UserId, platform: &PlatformId, change: &Change) -> bool;
        fn platform_credentials(user: &UserId, platform: &PlatformId)
            -> Option<SealedCredentials>;
        fn sealed_credentials(after: Option<i64>, limit: usize) -> Vec<PlatformCredentials>;
        fn reseal_credentials(old: &PlatformCredentials, new: &SealedCredentials) -> bool;
    }
    ThrottleStore {
        fn begin_attempt(attempt: &Attempt, rules: &ThrottleRules, now: Timestamp) -> Admission;
        fn attempt_succeeded(attempt: &Attempt, rules: &ThrottleRules, now: Timestamp) -> ();
        fn forget_attempts(account: Mark) -> ();
        fn delete_forgotten_attempts(now: Timestamp, limit: usize) -> usize;
    }
    JobStore {
        fn claim_jobs() -> Option<JobClaim>;
        fn last_clean_up() -> Option<Timestamp>;
        fn note_clean_up(at: Timestamp) -> ();
    }
    Directory {
        fn find_for_sign_in(username: &str) -> Option<SignInFacts>;
        fn user(id: &UserId) -> Option<UserFacts>;
        fn platform(user: &UserId, id: &PlatformId) -> Option<PlatformInfo>;
        fn platforms(user: &UserId) -> Vec<PlatformInfo>;
        fn changes_after(cursor: Option<i64>) -> DirectoryChanges;
    }
}
