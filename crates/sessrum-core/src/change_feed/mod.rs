//! What a store tells of its changes: whom to wake, and what was read before and holds no longer.
//!
//! A store tells the events of its audit trail, its own before the verb that wrote them answers,
//! those of other processes soon after. So whatever changes what is
//! [loaded](crate::store::LoadedSession) of a session writes an event of the session's user, or is
//! no part of what may be [cached](crate::store::LoadedSession::may_be_cached):
//!
//! | loaded | changed by | told |
//! | --- | --- | --- |
//! | the row | `switch_platform_if`, `rotate`, `change_password`, all that end, `forget_user`; a role, or a platform that cannot be chosen any more | by an event |
//! | | `touch_many` | not at all: who would end or be warned for lack of activity is read again |
//! | | `delete_ended_before` | not at all: what has ended is not cached |
//! | the token | `rotate`, `change_password` | by an event |
//! | | `confirm_token`, which makes it a seen one and retires others | not at all: only a token that was seen and is the session's only one in use is cached |
//! | the user | `add_user`, `change_user`, `forget_user` | by an event |
//! | the platform | `add_platform` (which may take over as the default), `change_platform`, `remove_platform`, `forget_user` | by an event |
//!
//! `upgrade_password_hash`, `reseal_credentials`, `compact` and the verbs of data, events and attempts
//! change nothing that is loaded. What an application's own directory knows is asked of it each time.

mod generations;
mod watchers;

mod atomics {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};
}

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::event::EventKind;
use crate::identity::UserId;
use crate::time::Clock;
use crate::token::SessionHandle;
use generations::Generations;
pub use watchers::{SessionWatch, SessionWatchers, WatchLimits, WatchRefusal};

/// Half a megabyte. Of a hundred thousand users with something cached, a change of one makes what is
/// cached of one or two others void.
const SLOTS: usize = 1 << 16;

/// An event of the audit trail, in so far as others hear of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// What happened.
    pub kind: EventKind,
    /// The user it concerns.
    pub user_id: Option<UserId>,
    /// The session it concerns; `None`: all of the user's.
    pub session: Option<SessionHandle>,
}

/// How many changes there had been when a reading began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(u64);

/// Where a store tells what has been committed. Each store has one.
///
/// Where other processes change the database, too, what was read holds for no longer than a lease
/// after the store last made sure that it has [heard](Self::heard) of everything.
pub struct ChangeFeed {
    watchers: Arc<SessionWatchers>,
    generations: Generations,
    lease: Option<Lease>,
}

struct Lease {
    clock: Arc<dyn Clock>,
    length: Duration,
}

impl ChangeFeed {
    /// The feed of a store that nobody else can change.
    #[must_use]
    pub fn unshared() -> Self {
        let feed = Self::of(None);
        feed.generations.prove_until(u64::MAX);
        feed
    }

    /// The feed of a store that other processes can change.
    #[must_use]
    pub fn leased(clock: Arc<dyn Clock>, length: Duration) -> Self {
        Self::of(Some(Lease { clock, length }))
    }

    fn of(lease: Option<Lease>) -> Self {
        Self { watchers: Arc::default(), generations: Generations::new(SLOTS), lease }
    }

    /// Who watches their session.
    #[must_use]
    pub const fn watchers(&self) -> &Arc<SessionWatchers> {
        &self.watchers
    }

    /// Tells of events that were committed.
    pub fn tell(&self, news: &[News]) {
        // In this order: whoever is woken reads again.
        for user in news.iter().filter_map(|news| news.user_id.as_ref()) {
            self.generations.count_change(user);
        }
        self.watchers.tell(news);
    }

    /// Tells that the facts of a user have changed in the application's own directory.
    pub fn tell_user(&self, user: &UserId) {
        self.generations.count_change(user);
        self.watchers.tell_user(user);
    }

    /// Tells that something happened of which it is not known whom it concerns.
    pub fn tell_everyone(&self) {
        self.generations.count_change_of_anyone();
        self.watchers.tell_everyone();
    }

    /// How long after a commit other processes may go by what they had read before, at most.
    #[must_use]
    pub fn lease(&self) -> Duration {
        self.lease.as_ref().map_or(Duration::ZERO, |lease| lease.length)
    }

