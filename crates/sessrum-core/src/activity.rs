//! Marks of activity: collected in memory, written in batches, so that a read costs no write.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::identity::SessionId;
use crate::store::Activity;
use crate::time::Timestamp;

/// The marks that the database does not have yet.
#[derive(Debug, Default)]
pub(crate) struct ActivityMarks(Mutex<Marks>);

#[derive(Debug, Default)]
struct Marks {
    waiting: HashMap<SessionId, Timestamp>,
    /// On their way to the database: still counted until it has them.
    in_flight: HashMap<SessionId, Timestamp>,
}

impl ActivityMarks {
    pub(crate) fn mark(&self, session: SessionId, at: Timestamp) {
        let mut marks = self.lock();
        let latest = marks.waiting.entry(session).or_insert(at);
        *latest = at.max(*latest);
    }

    /// The later of `written` and what is not written yet.
    pub(crate) fn latest(&self, session: SessionId, written: Timestamp) -> Timestamp {
        let marks = self.lock();
        let pending = marks.waiting.get(&session).max(marks.in_flight.get(&session));
        pending.copied().map_or(written, |pending| pending.max(written))
    }

    /// Takes up to `limit` marks out to be written. Only one batch may be out at a time.
    pub(crate) fn take(&self, limit: usize) -> Vec<Activity> {
        let mut marks = self.lock();
        let chosen: Vec<SessionId> = marks.waiting.keys().take(limit).copied().collect();
        let batch: HashMap<_, _> =
            chosen.iter().filter_map(|id| marks.waiting.remove_entry(id)).collect();
        marks.in_flight = batch;
        marks.in_flight.iter().map(|(&session, &at)| Activity { session, at }).collect()
    }

    /// The batch is in the database.
    pub(crate) fn written(&self) {
        self.lock().in_flight.clear();
    }

    /// The batch could not be written: it waits again.
    pub(crate) fn put_back(&self) {
        let mut marks = self.lock();
        for (session, at) in std::mem::take(&mut marks.in_flight) {
            let latest = marks.waiting.entry(session).or_insert(at);
            *latest = at.max(*latest);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Marks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: SessionId = SessionId(1);

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn a_mark_counts_until_it_is_written_and_is_not_lost_when_writing_fails() {
        let marks = ActivityMarks::default();
        marks.mark(ONE, at(5));
        marks.mark(ONE, at(3));
        assert_eq!(marks.latest(ONE, at(1)), at(5));
        assert_eq!(marks.take(10), [Activity { session: ONE, at: at(5) }]);
        assert_eq!(marks.latest(ONE, at(1)), at(5));
        marks.mark(ONE, at(7));
        marks.put_back();
        assert_eq!(marks.take(10), [Activity { session: ONE, at: at(7) }]);
        marks.written();
        assert_eq!(marks.latest(ONE, at(1)), at(1));
        assert!(marks.take(10).is_empty());
    }
}
