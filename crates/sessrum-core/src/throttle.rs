//! How often a password may be tried. Pure: counters, a moment and rules give a verdict, which each
//! store asks for in the transaction that counts the attempt.
//!
//! An attempt is made on an account, named as it was typed, from a **place**: an address (an IPv6
//! address by its /64), or the session of whoever proves again who they are. Failures are counted
//! for the account at this place, for the account at all places together, and for the address over
//! all accounts. A place is **known** when its account has signed in from there lately: what goes
//! on elsewhere does not concern it, so nobody is kept out by what others try in their name.
//!
//! Attempts are counted before the password is checked, and taken back when it was right. Names
//! that nobody has are counted like any other, and a store learns neither names nor addresses.

use std::time::Duration;

use crate::time::Timestamp;

/// The limits. [`ThrottleRules::default`] has the documented values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleRules {
    /// Failures of an account at one place before each further attempt waits.
    pub free_at_place: u32,
    /// Failures of an account at all unknown places together before each attempt from such a place
    /// waits. Of each place only the free ones count: one that waits does not make others wait.
    pub free_in_all: u32,
    /// Consecutive failures of an account that there may be: at one place, and at all unknown
    /// places together. NIST SP 800-63B allows 100.
    pub most_failures: u32,
    /// Waits are 1 s, 2 s, 4 s and so on, up to this.
    pub longest_wait: Duration,
    /// Failures from one address at once, over all accounts.
    pub address_burst: u32,
    /// How long it takes until an address may fail once more.
    pub address_refill: Duration,
    /// How long failures, and the places that an account signs in from, are remembered.
    pub remembered_for: Duration,
}

impl Default for ThrottleRules {
    fn default() -> Self {
        Self {
            free_at_place: 5,
            free_in_all: 20,
            most_failures: 100,
            longest_wait: Duration::from_mins(15),
            address_burst: 20,
            address_refill: Duration::from_secs(10),
            remembered_for: Duration::from_hours(90 * 24),
        }
    }
}

/// A keyed hash that stands for an account, an address or a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(pub [u8; 16]);

impl Mark {
    /// Of no account, or of no place.
    pub const NONE: Self = Self([0; 16]);
}

/// Where an attempt comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// No address is known. Only the account as a whole is counted: one place for all who have no
    /// address would let any of them keep the others out.
    Nowhere,
    /// An address.
    Address(Mark),
    /// A session that is signed in: a known place wherever it is, and of no concern to others.
    Session(Mark),
}

/// An attempt to give the password of an account. [`ThrottleKey`](crate::ThrottleKey) makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Whose password is tried.
    pub account: Mark,
    /// From where.
    pub place: Place,
}

/// Names a counter. One of the two may be [`Mark::NONE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterKey {
    /// The account.
    pub account: Mark,
    /// The place.
    pub place: Mark,
}

/// A row of `sign_in_counters`, without its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Consecutive failures; of an address, those that it has not sat out.
    pub failures: u32,
    /// How many of them make the next attempts wait.
    pub slowing: u32,
    /// When the last of those was counted; of an address, when the first is sat out from.
    pub counted_at: Timestamp,
    /// When the account last signed in from this place.
    pub succeeded_at: Option<Timestamp>,
    /// From when on the counter means nothing.
    pub forget_at: Timestamp,
}

impl Default for Counter {
    fn default() -> Self {
        let never = Timestamp::from_micros(0);
        Self { failures: 0, slowing: 0, counted_at: never, succeeded_at: None, forget_at: never }
    }
}

impl Counter {
    /// Whether there is nothing to remember: its row goes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.failures == 0 && self.succeeded_at.is_none()
    }
}

/// The counters of one attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Of the account at this place.
    pub at_place: Counter,
    /// Of the account at all places.
    pub in_all: Counter,
    /// Of the address over all accounts.
    pub address: Counter,
}

impl Attempt {
    /// Each counter that the attempt has, with its key. A store puts there what it holds, asks the
    /// rules, and keeps what is there then.
    pub fn keyed<'a>(
        &self,
        counters: &'a mut Counters,
    ) -> impl Iterator<Item = (CounterKey, &'a mut Counter)> + use<'a> {
        let (at_place, in_all, address) = match self.place {
            Place::Nowhere => (None, Some(Mark::NONE), None),
            Place::Address(address) => (Some(address), Some(Mark::NONE), Some(address)),
            Place::Session(session) => (Some(session), None, None),
        };
        let key = |account, place| CounterKey { account, place };
        let account = self.account;
        [
            at_place.map(|place| (key(account, place), &mut counters.at_place)),
            in_all.map(|place| (key(account, place), &mut counters.in_all)),
            address.map(|place| (key(Mark::NONE, place), &mut counters.address)),
        ]
        .into_iter()
        .flatten()
    }
}

