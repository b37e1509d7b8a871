//! The one place that knows what a session may do. Each verb of the plan is a method; each file
//! here is a group of them.

mod attempts;
mod begin;
mod clean_up;
mod credentials;
mod end;
mod load;
mod note;
mod platform;
mod renew;
mod validate;
mod watch;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

pub use attempts::ForgetOutcome;
pub use begin::{SignIn, SignInOutcome, SignedIn};
pub use clean_up::CleanupReport;
pub use credentials::{ResealError, ResealReport};
pub use platform::SwitchOutcome;
pub use renew::Renewed;

use crate::activity::ActivityMarks;
use crate::cache::{DEFAULT_CACHE_BYTES, SessionCache};
use crate::client::Client;
use crate::directory::Directory;
use crate::event::{Actor, Change, EventKind};
use crate::fingerprint::FingerprintMode;
use crate::identity::SessionId;
use crate::lifetime::SessionPolicy;
use crate::random::{OsRandom, Random};
use crate::sealing::SealingKey;
use crate::secret::{CsrfKey, FingerprintKey, SecretKey};
use crate::store::Store;
use crate::throttle_key::ThrottleKey;
use crate::time::{Clock, SystemClock, Timestamp};
use crate::{SessionContext, SessionFingerprint};

/// Creates, validates, changes and ends sessions. The database is the only truth: the manager
/// holds marks of activity that are on their way to it, and a cache of rows that are void as soon as
/// something happens to their user.
///
/// ```
/// use std::sync::Arc;
/// use sessrum_core::{Client, MemoryStore, OsRandom, SecretKey, SessionToken, UnifiedSessionManager};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Arc::new(MemoryStore::new());
/// let manager = UnifiedSessionManager::new(store, &SecretKey::generate(&OsRandom)?);
/// let stranger = SessionToken::generate(&OsRandom)?;
/// assert!(manager.get_session_context(&stranger, &Client::default()).await.is_err());
/// # Ok(())
/// # }
/// ```
pub struct UnifiedSessionManager {
    store: Arc<dyn Store>,
    /// `None`: the tables that come with the store.
    directory: Option<Arc<dyn Directory>>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    policy: SessionPolicy,
    csrf: CsrfKey,
    fingerprint: FingerprintKey,
    sealing: SealingKey,
    throttle: ThrottleKey,
    activity: ActivityMarks,
    cache: SessionCache,
    /// One flush at a time, so that a batch is either out or back.
    flushing: tokio::sync::Mutex<()>,
    /// What requests have been recorded for since the last clean-up, so that many more of the same
    /// do not fill the database.
    noted: Mutex<HashSet<(Option<SessionId>, EventKind, String)>>,
}

impl UnifiedSessionManager {
    /// A manager with the default [`SessionPolicy`], the machine's clock and randomness, and the
    /// store's own users and platforms.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, secret: &SecretKey) -> Self {
        Self {
            store,
            directory: None,
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            policy: SessionPolicy::default(),
            csrf: secret.csrf_key(),
            fingerprint: secret.fingerprint_key(),
            sealing: SealingKey::of(secret),
            throttle: ThrottleKey::of(secret),
            activity: ActivityMarks::default(),
            cache: SessionCache::of(DEFAULT_CACHE_BYTES),
            flushing: tokio::sync::Mutex::default(),
            noted: Mutex::default(),
        }
    }

    /// With secrets that were in force before: what was made under them stays good. The store's
    /// [`EventSealer`](crate::EventSealer) is given them, too, when the store is opened.
    #[must_use]
    pub fn with_earlier_secrets(mut self, earlier: &[SecretKey]) -> Self {
        self.csrf = self.csrf.with_earlier_secrets(earlier);
        self.fingerprint = self.fingerprint.with_earlier_secrets(earlier);
        self.sealing = self.sealing.with_earlier_secrets(earlier);
        self
    }

    /// With the application's own users and platforms.
    #[must_use]
    pub fn with_directory(mut self, directory: Arc<dyn Directory>) -> Self {
        self.directory = Some(directory);
        self
    }

    /// With other rules.
    #[must_use]
    pub fn with_policy(mut self, policy: SessionPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// With so many bytes for cached rows, in place of [`DEFAULT_CACHE_BYTES`]; 0 reads the database
    /// with each request.
    ///
    /// What happens to a session through this store is seen by the next request. What another process
    /// does is seen within the bound that the store states.
    #[must_use]
    pub fn with_cache_bytes(mut self, bytes: usize) -> Self {
        self.cache = SessionCache::of(bytes);
        self
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// With another source of randomness.
    #[must_use]
    pub fn with_random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// Where users and platforms are looked up.
    #[must_use]
    pub fn directory(&self) -> &dyn Directory {
        match &self.directory {
            Some(directory) => directory.as_ref(),
            None => self.store.as_ref(),
        }
    }

    /// Whether users and platforms are the application's own, not those of the bundled tables.
    #[must_use]
    pub const fn has_own_directory(&self) -> bool {
        self.directory.is_some()
    }

    /// The rules.
    #[must_use]
    pub const fn policy(&self) -> &SessionPolicy {
        &self.policy
    }

    /// The present moment by the manager's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The manager's source of randomness.
    #[must_use]
    pub fn random(&self) -> &dyn Random {
        self.random.as_ref()
    }

    /// The key under which CSRF tokens are made.
    #[must_use]
    pub const fn csrf_key(&self) -> &CsrfKey {
        &self.csrf
    }

    /// The key under which platform credentials are sealed.
    #[must_use]
    pub const fn sealing_key(&self) -> &SealingKey {
        &self.sealing
    }

    /// Who does something now, and from where.
    #[must_use]
    pub fn change(&self, by: Actor, client: &Client) -> Change {
        Change { at: self.now(), by, client: client.clone() }
    }

    /// The user of a context does something now.
    #[must_use]
    pub fn change_by(&self, context: &SessionContext, client: &Client) -> Change {
        self.change(Actor::User(context.user.id.clone()), client)
    }

    fn fingerprint_of(&self, client: &Client) -> Option<SessionFingerprint> {
        (self.policy.fingerprint != FingerprintMode::Off)
            .then(|| SessionFingerprint::of(client, &self.fingerprint))
    }
}
