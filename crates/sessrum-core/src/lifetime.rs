//! When a session is over. Pure: a row, a moment and a policy give a verdict.

use std::time::Duration;

use crate::change_feed::WatchLimits;
use crate::fingerprint::FingerprintMode;
use crate::session::{EndReason, Ended, UserSession};
use crate::throttle::ThrottleRules;
use crate::time::Timestamp;

/// How long a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Without activity.
    pub idle: Duration,
    /// Whatever the activity.
    pub absolute: Duration,
}

impl Lifetime {
    /// 24 hours idle, 14 days in all: for low-risk sites, and for "stay signed in".
    pub const RELAXED: Self = Self::hours(24, 14 * 24);
    /// 30 minutes idle, 12 hours in all.
    pub const STANDARD: Self = Self { idle: Duration::from_mins(30), ..Self::hours(1, 12) };
    /// 15 minutes idle, 8 hours in all.
    pub const STRICT: Self = Self { idle: Duration::from_mins(15), ..Self::hours(1, 8) };

    const fn hours(idle: u64, absolute: u64) -> Self {
        Self {
            idle: Duration::from_secs(idle * 60 * 60),
            absolute: Duration::from_secs(absolute * 60 * 60),
        }
    }
}

/// The rules of an installation. [`SessionPolicy::default`] has the documented values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    /// For an ordinary sign-in.
    pub lifetime: Lifetime,
    /// For a sign-in that asked to be remembered.
    pub remembered_lifetime: Lifetime,
    /// How long after signing in a user may do what needs a fresh authentication.
    pub fresh_for: Duration,
    /// How old a token grows in use before it is replaced; `None` never.
    pub rotate_every: Option<Duration>,
    /// How long a replaced token still works after its successor was first seen.
    pub rotation_grace: Duration,
    /// How long a successor may stay unseen before another may replace it.
    pub successor_patience: Duration,
    /// Sessions a user may have at once; signing in beyond that ends the least recently used.
    pub sessions_per_user: usize,
    /// How long an ended session's row is kept, so that a returning visitor is told why.
    pub keep_ended_for: Duration,
    /// How long events keep the address and the user agent in full; older ones have the network and
    /// the device's name.
    pub keep_clients_for: Duration,
    /// Bytes of keys and values that one session may hold.
    pub data_bytes_per_session: usize,
    /// What is done about a changed fingerprint.
    pub fingerprint: FingerprintMode,
    /// How often a password may be tried.
    pub throttle: ThrottleRules,
    /// How long before the idle end open pages warn; at most half of the idle time.
    pub warn_before_idle: Duration,
    /// How long before the absolute end open pages warn; at most half of the absolute time.
    pub warn_before_end: Duration,
    /// How many open pages may watch their session.
    pub watches: WatchLimits,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            lifetime: Lifetime::STANDARD,
            remembered_lifetime: Lifetime::RELAXED,
            fresh_for: Duration::from_mins(10),
            rotate_every: Some(Duration::from_hours(1)),
            rotation_grace: Duration::from_secs(30),
            successor_patience: Duration::from_secs(30),
            sessions_per_user: 10,
            keep_ended_for: Duration::from_hours(168),
            keep_clients_for: Duration::from_hours(30 * 24),
            data_bytes_per_session: 256 * 1024,
            fingerprint: FingerprintMode::Observe,
            throttle: ThrottleRules::default(),
            warn_before_idle: Duration::from_mins(2),
            warn_before_end: Duration::from_mins(5),
            watches: WatchLimits::default(),
        }
    }
}

impl SessionPolicy {
    /// The lifetime of a session.
    #[must_use]
    pub const fn lifetime_of(&self, remembered: bool) -> Lifetime {
        if remembered { self.remembered_lifetime } else { self.lifetime }
    }

    /// The moments before which activity, or an absolute end, means that a session is over at `now`.
    #[must_use]
    pub fn expiry_limits(&self, now: Timestamp) -> ExpiryLimits {
        ExpiryLimits {
            now,
            idle_since: now - self.lifetime.idle,
            remembered_idle_since: now - self.remembered_lifetime.idle,
        }
    }
}

/// What a store needs to find the sessions that are over. A session is over when
/// `expires_at <= now` or when its last activity is at or before the limit of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiryLimits {
    /// The present.
    pub now: Timestamp,
    /// For sessions that are not remembered.
    pub idle_since: Timestamp,
    /// For sessions that are remembered.
    pub remembered_idle_since: Timestamp,
}

/// Whether a session is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Live {
        /// When it ends if nothing more happens, its absolute end aside.
        idle_expires_at: Timestamp,
    },
    /// Nobody used it for too long.
    IdleTooLong,
    /// It reached its absolute end.
    TooOld,
    /// It was ended.
    Ended(Ended),
}

/// Judges `session`, whose latest known activity is `last_activity`, at `now`.
///
/// ```
/// use sessrum_core::{Lifetime, SessionPolicy};
/// # use sessrum_core::{judge, Timestamp, UserSession, Verdict};
/// # fn check(session: &UserSession, policy: &SessionPolicy, now: Timestamp) {
/// if let Verdict::Live { idle_expires_at } = judge(session, session.last_activity, now, policy) {
///     assert!(idle_expires_at > now);
/// }
/// # }
/// assert_eq!(SessionPolicy::default().lifetime, Lifetime::STANDARD);
/// ```
#[must_use]
pub fn judge(
    session: &UserSession,
    last_activity: Timestamp,
    now: Timestamp,
    policy: &SessionPolicy,
) -> Verdict {
    if let Some(ended) = session.ended {
        return if ended.reason == EndReason::Expired {
            if session.expires_at <= ended.at { Verdict::TooOld } else { Verdict::IdleTooLong }
        } else {
            Verdict::Ended(ended)
        };
    }
    let idle_expires_at = last_activity + policy.lifetime_of(session.remembered).idle;
    if session.expires_at <= now {
        Verdict::TooOld
    } else if idle_expires_at <= now {
        Verdict::IdleTooLong
    } else {
        Verdict::Live { idle_expires_at }
    }
}

/// How a token stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenStanding {
    /// Issued, never used: its first use retires those before it.
    Unseen,
    /// In use.
    Current,
    /// Replaced, and within the grace that lets requests on the way finish.
    Retiring,
    /// Replaced too long ago: whoever sends it has a copy.
    Reused,
}

/// A row of `session_tokens`, without its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// When it was made.
    pub issued_at: Timestamp,
    /// When the browser first sent it. A sign-in's token counts as seen at once.
    pub first_used_at: Option<Timestamp>,
    /// When its successor was first seen, or when it was given up as lost.
    pub retired_at: Option<Timestamp>,
}

impl TokenRecord {
    /// How the token stands at `now`.
    #[must_use]
    pub fn standing(&self, now: Timestamp, policy: &SessionPolicy) -> TokenStanding {
        match (self.retired_at, self.first_used_at) {
            (Some(retired), _) if now.since(retired) > policy.rotation_grace => {
                TokenStanding::Reused
            }
            (Some(_), _) => TokenStanding::Retiring,
            (None, Some(_)) => TokenStanding::Current,
            (None, None) => TokenStanding::Unseen,
        }
    }
}
