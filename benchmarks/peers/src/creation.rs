//! How many sessions a store creates.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tower_sessions::SessionStore;
use tower_sessions::session::Record;

/// Who calls at once.
const CALLERS: usize = 64;

/// Creates sessions for a time. Who is refused by the database tries again.
pub async fn create(
    store: impl SessionStore + Clone,
    time: Duration,
    record: fn(usize) -> Record,
) -> Value {
    let (created, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (store, created, failed) = (store.clone(), Arc::clone(&created), Arc::clone(&failed));
        callers.spawn(async move {
            for number in (caller..).step_by(CALLERS) {
                let mut record = record(number);
                record.id = Default::default();
                while store.create(&mut record).await.is_err() {
                    failed.fetch_add(1, Ordering::Relaxed);
                }
                created.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    tokio::time::sleep(time).await;
    json!({
        "created": created.load(Ordering::Relaxed),
        "failed": failed.load(Ordering::Relaxed),
    })
}
