use std::collections::HashMap;
use std::time::Duration;

use tokio_postgres::Row;

use crate::error::Result;
use crate::options::LONGEST_LEASE;
use crate::rows::{Rows, plain};

/// The other instances on the list, and since when each has not renewed.
#[derive(Default)]
pub(super) struct Others(HashMap<i64, Other>);

struct Other {
    heard: i64,
    renewals: i64,
    lease: Duration,
    /// When it was first seen to have renewed so often, on this instance's clock.
    since: Duration,
}

impl Others {
    /// Takes over what the database answered before `now`.
    pub(super) fn see(&mut self, rows: Rows, now: Duration) -> Result<()> {
        self.0 = rows.all(|row| {
            let (id, other) = read(row, now)?;
            let same = self.0.get(&id).filter(|before| before.renewals == other.renewals);
            let since = same.map_or(now, |before| before.since);
            Ok((id, Other { since, ..other }))
        })?;
        Ok(())
    }

    /// The longest lease of those that have not said that they heard of an event; `None` when all
    /// have.
    pub(super) fn lease_of_deaf(&self, event: i64) -> Option<Duration> {
        self.0.values().filter(|other| other.heard < event).map(|other| other.lease).max()
    }

    /// Those that have not renewed for so many leases, and how often each had.
    pub(super) fn silent_for(&self, leases: u32, now: Duration) -> (Vec<i64>, Vec<i64>) {
        let is_silent = |other: &Other| {
            let silence = over_after(other.lease).saturating_mul(leases);
            other.since.saturating_add(silence) <= now
        };
        let silent = self.0.iter().filter(|(_, other)| is_silent(other));
        silent.map(|(id, other)| (*id, other.renewals)).unzip()
    }
}

/// How long to wait, on one clock, for a lease that is counted on another: no two differ in their
/// pace by as much as is added.
pub(super) fn over_after(lease: Duration) -> Duration {
    lease.saturating_add(lease / 32)
}

fn read(row: &Row, since: Duration) -> Result<(i64, Other)> {
    let lease = u64::try_from(plain::<i64>(row, 3)?).unwrap_or(0);
    // Nobody waits longer for what was written by hand than for an instance.
    let lease = Duration::from_micros(lease).min(LONGEST_LEASE);
    Ok((plain(row, 0)?, Other { heard: plain(row, 1)?, renewals: plain(row, 2)?, lease, since }))
}
