use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use sessrum_core::store::{
    AddPlatform, AddUser, CreateOutcome, DataWrite, EndedSession, EventFilter, LoadedSession,
    NewPlatform, NewSession, NewUser, Page, Precondition, PutOutcome, RotateOutcome, Rotation,
    Store,
};
use sessrum_core::{
    Actor, Change, Client, EventKind, EventSealer, OsRandom, PasswordHash, PlatformInfo, Random,
    Role, SecretKey, SeededRandom, SessionEvent, SessionHandle, SessionId, Timestamp, TokenHash,
    UserId, UserSession,
};
use tokio::sync::Barrier;

/// Everything, as far as a test is concerned.
pub(crate) const ALL: Page = Page { before: None, limit: 10_000 };

/// How many tasks race.
pub(crate) const MANY: usize = 32;

/// How many of the outcomes are of one kind.
pub(crate) fn count<Output>(outcomes: &[Output], is_one: impl Fn(&Output) -> bool) -> usize {
    outcomes.iter().filter(|outcome| is_one(outcome)).count()
}

/// So many seconds into the test.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000) + Duration::from_secs(seconds)
}

/// A change at [`at`], by the operator.
pub(crate) fn change(seconds: u64) -> Change {
    Change {
        at: at(seconds),
        by: Actor::Operator,
        client: Client {
            ip_address: Some([192, 0, 2, 7].into()),
            user_agent: Some("Browser/1".into()),
            ..Client::default()
        },
    }
}

/// A PHC string of no real password.
pub(crate) fn password(name: &str) -> PasswordHash {
    PasswordHash::from_phc(format!("$argon2id${name}"))
}

/// A platform by this name, on an account of the same name.
pub(crate) fn new_platform(name: &str) -> NewPlatform {
    NewPlatform {
        name: name.to_owned(),
        platform_type: "pixelfed".to_owned(),
        instance_url: "https://pixelfed.example".to_owned(),
        username: name.to_owned(),
        credentials: None,
        is_default: false,
    }
}

/// A user by this name, with a password.
pub(crate) fn new_user(name: &str) -> NewUser {
    NewUser {
        username: name.to_owned(),
        email: format!("{name}@example.org"),
        role: Role::Viewer,
        password_hash: Some(password(name)),
    }
}

/// The ids of what ended, in order.
pub(crate) fn ids(ended: &[EndedSession]) -> Vec<SessionId> {
    let mut ids: Vec<SessionId> = ended.iter().map(|ended| ended.id).collect();
    ids.sort_unstable();
    ids
}

/// Seals as the installation with this secret does.
pub fn sealer(secret: u8) -> EventSealer {
    EventSealer::new(&SecretKey::from_bytes([secret; 32]), &OsRandom).unwrap()
}

/// A session that could be created for a user: ten at once, for twelve hours.
pub fn new_session(user_id: UserId, random: &dyn Random) -> NewSession {
    let mut token = [0; 32];
    random.fill(&mut token).unwrap();
    NewSession {
        handle: SessionHandle::generate(random).unwrap(),
        token: TokenHash::from_bytes(token),
        user_id,
        user_is_bundled: true,
        active_platform_id: None,
        expires_at: at(12 * 60 * 60),
        remembered: false,
        fingerprint: None,
        user_agent: Some("Browser/1".into()),
        ip_address: Some([192, 0, 2, 7].into()),
        replaces: None,
        password_changed_at: None,
        cap: 10,
    }
}

/// An empty store and what tests do with it again and again.
#[derive(Clone)]
pub struct Fixture {
    store: Arc<dyn Store>,
    random: Arc<SeededRandom>,
}

impl Deref for Fixture {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

impl From<Arc<dyn Store>> for Fixture {
    fn from(store: Arc<dyn Store>) -> Self {
        Self { store, random: Arc::new(SeededRandom::new(1)) }
    }
}

impl Fixture {
    /// Another store over the same database.
    pub(crate) fn beside(&self, store: Arc<dyn Store>) -> Self {
        Self { store, random: Arc::clone(&self.random) }
    }

    /// The store itself.
    pub(crate) fn shared(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    pub(crate) fn token(&self) -> TokenHash {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes).unwrap();
        TokenHash::from_bytes(bytes)
    }

    pub(crate) fn handle(&self) -> SessionHandle {
        SessionHandle::generate(&*self.random).unwrap()
    }

    /// As [`new_session`].
    pub(crate) fn new_session(&self, user: &UserId) -> NewSession {
        new_session(user.clone(), &*self.random)
    }