    /// The time by which the lease is counted; to be asked before the database is.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.lease.as_ref().map_or(Duration::ZERO, |lease| lease.clock.uptime())
    }

    /// Whatever was committed before `uptime` has been told: another lease begins at that time.
    pub fn heard(&self, uptime: Duration) {
        if let Some(lease) = &self.lease {
            self.generations.prove_until(nanos(uptime.saturating_add(lease.length)));
        }
    }

    /// Ends the lease: nothing that was read holds until something was heard again.
    pub fn end_lease(&self) {
        if self.lease.is_some() {
            self.generations.prove_until(0);
        }
    }

    /// Whether what is read now may be used again until something happens: the lease goes on.
    #[must_use]
    pub fn hears(&self) -> bool {
        self.holds(&UserId::from(0), self.generation())
    }

    /// The present generation, to be asked before the database is.
    #[must_use]
    pub fn generation(&self) -> Generation {
        Generation(self.generations.current())
    }

    /// Whether what was read of a user's sessions is still so, activity aside, as far as is told:
    /// `since` is the generation before the reading.
    #[must_use]
    pub fn holds(&self, user: &UserId, since: Generation) -> bool {
        self.generations.holds(user, since.0, nanos(self.uptime()))
    }
}

impl fmt::Debug for ChangeFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangeFeed(…)")
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{ManualClock, Timestamp};

    const LEASE: Duration = Duration::from_micros(1);
    const ALMOST: Duration = Duration::from_nanos(999);
    const TICK: Duration = Duration::from_nanos(1);

    fn leased() -> (Arc<ManualClock>, ChangeFeed) {
        let clock = Arc::new(ManualClock::starting_at(Timestamp::from_micros(0)));
        let feed = ChangeFeed::leased(Arc::clone(&clock) as _, LEASE);
        feed.heard(feed.uptime());
        (clock, feed)
    }

    fn user(id: i64) -> UserId {
        UserId::from(id)
    }

    fn of(user: UserId) -> News {
        News { kind: EventKind::SessionEnded, user_id: Some(user), session: None }
    }

    #[test]
    fn what_was_read_holds_until_something_happens_to_its_user() {
        let feed = ChangeFeed::unshared();
        let before = feed.generation();
        assert!(feed.holds(&user(1), before));
        feed.tell(&[of(user(1)), of(user(3))]);
        assert_eq!([1, 2, 3].map(|id| feed.holds(&user(id), before)), [false, true, false]);
        assert!(feed.holds(&user(1), feed.generation()));
        feed.tell_user(&user(2));
        assert!(!feed.holds(&user(2), before));
    }

    #[test]
    fn what_is_not_known_concerns_everyone() {
        let feed = ChangeFeed::unshared();
        let before = feed.generation();
        feed.tell_everyone();
        assert!(!feed.holds(&user(1), before));
        assert!(feed.holds(&user(1), feed.generation()));
    }

    #[test]
    fn an_event_of_nobody_changes_nothing_that_was_read() {
        let feed = ChangeFeed::unshared();
        let before = feed.generation();
        feed.tell(&[News { kind: EventKind::DamageFound, user_id: None, session: None }]);
        assert!(feed.holds(&user(1), before));
    }

    #[test]
    fn nothing_holds_for_longer_than_the_lease_from_when_the_database_was_asked() {
        let (clock, feed) = leased();
        let read = feed.generation();
        clock.advance(ALMOST);
        assert!(feed.holds(&user(1), read));
        clock.advance(TICK);
        assert!(!feed.holds(&user(1), read));
        let asked = feed.uptime();
        clock.advance(ALMOST);
        feed.heard(asked);
        assert!(feed.holds(&user(1), read));
        clock.advance(TICK);
        assert!(!feed.holds(&user(1), read));
        feed.heard(feed.uptime());
        feed.end_lease();
        assert!(!feed.holds(&user(1), read));
    }

    #[test]
    fn nothing_holds_before_anything_was_heard() {
        let clock = Arc::new(ManualClock::starting_at(Timestamp::from_micros(0)));
        let feed = ChangeFeed::leased(clock, LEASE);
        assert!(!feed.holds(&user(1), feed.generation()));
    }

    #[test]
    fn a_clock_that_is_set_back_lengthens_no_lease() {
        let (clock, feed) = leased();
        clock.advance(LEASE);
        clock.set(Timestamp::from_micros(-1_000_000));
        assert!(!feed.holds(&user(1), feed.generation()));
    }
}
