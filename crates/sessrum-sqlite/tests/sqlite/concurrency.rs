//! Another process on the same file, and what is there after closing.

use std::sync::Arc;

use crate::support::{ALL, TestStore, by_system, sealer};
use sessrum_conformance::database::several;
use sessrum_core::EndReason;
use sessrum_core::store::{SessionFilter, SessionStore as _};
use sessrum_sqlite::SqliteStore;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_finds_the_database_locked() {
    let test = TestStore::new();
    // A store of its own on the same file shares nothing but the file, as another process would.
    let other = Arc::new(SqliteStore::open(&test.path, sealer()).unwrap());
    let one = Arc::clone(&test.store) as _;
    several::two_lose_nothing_and_never_stand_in_each_others_way(one, other).await;
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_opening_again() {
    let test = TestStore::new();
    let user = test.user_named("ada").await;
    let kept = test.sign_in(test.new_session(user.clone()), 1).await;
    let ended = test.sign_in(test.new_session(user.clone()), 2).await;
    test.end(ended.id, EndReason::Logout, &by_system(3)).await.unwrap();
    let events = test.trail().await;
    let filter = SessionFilter { user_id: None, include_ended: true };
    let rows = test.list(&filter, ALL).await.unwrap();
    assert_eq!(rows.len(), 2);

    let test = test.reopen();
    assert_eq!(test.list(&filter, ALL).await.unwrap(), rows);
    assert_eq!(test.list_for_user(&user).await.unwrap(), [kept]);
    assert_eq!(test.trail().await, events);
}