    /// Creates a session, which must work; with what ended for it.
    pub(crate) async fn created(
        &self,
        new: NewSession,
        seconds: u64,
    ) -> (UserSession, Vec<EndedSession>) {
        match self.create(new, &change(seconds)).await.unwrap() {
            CreateOutcome::Created { session, ended } => (*session, ended),
            other => panic!("{other:?}"),
        }
    }

    /// A session and its token.
    pub(crate) async fn signed_in(&self, user: &UserId, seconds: u64) -> (UserSession, TokenHash) {
        let new = self.new_session(user);
        let token = new.token;
        (self.created(new, seconds).await.0, token)
    }

    pub(crate) async fn session(&self, user: &UserId, seconds: u64) -> UserSession {
        self.signed_in(user, seconds).await.0
    }

    /// A bundled user, added at the start.
    pub(crate) async fn user(&self, name: &str) -> UserId {
        match self.add_user(new_user(name), &change(0)).await.unwrap() {
            AddUser::Added(id) => id,
            other => panic!("{other:?}"),
        }
    }

    /// A bundled platform, added at the start.
    pub(crate) async fn platform(&self, user: &UserId, name: &str) -> PlatformInfo {
        match self.add_platform(user, new_platform(name), &change(0)).await.unwrap() {
            AddPlatform::Added(info) => info,
            other => panic!("{other:?}"),
        }
    }

    /// A plain rotation at `seconds` that is patient for half a minute.
    pub(crate) fn rotation(&self, seconds: u64) -> Rotation {
        Rotation {
            token: self.token(),
            replaces: None,
            patience_since: at(seconds) - Duration::from_secs(30),
            forced: false,
            authenticated_until: None,
            password_changed_at: None,
        }
    }

    /// Rotates plainly, which must work; the new token.
    pub(crate) async fn rotated(&self, session: &UserSession, seconds: u64) -> TokenHash {
        let rotation = self.rotation(seconds);
        let outcome = self.rotate(session.id, rotation, &change(seconds)).await.unwrap();
        assert!(matches!(outcome, RotateOutcome::Rotated(_)), "{outcome:?}");
        rotation.token
    }

    /// Rotates beside whatever is on its way; the new token.
    pub(crate) async fn forced(&self, session: &UserSession, seconds: u64) -> TokenHash {
        let rotation = Rotation { forced: true, ..self.rotation(seconds) };
        let outcome = self.rotate(session.id, rotation, &change(seconds)).await.unwrap();
        assert!(matches!(outcome, RotateOutcome::Rotated(_)), "{outcome:?}");
        rotation.token
    }

    /// Sets a key without any condition.
    pub(crate) async fn put(&self, session: SessionId, key: &str, value: &str) -> PutOutcome {
        self.put_if(session, key, value, Precondition::None).await
    }

    pub(crate) async fn put_if(
        &self,
        session: SessionId,
        key: &str,
        value: &str,
        precondition: Precondition,
    ) -> PutOutcome {
        let write = DataWrite { key, value, precondition, cap: 1_000_000, at: at(5) };
        self.put_data(session, write).await.unwrap()
    }

    /// The row as it is now.
    pub(crate) async fn row(&self, session: &UserSession) -> UserSession {
        self.find_by_handle(&session.handle).await.unwrap().unwrap()
    }

    /// What a token opens, which must be something.
    pub(crate) async fn loaded(&self, token: &TokenHash) -> LoadedSession {
        self.load_by_token(token).await.unwrap().unwrap()
    }

    pub(crate) async fn opens(&self, token: &TokenHash) -> bool {
        self.load_by_token(token).await.unwrap().is_some()
    }

    /// All events, oldest first.
    pub(crate) async fn trail(&self) -> Vec<SessionEvent> {
        let mut events = self.events(&EventFilter::default(), ALL).await.unwrap();
        events.reverse();
        events
    }

    /// How many events there are of a kind.
    pub(crate) async fn count(&self, kind: EventKind) -> usize {
        self.trail().await.iter().filter(|event| event.kind == kind).count()
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

/// Starts `count` tasks that wait for each other and then run at once; their results.
pub(crate) async fn race<Task, Output>(count: usize, task: impl Fn(usize) -> Task) -> Vec<Output>
where
    Task: Future<Output = Output> + Send + 'static,
    Output: Send + 'static,
{
    let start = Arc::new(Barrier::new(count));
    let tasks: Vec<_> = (0..count)
        .map(|index| {
            let (start, task) = (Arc::clone(&start), task(index));
            tokio::spawn(async move {
                start.wait().await;
                task.await
            })
        })
        .collect();
    let mut results = Vec::with_capacity(count);
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}