/// Whether an attempt may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may, and is counted as a failure until it is taken back.
    Admitted,
    /// It may not, and is not counted.
    Refused {
        /// When the next one may be made, if nobody fails before.
        retry_at: Timestamp,
    },
}

impl ThrottleRules {
    /// Judges an attempt at `now` and counts it if it is admitted.
    pub fn admit(&self, attempt: &Attempt, counters: &mut Counters, now: Timestamp) -> Admission {
        for (_, counter) in attempt.keyed(counters) {
            if counter.forget_at <= now {
                *counter = Counter::default();
            }
        }
        let Counters { at_place, in_all, address } = counters;
        self.refill(address, now);
        let (has_place, has_address) = match attempt.place {
            Place::Nowhere => (false, false),
            Place::Address(_) => (true, true),
            Place::Session(_) => (true, false),
        };
        // A session has no counter in all, so nothing there holds it.
        let is_known = self.is_known(at_place, now);
        let waits = [
            has_place.then(|| self.waits_until(at_place, self.free_at_place)).flatten(),
            (!is_known).then(|| self.waits_until(in_all, self.free_in_all)).flatten(),
            (address.failures >= self.address_burst)
                .then(|| address.counted_at + self.address_refill),
        ];
        if let Some(retry_at) = waits.into_iter().flatten().max().filter(|until| *until > now) {
            return Admission::Refused { retry_at };
        }
        let waits_alone = has_place && at_place.slowing >= self.free_at_place;
        if has_place {
            self.count(at_place, true, now);
        }
        if !is_known {
            self.count(in_all, !waits_alone, now);
        }
        if has_address {
            address.failures = address.failures.saturating_add(1);
            self.refilled_later(address);
        }
        Admission::Admitted
    }

    /// Takes an attempt back whose password was right: the account's failures here and in all are
    /// over, and its address is known from now on. The address gets its own share back.
    pub fn succeed(&self, attempt: &Attempt, counters: &mut Counters, now: Timestamp) {
        counters.in_all = Counter::default();
        counters.at_place = match attempt.place {
            Place::Address(_) => Counter {
                counted_at: now,
                succeeded_at: Some(now),
                forget_at: now + self.remembered_for,
                ..Counter::default()
            },
            Place::Nowhere | Place::Session(_) => Counter::default(),
        };
        counters.address.failures = counters.address.failures.saturating_sub(1);
        self.refilled_later(&mut counters.address);
    }

    fn is_known(&self, at_place: &Counter, now: Timestamp) -> bool {
        at_place.succeeded_at.is_some_and(|then| now.since(then) < self.remembered_for)
    }

    /// When the next attempt may be made; `None` when there is nothing to wait for.
    fn waits_until(&self, counter: &Counter, free: u32) -> Option<Timestamp> {
        if counter.failures >= self.most_failures {
            return Some(counter.forget_at);
        }
        let doublings = counter.slowing.checked_sub(free)?;
        let wait = 1_u64.checked_shl(doublings).map_or(self.longest_wait, Duration::from_secs);
        Some(counter.counted_at + wait.min(self.longest_wait))
    }

    fn count(&self, counter: &mut Counter, slows: bool, now: Timestamp) {
        counter.failures = counter.failures.saturating_add(1);
        if slows {
            counter.slowing = counter.slowing.saturating_add(1);
            counter.counted_at = now;
        }
        counter.forget_at = now + self.remembered_for;
    }

    /// Takes off the failures that an address has sat out since they were counted.
    fn refill(&self, address: &mut Counter, now: Timestamp) {
        let interval = self.address_refill.as_micros().max(1);
        let sat_out = now.since(address.counted_at).as_micros() / interval;
        let sat_out = u32::try_from(sat_out).unwrap_or(u32::MAX).min(address.failures);
        address.failures -= sat_out;
        address.counted_at = if address.failures == 0 {
            now
        } else {
            address.counted_at + self.address_refill.saturating_mul(sat_out)
        };
    }

    fn refilled_later(&self, address: &mut Counter) {
        let until_empty = self.address_refill.saturating_mul(address.failures);
        address.forget_at = address.counted_at + until_empty;
    }
}

#[cfg(test)]
mod tests;
