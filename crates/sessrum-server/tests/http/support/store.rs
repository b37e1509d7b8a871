//! A store that counts what is asked of it and can be made to fail.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sessrum_core::store::*;
use sessrum_core::*;

/// Hands every verb on to another store, unless it is told to fail.
pub(crate) struct WatchedStore {
    inner: Arc<dyn Store>,
    asked: Mutex<Vec<&'static str>>,
    fails: Mutex<fn(&str) -> bool>,
}

impl WatchedStore {
    pub(crate) fn around(inner: Arc<dyn Store>) -> Self {
        Self { inner, asked: Mutex::default(), fails: Mutex::new(|_| false) }
    }

    /// From now on the verbs that `fails` picks find no database.
    pub(crate) fn fail_when(&self, fails: fn(&str) -> bool) {
        *self.fails.lock().unwrap() = fails;
    }

    /// No verb finds the database.
    pub(crate) fn go_down(&self) {
        self.fail_when(|_| true);
    }

    pub(crate) fn come_back(&self) {
        self.fail_when(|_| false);
    }

    /// The verbs that were asked for since the last call.
    pub(crate) fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn enter(&self, verb: &'static str) -> Result<(), StoreError> {
        self.asked.lock().unwrap().push(verb);
        let fails = *self.fails.lock().unwrap();
        if fails(verb) {
            return Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "secret detail of the driver",
            ));
        }
        Ok(())
    }
}

macro_rules! watched {
    ($trait:ident { $(fn $verb:ident($($name:ident: $type:ty),* $(,)?) -> $answer:ty;)* }) => {
        #[async_trait]
        impl $trait for WatchedStore {
            $(async fn $verb(&self, $($name: $type),*) -> Result<$answer, StoreError> {
                self.enter(stringify!($verb))?;
                $trait::$verb(self.inner.as_ref(), $($name),*).await
            })*
        }
    };
}

watched! { SessionStore {
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
        change: &Change,
    ) -> UpdateOutcome;
    fn end(session: SessionId, reason: EndReason, change: &Change) -> Option<EndedSession>;
    fn end_for_user(
        user: &UserId,
        keep: Option<SessionId>,
        reason: EndReason,
        change: &Change,
    ) -> Vec<EndedSession>;
    fn end_all(
        keep: Option<SessionId>,
        reason: EndReason,
        limit: usize,
        change: &Change,
    ) -> Vec<EndedSession>;
    fn end_expired(limits: ExpiryLimits, limit: usize, change: &Change) -> Vec<EndedSession>;
    fn delete_ended_before(before: Timestamp, limit: usize) -> usize;
    fn list_for_user(user: &UserId) -> Vec<UserSession>;
    fn list(filter: &SessionFilter, page: Page) -> Vec<UserSession>;
    fn count_live() -> u64;
    fn check() -> ();
} }

watched! { DataStore {
    fn data(session: SessionId, key: &str) -> Option<DataEntry>;
    fn list_data(session: SessionId) -> Vec<DataEntry>;
    fn put_data(session: SessionId, write: DataWrite<'_>) -> PutOutcome;
    fn remove_data(session: SessionId, key: &str, precondition: Precondition) -> RemoveOutcome;
} }

watched! { EventStore {
    fn record(event: NewEvent, change: &Change) -> ();
    fn events(filter: &EventFilter, page: Page) -> Vec<SessionEvent>;
} }

watched! { AccountStore {
    fn add_user(new: NewUser, change: &Change) -> AddUser;
    fn users(after: Option<i64>, limit: usize) -> Vec<User>;
    fn user_by_name(username: &str) -> Option<User>;
    fn set_user_active(user: &UserId, active: bool, change: &Change) -> Option<Vec<EndedSession>>;
    fn set_role(user: &UserId, role: Role, change: &Change) -> bool;
    fn change_password(
        user: &UserId,
        password: PasswordChange,
        change: &Change,
    ) -> PasswordOutcome;
    fn upgrade_password_hash(user: &UserId, old: &PasswordHash, new: &PasswordHash) -> bool;
    fn add_platform(user: &UserId, new: NewPlatform, change: &Change) -> AddPlatform;
    fn platform_connections(user: &UserId) -> Vec<PlatformConnection>;
    fn change_platform(
        user: &UserId,
        platform: &PlatformId,
        what: PlatformChange,
        change: &Change,
    ) -> PlatformOutcome;
    fn remove_platform(user: &UserId, platform: &PlatformId, change: &Change) -> bool;
    fn platform_credentials(user: &UserId, platform: &PlatformId) -> Option<SealedCredentials>;
} }

watched! { Directory {
    fn find_for_sign_in(username: &str) -> Option<SignInFacts>;
    fn user(id: &UserId) -> Option<UserFacts>;
    fn platform(user: &UserId, id: &PlatformId) -> Option<PlatformInfo>;
    fn platforms(user: &UserId) -> Vec<PlatformInfo>;
    fn changes_after(cursor: Option<i64>) -> DirectoryChanges;
} }
