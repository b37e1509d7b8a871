//! Rows that are not what was put there.

use sessrum_core::EndReason;
use sessrum_core::store::{EventFilter, EventStore as _, SessionStore as _, StoreErrorKind};

use crate::support::{ALL, TestStore, by_system};

/// Security: abuse 14
#[tokio::test]
async fn a_session_that_cannot_be_read_is_corruption() {
    for damage in [
        "user_id = '1x'",
        "user_id = '99999999999999999999'",
        "active_platform_id = '1x'",
        "ip_address = 'nowhere'",
        "end_reason = 'unheard_of', ended_at = 1",
        "session_fingerprint = '\\x00'",
    ] {
        let test = TestStore::new().await;
        let mut new = test.new_session(1);
        new.ip_address = Some([192, 0, 2, 1].into());
        let token = new.token;
        let session = test.sign_in(new, 1).await;
        let neighbour = test.sign_in(test.new_session(2), 1).await;
        let unchecked = "ALTER TABLE user_sessions DROP CONSTRAINT user_sessions_user_id_check,
             DROP CONSTRAINT user_sessions_active_platform_id_check,
             DROP CONSTRAINT user_sessions_session_fingerprint_check;";
        let id = session.id.0;
        let sql = format!("{unchecked} UPDATE user_sessions SET {damage} WHERE id = {id}");
        test.execute(&sql).await;
        let error = test.load_by_token(&token).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{damage}");
        // Whoever has nothing to do with it does not notice.
        let ended = test.end(neighbour.id, EndReason::Logout, &by_system(2)).await;
        assert!(ended.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_change_that_meets_such_a_row_leaves_those_beside_it_alone() {
    let test = TestStore::new().await;
    let session = test.sign_in(test.new_session(1), 1).await.id;
    let others = [test.new_session(2), test.new_session(3)];
    let damage = "ALTER TABLE user_sessions DROP CONSTRAINT user_sessions_user_id_check;
                  UPDATE user_sessions SET user_id = '1x'";
    test.execute(damage).await;
    let change = by_system(2);
    let [one, two] = others.map(|new| test.create(new, &change));
    let (one, failed, two) = tokio::join!(one, test.end(session, EndReason::Logout, &change), two);
    assert_eq!(failed.unwrap_err().kind(), StoreErrorKind::Corrupt);
    assert!(one.is_ok() && two.is_ok());
    // What was undone left no event behind.
    let kinds = test.trail().await.into_iter().map(|event| event.kind.as_str().to_owned());
    assert!(kinds.eq(["signed_in"; 3]));
}

/// Security: abuse 14
#[tokio::test]
async fn an_event_that_cannot_be_read_is_corruption() {
    let test = TestStore::new().await;
    test.sign_in(test.new_session(1), 1).await;
    let damage = "ALTER TABLE session_events DROP CONSTRAINT session_events_session_handle_check;
                  UPDATE session_events SET session_handle = '\\x00'";
    test.execute(damage).await;
    let error = test.events(&EventFilter::default(), ALL).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
}
