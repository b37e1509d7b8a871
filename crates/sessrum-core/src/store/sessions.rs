use std::net::IpAddr;

use async_trait::async_trait;

use super::StoreError;
use crate::context::PlatformInfo;
use crate::directory::UserFacts;
use crate::event::Change;
use crate::fingerprint::SessionFingerprint;
use crate::identity::{PlatformId, SessionId, UserId};
use crate::lifetime::{ExpiryLimits, TokenRecord};
use crate::session::{EndReason, UserSession};
use crate::time::Timestamp;
use crate::token::{SessionHandle, TokenHash};

/// A session to be created. All its times are the change's.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The public name.
    pub handle: SessionHandle,
    /// The first token. It counts as seen.
    pub token: TokenHash,
    /// Whose session it is.
    pub user_id: UserId,
    /// Whether the bundled tables know the user. Otherwise a bundled row with the same key is
    /// somebody else's, and plays no part.
    pub user_is_bundled: bool,
    /// The platform it starts with.
    pub active_platform_id: Option<PlatformId>,
    /// The absolute end.
    pub expires_at: Timestamp,
    /// Which lifetime it has.
    pub remembered: bool,
    /// The client at sign-in.
    pub fingerprint: Option<SessionFingerprint>,
    /// The user agent at sign-in.
    pub user_agent: Option<Box<str>>,
    /// The address at sign-in.
    pub ip_address: Option<IpAddr>,
    /// The session of the same browser that this one takes the place of; it ends as a logout.
    pub replaces: Option<SessionId>,
    /// When the password that was checked had last been changed. A bundled user whose password
    /// changed since, or who was removed, is refused. `None`: no password was checked.
    pub password_changed_at: Option<Timestamp>,
    /// Live sessions the user may have, this one included. Those used least recently end as
    /// evicted, the older of two alike first, whoever wins a race.
    pub cap: usize,
}

/// What came of [`SessionStore::create`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreateOutcome {
    /// It exists; `ended` are the sessions it replaced or evicted.
    Created {
        /// The new row.
        session: Box<UserSession>,
        /// What ended for it.
        ended: Vec<EndedSession>,
    },
    /// The handle or the token is taken: make others and try again. Nothing changed.
    Collision,
    /// The bundled user is disabled, or the password was changed, or the user removed, after it was
    /// checked. Nothing changed; this comes before a collision.
    Refused,
}

/// A session with what belongs to it, read in one query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedSession {
    /// The row, ended or not.
    pub session: UserSession,
    /// The token it was found by.
    pub token: TokenRecord,
    /// Whether another token of the session has not retired: the first use of one retires others.
    pub has_other_token: bool,
    /// The bundled user, active or not; `None` when the bundled tables do not have the key.
    pub user: Option<UserFacts>,
    /// The bundled active platform, if it is the user's and active.
    pub platform: Option<PlatformInfo>,
}

impl LoadedSession {
    /// Whether none of it changes without an event, activity aside.
    #[must_use]
    pub const fn may_be_cached(&self) -> bool {
        self.session.ended.is_none()
            && self.token.first_used_at.is_some()
            && self.token.retired_at.is_none()
            && !self.has_other_token
    }
}

/// What came of a change to a live session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// Done; the row as it is now.
    Updated(Box<UserSession>),
    /// The revision was not the expected one; the row as it is.
    Conflict(Box<UserSession>),
    /// It has ended or never was. Nothing changed.
    Gone,
}

/// A token to take the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The new token.
    pub token: TokenHash,
    /// The token that it takes the place of, which must still be in use and no older than the last
    /// authentication: neither a token that has retired meanwhile nor one that may be a copy from
    /// before turns into a good one. `None`: any.
    pub replaces: Option<TokenHash>,
    /// Unless it is forced, a rotation stands back while a successor issued after this moment is
    /// still unseen. An older unseen one is lost, and retires at the change's time: if it was not
    /// lost but its owner slow, its next use tells that another took its place.
    pub patience_since: Timestamp,
    /// Whether it must happen now, beside a young successor. So it is after authentication.
    pub forced: bool,
    /// When the user has just proved who they are: the new absolute end. `authenticated_at` and
    /// `last_activity` become the change's time and the revision grows.
    pub authenticated_until: Option<Timestamp>,
    /// When the password by which a bundled user has just proved it had last been changed; `None`:
    /// none was checked.
    pub password_changed_at: Option<Timestamp>,
}

/// What came of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RotateOutcome {
    /// The new token is good; those before it stay good until it is seen.
    Rotated(Box<UserSession>),
    /// A young successor is on its way, or the token to be replaced has retired or is older than
    /// the last authentication. Nothing changed.
    Pending,
    /// The password was changed after it was checked. Nothing changed.
    Refused,
    /// The token's hash is taken: make another and try again.
    Collision,
    /// The session has ended or never was. No token was added.
    Gone,
}

