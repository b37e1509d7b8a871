//! A store with one fault, around the reference.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sessrum_core::store::*;
use sessrum_core::throttle::*;
use sessrum_core::*;

/// What is wrong with a [`BrokenStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// A touch revives an ended session.
    RevivesOnTouch,
    /// Signing in beyond the cap ends nobody.
    ForgetsEviction,
    /// Signing in leaves the session that it replaces.
    ForgetsReplacement,
    /// A switch does not look at the revision.
    SwitchesBlindly,
    /// A rotation never stands back.
    RotatesAlways,
    /// A first use retires nothing.
    ForgetsFirstUse,
    /// A put does not look at its precondition.
    PutsBlindly,
    /// A put does not look at the cap.
    PutsTooMuch,
    /// Ends write no event.
    ForgetsEvents,
    /// A text key is taken for a number.
    ConfusesKeys,
    /// A password change does not look at what was checked.
    ChangesBlindly,
    /// Nobody is told of events.
    TellsNothing,
    /// Every attempt is admitted.
    AdmitsBlindly,
    /// Signing in reads how many sessions there are before it writes, not in one step.
    ReadsThenWrites,
}

/// The reference with a fault.
pub(crate) struct BrokenStore {
    inner: MemoryStore,
    fault: Fault,
    revived: Mutex<BTreeSet<SessionId>>,
    silent: Arc<ChangeFeed>,
}

