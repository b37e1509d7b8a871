use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use sessrum_core::store::{EventFilter, Store};
use sessrum_core::{
    Accounts, Actor, Change, Client, EndReason, Ended, EventKind, Lifetime, ManualClock,
    PasswordCost, PasswordHasher, Random, RandomError, SecretKey, SeededRandom, SessionContext,
    SessionEndedError, SessionError, SessionEvent, SessionPolicy, SessionToken,
    SessionValidationError, SignIn, SignInOutcome, SignedIn, Timestamp, UnifiedSessionManager,
    UserId, UserInfo,
};

use crate::Fixture;
use crate::fixture::{ALL, at, race};

/// The smallest difference between two times.
pub(crate) const TICK: Duration = Duration::from_micros(1);

/// The cheapest password hash there is.
pub(crate) const CHEAP: PasswordCost = PasswordCost { memory_kib: 64, passes: 1 };

/// Randomness that is none.
pub(crate) struct Always(pub(crate) [u8; 32]);

impl Random for Always {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        for (to, from) in bytes.iter_mut().zip(self.0) {
            *to = from;
        }
        Ok(())
    }
}

/// A browser at home.
pub(crate) fn home() -> Client {
    Client {
        ip_address: Some([192, 0, 2, 7].into()),
        user_agent: Some(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/140.0.0.0 Safari/537.36"
                .into(),
        ),
        language: Some("de".into()),
        platform_hint: Some("Windows".into()),
    }
}

/// The address as events have it.
pub(crate) fn address(client: &Client) -> Option<String> {
    client.ip_address.map(|address| address.to_string())
}

/// The rules, but with sessions that outlive what a test does with their tokens.
pub(crate) fn long_lived() -> SessionPolicy {
    SessionPolicy { lifetime: Lifetime::RELAXED, ..SessionPolicy::default() }
}

/// How a request is refused whose session was ended.
pub(crate) fn ended(reason: EndReason, at: Timestamp) -> SessionValidationError {
    SessionEndedError(Ended { at, reason }).into()
}

/// The refusal that an error is, which must be none of the store's.
pub(crate) fn refusal(error: SessionError) -> SessionValidationError {
    match error {
        SessionError::Invalid(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

/// A manager over an empty store, a minute after the start of the test.
#[derive(Clone)]
pub struct ManagerFixture {
    /// The store alone.
    pub(crate) store: Fixture,
    clock: Arc<ManualClock>,
    random: Arc<SeededRandom>,
    manager: Arc<UnifiedSessionManager>,
}

impl Deref for ManagerFixture {
    type Target = UnifiedSessionManager;

    fn deref(&self) -> &UnifiedSessionManager {
        &self.manager
    }
}

impl From<Arc<dyn Store>> for ManagerFixture {
    fn from(store: Arc<dyn Store>) -> Self {
        let clock = Arc::new(ManualClock::starting_at(at(60)));
        let random = Arc::new(SeededRandom::new(2));
        let manager =
            UnifiedSessionManager::new(Arc::clone(&store), &SecretKey::from_bytes([7; 32]))
                .with_clock(Arc::clone(&clock) as _)
                .with_random(Arc::clone(&random) as _);
        Self { store: store.into(), clock, random, manager: Arc::new(manager) }
    }
}

impl ManagerFixture {
    /// Another manager over the same store, clock and randomness, as another instance has it.
    pub(crate) fn with(
        &self,
        adjust: impl FnOnce(UnifiedSessionManager) -> UnifiedSessionManager,
    ) -> Self {
        self.over(self.store.shared(), adjust)
    }

    /// As [`with`](Self::with), over another store.
    pub(crate) fn over(
        &self,
        store: Arc<dyn Store>,
        adjust: impl FnOnce(UnifiedSessionManager) -> UnifiedSessionManager,
    ) -> Self {
        let manager = UnifiedSessionManager::new(store, &SecretKey::from_bytes([7; 32]))
            .with_clock(Arc::clone(&self.clock) as _)
            .with_random(Arc::clone(&self.random) as _);
        Self { manager: Arc::new(adjust(manager)), ..self.clone() }
    }

    pub(crate) fn with_policy(&self, policy: SessionPolicy) -> Self {
        self.with(|manager| manager.with_policy(policy))
    }

    /// Accounts over this manager, whose passwords cost `cost`.
    pub(crate) fn accounts(&self, cost: PasswordCost) -> Accounts {
        let hasher = PasswordHasher::new(cost, 2, Arc::clone(&self.random) as _).unwrap();
        Accounts::new(Arc::clone(&self.manager), hasher)
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    pub(crate) async fn user(&self, name: &str) -> UserInfo {
        let id = self.store.user(name).await;
        self.store.shared().user(&id).await.unwrap().unwrap().info
    }

    /// A change by the operator now.
    pub(crate) fn operated(&self) -> Change {
        self.change(Actor::Operator, &Client::default())
    }

    /// A plain wish to sign in.
    pub(crate) fn wish(&self, user: &UserInfo) -> SignIn {
        SignIn {
            user: user.clone(),
            password_changed_at: None,
            platform_id: None,
            remember: false,
            replaces: None,
        }
    }

    /// Signs in at home, which must work.
    pub(crate) async fn created(&self, wish: SignIn) -> SignedIn {
        match self.create_session(wish, &home()).await.unwrap() {
            SignInOutcome::SignedIn(signed_in) => *signed_in,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn signed_in(&self, user: &UserInfo) -> SignedIn {
        self.created(self.wish(user)).await
    }

    /// The context of a request from home, which must be let in.
    pub(crate) async fn context(&self, token: &SessionToken) -> SessionContext {
        self.get_session_context(token, &home()).await.unwrap()
    }

    /// The context of a request from home that changes something, which must be let in.
    pub(crate) async fn uncached(&self, token: &SessionToken) -> SessionContext {
        self.get_uncached_session_context(token, &home()).await.unwrap()
    }

    /// Why a request from home is refused, which it must be, and not by the store.
    pub(crate) async fn refusal(&self, token: &SessionToken) -> SessionValidationError {
        refusal(self.validate_session(token, &home()).await.unwrap_err())
    }

    /// A request from home that counts as activity.
    pub(crate) async fn used(&self, token: &SessionToken) -> SessionContext {
        let mut context = self.context(token).await;
        self.update_session_activity(&mut context);
        context
    }

    /// A rotation that must happen; the new token.
    pub(crate) async fn rotated(&self, token: &SessionToken) -> SessionToken {
        let context = self.context(token).await;
        assert!(context.rotation_due);
        self.rotate_session(&context, &home()).await.unwrap().unwrap()
    }

    /// The events of a kind, oldest first.
    pub(crate) async fn events_of(&self, kind: EventKind) -> Vec<SessionEvent> {
        let mut events = self.store.events(&EventFilter::default(), ALL).await.unwrap();
        events.reverse();
        events.retain(|event| event.kind == kind);
        events
    }

    /// Live rows of a user, as the store has them.
    pub(crate) async fn live(&self, user: &UserId) -> usize {
        self.store.list_for_user(user).await.unwrap().len()
    }

    /// As [`race`], each task with the fixture.
    pub(crate) async fn race<Task, Output>(
        &self,
        count: usize,
        task: impl Fn(Self, usize) -> Task,
    ) -> Vec<Output>
    where
        Task: Future<Output = Output> + Send + 'static,
        Output: Send + 'static,
    {
        race(count, |index| task(self.clone(), index)).await
    }
}
