use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio_postgres::Row;

use crate::error::Result;
use crate::rows::{Rows, plain};

/// This instance, as the others know it.
#[derive(Debug, Default)]
pub(crate) struct Instance {
    /// Its number on the list; 0 before it is on it.
    id: AtomicI64,
    /// The last event before which all were told here.
    told: AtomicI64,
}

impl Instance {
    pub(crate) fn id(&self) -> i64 {
        self.id.load(Ordering::Acquire)
    }

    pub(super) fn told(&self) -> i64 {
        self.told.load(Ordering::Acquire)
    }

    pub(super) fn enters(&self, id: i64, heard: i64) {
        self.told.store(heard, Ordering::Release);
        self.id.store(id, Ordering::Release);
    }

    pub(super) fn has_told(&self, event: i64) {
        self.told.fetch_max(event, Ordering::AcqRel);
    }

    /// The events from `first` to `last`, its own, were told. Unless there are some before that were
    /// not, they need not be read again.
    pub(crate) fn has_told_own(&self, first: i64, last: i64) {
        let before = first.saturating_sub(1);
        let _ = self.told.compare_exchange(before, last, Ordering::AcqRel, Ordering::Acquire);
    }
}

/// Other instances as they were at a moment.
pub(super) struct Others {
    ids: Vec<i64>,
    renewals: Vec<i64>,
    /// The longest lease of any.
    lease: Duration,
    /// When they had renewed so often, on this instance's clock.
    counted_at: Duration,
}

impl Others {
    /// What the database answered before `counted_at`.
    pub(super) fn read(rows: &Rows, counted_at: Duration) -> Result<Self> {
        let mut others =
            Self { ids: Vec::new(), renewals: Vec::new(), lease: Duration::ZERO, counted_at };
        for row in &rows.rows {
            others.add(row)?;
        }
        Ok(others)
    }

    fn add(&mut self, row: &Row) -> Result<()> {
        self.ids.push(plain(row, 0)?);
        self.renewals.push(plain(row, 1)?);
        let lease = u64::try_from(plain::<i64>(row, 2)?).unwrap_or(0);
        self.lease = self.lease.max(Duration::from_micros(lease));
        Ok(())
    }

    pub(super) const fn are_none(&self) -> bool {
        self.ids.is_empty()
    }

    /// When the lease of each is over that has not renewed since: no two clocks differ in their pace
    /// by as much as is added here.
    pub(super) fn silent_from(&self, since: Duration) -> Duration {
        since.saturating_add(self.lease).saturating_add(self.lease / 32)
    }

    /// When those that still have not renewed go by nothing any more.
    pub(super) fn over_from(&self) -> Duration {
        self.silent_from(self.counted_at)
    }

    /// Their numbers, and how often each had renewed.
    pub(super) const fn columns(&self) -> (&Vec<i64>, &Vec<i64>) {
        (&self.ids, &self.renewals)
    }
}
