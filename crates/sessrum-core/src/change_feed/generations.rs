//! Whether what was read still holds: a count of all changes, and for each user the count at the
//! last one. Needs nothing else of the crate, so that every order of its steps can be explored.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher, Hash};

use super::atomics::{AtomicU64, Ordering};

/// Changes as they are counted, by user.
#[derive(Debug)]
pub(super) struct Generations {
    count: AtomicU64,
    /// The count at the last change of a user. Users share slots by their hash: then a change of one
    /// counts for the others, too.
    slots: Box<[AtomicU64]>,
    /// The count at the last change of which it is not known whom it concerned.
    floor: AtomicU64,
    /// Until when every change is known to have been counted.
    proven_until: AtomicU64,
}

impl Generations {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            count: AtomicU64::new(0),
            slots: (0..slots).map(|_| AtomicU64::new(0)).collect(),
            floor: AtomicU64::new(0),
            proven_until: AtomicU64::new(0),
        }
    }

    /// The present count. Taken before a reading begins: what is read may be newer, never older.
    pub(super) fn current(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    /// Counts a change of a user, which the database has by now.
    pub(super) fn count_change(&self, user: &impl Hash) {
        self.count_in(self.slot(user));
    }

    /// Counts a change of anybody.
    pub(super) fn count_change_of_anyone(&self) {
        self.count_in(&self.floor);
    }

    /// Whatever the database has at a moment that lies before `moment` by the lease is counted.
    pub(super) fn prove_until(&self, moment: u64) {
        self.proven_until.store(moment, Ordering::Release);
    }

    /// Whether what was read of a user holds at `now`, when the reading began at the count `since`.
    pub(super) fn holds(&self, user: &impl Hash, since: u64, now: u64) -> bool {
        // In this order: whoever sees the proof sees what was counted before it.
        now < self.proven_until.load(Ordering::Acquire)
            && self.floor.load(Ordering::Acquire) <= since
            && self.slot(user).load(Ordering::Acquire) <= since
    }

    fn count_in(&self, slot: &AtomicU64) {
        let change = self.count.fetch_add(1, Ordering::AcqRel) + 1;
        // Of two changes at once the earlier may come here later.
        slot.fetch_max(change, Ordering::AcqRel);
    }

    #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash will do")]
    fn slot(&self, user: &impl Hash) -> &AtomicU64 {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(user);
        let index = hash as usize % self.slots.len();
        // Below the length; what is counted in the floor would be a change to all.
        self.slots.get(index).unwrap_or(&self.floor)
    }
}
