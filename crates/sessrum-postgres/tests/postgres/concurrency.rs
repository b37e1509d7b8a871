//! Many callers at once, on two instances.

use std::sync::Arc;

use sessrum_conformance::database::several;
use sessrum_core::store::EventStore as _;

use crate::support::TestStore;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_instances_lose_nothing_and_never_stand_in_each_others_way() {
    let test = TestStore::new().await;
    let (one, other) = (Arc::clone(&test.store) as _, Arc::new(test.beside().await));
    several::two_lose_nothing_and_never_stand_in_each_others_way(one, other).await;
    let events = test.trail().await;
    let last = test.store.last_event_id().await.unwrap();
    assert!(events.iter().map(|event| event.id).eq(1..=last));
}