/// A session that a verb ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSession {
    /// The key.
    pub id: SessionId,
    /// The public name.
    pub handle: SessionHandle,
    /// Whose it was.
    pub user_id: UserId,
    /// Why it ended.
    pub reason: EndReason,
    /// Its last revision.
    pub revision: i64,
}

/// One mark of activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Which session.
    pub session: SessionId,
    /// When.
    pub at: Timestamp,
}

/// Which sessions a list has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// Only this user's.
    pub user_id: Option<UserId>,
    /// Ended ones too.
    pub include_ended: bool,
}

/// Which part of a list: newest first, keys below `before`, at most `limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Go on below this key; `None` from the newest.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

/// Sessions and their tokens.
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Creates a session, ends the one it replaces, and evicts what is over the cap.
    async fn create(&self, new: NewSession, change: &Change) -> Result<CreateOutcome, StoreError>;

    /// The session of a token, with the bundled facts of its user and platform.
    async fn load_by_token(&self, token: &TokenHash) -> Result<Option<LoadedSession>, StoreError>;

    /// The session with this public name.
    async fn find_by_handle(
        &self,
        handle: &SessionHandle,
    ) -> Result<Option<UserSession>, StoreError>;

    /// Notes that a token was seen: it is in use from `at` on, and the session's tokens that were
    /// issued no later retire at that moment, if they had not before. A later one is still on its
    /// way to the browser and stays. Does nothing when the token was seen before, when it retired
    /// unseen (it is on its way out and stays so), or when the session has ended.
    async fn confirm_token(&self, token: &TokenHash, at: Timestamp) -> Result<(), StoreError>;

    /// Adds a token to a live session.
    async fn rotate(
        &self,
        session: SessionId,
        rotation: Rotation,
        change: &Change,
    ) -> Result<RotateOutcome, StoreError>;

    /// Moves `last_activity` of live sessions forward, never back; others are passed over.
    /// Answers how many were live.
    async fn touch_many(&self, marks: &[Activity]) -> Result<usize, StoreError>;

    /// Switches a live session's platform, if its revision is the expected one (`None`: any).
    /// The caller has made sure that the platform is the user's; reading makes sure again.
    async fn switch_platform_if(
        &self,
        session: SessionId,
        platform: Option<&PlatformId>,
        expected_revision: Option<i64>,
        change: &Change,
    ) -> Result<UpdateOutcome, StoreError>;

    /// Ends a session; `None` when it had ended or never was.
    async fn end(
        &self,
        session: SessionId,
        reason: EndReason,
        change: &Change,
    ) -> Result<Option<EndedSession>, StoreError>;

    /// Ends all live sessions of a user but `keep`.
    async fn end_for_user(
        &self,
        user: &UserId,
        keep: Option<SessionId>,
        reason: EndReason,
        change: &Change,
    ) -> Result<Vec<EndedSession>, StoreError>;

    /// Ends up to `limit` live sessions of anyone but `keep`. Call again while it answers `limit`.
    async fn end_all(
        &self,
        keep: Option<SessionId>,
        reason: EndReason,
        limit: usize,
        change: &Change,
    ) -> Result<Vec<EndedSession>, StoreError>;

    /// Ends up to `limit` sessions that are over by `limits`, as expired.
    async fn end_expired(
        &self,
        limits: ExpiryLimits,
        limit: usize,
        change: &Change,
    ) -> Result<Vec<EndedSession>, StoreError>;

    /// Waits until every end that was committed so far holds as one does that a verb here has answered:
    /// for whoever asks for an end and finds that it has come. A store whose ends hold elsewhere only
    /// after a while answers at once.
    async fn until_ends_hold(&self) -> Result<(), StoreError>;

    /// Removes up to `limit` rows of sessions that ended before `before`, with their tokens and
    /// data. Events stay. Answers how many sessions went.
    async fn delete_ended_before(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError>;

    /// A user's live rows, most recently active first.
    async fn list_for_user(&self, user: &UserId) -> Result<Vec<UserSession>, StoreError>;

    /// Rows by key, newest first.
    async fn list(
        &self,
        filter: &SessionFilter,
        page: Page,
    ) -> Result<Vec<UserSession>, StoreError>;

    /// How many rows have not ended.
    async fn count_live(&self) -> Result<u64, StoreError>;

    /// Whether the database answers and can be written, found out by writing to it. What is written
    /// is the store's own affair: sessions, tokens, data and events stay as they are.
    async fn check(&self) -> Result<(), StoreError>;

    /// Whether a user was [forgotten](super::AccountStore::forget_user) and no
    /// [`compact`](Self::compact) has succeeded since. Forgetting says so in its transaction; a
    /// database whose files keep nothing of what was removed answers false.
    async fn is_compaction_due(&self) -> Result<bool, StoreError>;

    /// Takes what was removed out of the database's files, as far as that can be done while it is
    /// used: the store says what may be left. Changes may wait meanwhile.
    async fn compact(&self) -> Result<(), StoreError>;
}
