//! SQLite runs the suite that every store runs, and agrees with the reference.

#![cfg(test)]

use std::sync::Arc;

use sessrum_conformance::sealer;
use sessrum_core::store::Store;
use sessrum_core::{ManualClock, Timestamp};
use sessrum_sqlite::SqliteStore;

/// A store in a directory of its own, which goes with it.
async fn fresh() -> (Arc<dyn Store>, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessrum.db");
    sessrum_sqlite::migrate(&path).unwrap();
    // However slow the machine is, no lease runs out.
    let clock = Arc::new(ManualClock::starting_at(Timestamp::from_micros(0)));
    (Arc::new(SqliteStore::open_with_clock(&path, sealer(1), clock).unwrap()), directory)
}

sessrum_conformance::suite!(fresh());

#[test]
fn sqlite_agrees_with_the_reference() {
    sessrum_conformance::model::agrees_with_memory(fresh);
}