impl BrokenStore {
    pub(crate) fn new(fault: Fault) -> Self {
        let silent = Arc::new(ChangeFeed::unshared());
        Self { inner: MemoryStore::new(), fault, revived: Mutex::default(), silent }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn seen(&self, mut session: UserSession) -> UserSession {
        if self.revived.lock().unwrap().contains(&session.id) {
            session.ended = None;
        }
        session
    }
}

/// Hands verbs on to the reference as they are.
macro_rules! faultless {
    ($trait:ident { $(fn $verb:ident($($name:ident: $type:ty),*) -> $answer:ty;)* } $($own:tt)*) => {
        #[async_trait]
        impl $trait for BrokenStore {
            $(async fn $verb(&self, $($name: $type),*) -> Result<$answer, StoreError> {
                $trait::$verb(&self.inner, $($name),*).await
            })*
            $($own)*
        }
    };
}

faultless! { SessionStore {
    fn find_by_handle(handle: &SessionHandle) -> Option<UserSession>;
    fn end(session: SessionId, reason: EndReason, change: &Change) -> Option<EndedSession>;
    fn end_for_user(user: &UserId, keep: Option<SessionId>, reason: EndReason, change: &Change)
        -> Vec<EndedSession>;
    fn end_all(keep: Option<SessionId>, reason: EndReason, limit: usize, change: &Change)
        -> Vec<EndedSession>;
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
    async fn create(
        &self,
        mut new: NewSession,
        change: &Change,
    ) -> Result<CreateOutcome, StoreError> {
        if self.has(Fault::ForgetsEviction) {
            new.cap = usize::MAX;
        }
        if self.has(Fault::ForgetsReplacement) {
            new.replaces = None;
        }
        if self.has(Fault::ConfusesKeys) && new.user_id == UserId::from("7") {
            new.user_id = UserId::from(7);
        }
        if self.has(Fault::ReadsThenWrites) {
            let mut live = self.inner.list_for_user(&new.user_id).await?;
            tokio::task::yield_now().await;
            let (cap, user) = (new.cap, new.user_id.clone());
            new.cap = usize::MAX;
            let mut outcome = self.inner.create(new, change).await?;
            if let CreateOutcome::Created { ended, .. } = &mut outcome {
                for over in live.drain(..).skip(cap.saturating_sub(1)) {
                    assert_eq!(over.user_id, user);
                    ended.extend(self.inner.end(over.id, EndReason::Evicted, change).await?);
                }
            }
            return Ok(outcome);
        }
        self.inner.create(new, change).await
    }

    async fn load_by_token(&self, token: &TokenHash) -> Result<Option<LoadedSession>, StoreError> {
        let loaded = self.inner.load_by_token(token).await?;
        Ok(loaded.map(|it| LoadedSession { session: self.seen(it.session.clone()), ..it }))
    }

    async fn confirm_token(&self, token: &TokenHash, at: Timestamp) -> Result<(), StoreError> {
        if self.has(Fault::ForgetsFirstUse) {
            return Ok(());
        }
        self.inner.confirm_token(token, at).await
    }

    async fn rotate(
        &self,
        session: SessionId,
        mut rotation: Rotation,
        change: &Change,
    ) -> Result<RotateOutcome, StoreError> {
        rotation.forced |= self.has(Fault::RotatesAlways);
        self.inner.rotate(session, rotation, change).await
    }

    async fn touch_many(&self, marks: &[Activity]) -> Result<usize, StoreError> {
        if self.has(Fault::RevivesOnTouch) {
            self.revived.lock().unwrap().extend(marks.iter().map(|mark| mark.session));
        }
        self.inner.touch_many(marks).await
    }

    async fn switch_platform_if(
        &self,
        session: SessionId,
        platform: Option<&PlatformId>,
        expected: Option<i64>,
        change: &Change,
    ) -> Result<UpdateOutcome, StoreError> {
        let expected = expected.filter(|_| !self.has(Fault::SwitchesBlindly));
        self.inner.switch_platform_if(session, platform, expected, change).await
    }
}

faultless! { DataStore {
    fn data(session: SessionId, key: &str) -> Option<DataEntry>;
    fn list_data(session: SessionId) -> Vec<DataEntry>;
    fn remove_data(session: SessionId, key: &str, precondition: Precondition) -> RemoveOutcome;
}
    async fn put_data(
        &self,
        session: SessionId,
        mut write: DataWrite<'_>,
    ) -> Result<PutOutcome, StoreError> {
        if self.has(Fault::PutsBlindly) {
            write.precondition = Precondition::None;
        }
        if self.has(Fault::PutsTooMuch) {
            write.cap = usize::MAX;
        }
        self.inner.put_data(session, write).await
    }
}

faultless! { EventStore {
    fn record(event: NewEvent, change: &Change) -> ();
    fn record_of_bundled(event: NewEvent, change: &Change) -> ();
    fn shorten_clients_before(before: Timestamp, limit: usize) -> usize;
}
    fn sealer(&self) -> &EventSealer {
        self.inner.sealer()
    }

    fn feed(&self) -> &ChangeFeed {
        if self.has(Fault::TellsNothing) { &self.silent } else { self.inner.feed() }
    }

    fn numbers_events_without_gaps(&self) -> bool {
        self.inner.numbers_events_without_gaps()
    }

    async fn last_event_id(&self) -> Result<i64, StoreError> {
        self.inner.last_event_id().await
    }

    async fn sealed_events(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<SealedEvent>, StoreError> {
        let mut events = self.inner.sealed_events(after, limit).await?;
        if self.has(Fault::ForgetsEvents) {
            events.retain(|sealed| sealed.event.kind != EventKind::SessionEnded);
        }
        Ok(events)
    }

    async fn events(
        &self,
        filter: &EventFilter,
        page: Page,
    ) -> Result<Vec<SessionEvent>, StoreError> {
        let mut events = self.inner.events(filter, page).await?;
        if self.has(Fault::ForgetsEvents) {
            events.retain(|event| event.kind != EventKind::SessionEnded);
        }
        Ok(events)
    }
}

faultless! { AccountStore {
    fn add_user(new: NewUser, change: &Change) -> AddUser;
    fn users(after: Option<i64>, limit: usize) -> Vec<User>;
    fn usernames(users: &[UserId]) -> BTreeMap<UserId, String>;
    fn user_by_name(username: &str) -> Option<User>;
    fn change_user(user: &UserId, what: UserChange, change: &Change) -> UserOutcome;
    fn forget_user(user: &UserId, change: &Change) -> Option<Vec<EndedSession>>;
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
    fn platform_credentials(user: &UserId, platform: &PlatformId) -> Option<SealedCredentials>;
    fn sealed_credentials(after: Option<i64>, limit: usize) -> Vec<PlatformCredentials>;
    fn reseal_credentials(old: &PlatformCredentials, new: &SealedCredentials) -> bool;
}
    async fn change_password(
        &self,
        user: &UserId,
        mut password: PasswordChange,
        change: &Change,
    ) -> Result<PasswordOutcome, StoreError> {
        if self.has(Fault::ChangesBlindly) {
            password.checked_against = None;
        }
        self.inner.change_password(user, password, change).await
    }
}

faultless! { ThrottleStore {
    fn attempt_succeeded(attempt: &Attempt, rules: &ThrottleRules, now: Timestamp) -> ();
    fn forget_attempts(account: Mark) -> ();
    fn delete_forgotten_attempts(now: Timestamp, limit: usize) -> usize;
}
    async fn begin_attempt(
        &self,
        attempt: &Attempt,
        rules: &ThrottleRules,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        let admission = self.inner.begin_attempt(attempt, rules, now).await?;
        let blind = self.has(Fault::AdmitsBlindly);
        Ok(if blind { Admission::Admitted } else { admission })
    }
}

faultless! { JobStore {
    fn claim_jobs() -> Option<JobClaim>;
    fn last_clean_up() -> Option<Timestamp>;
    fn note_clean_up(at: Timestamp) -> ();
} }

faultless! { Directory {
    fn find_for_sign_in(username: &str) -> Option<SignInFacts>;
    fn user(id: &UserId) -> Option<UserFacts>;
    fn platform(user: &UserId, id: &PlatformId) -> Option<PlatformInfo>;
    fn platforms(user: &UserId) -> Vec<PlatformInfo>;
} }
