//! A server that is there and does not take what is to be written.

use sessrum_core::store::{SessionStore as _, StoreErrorKind};

use crate::support::{TestStore, by_system};

const END_CONNECTIONS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
     WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// Security: abuse 27
#[tokio::test]
async fn a_full_disk_is_told_and_writing_goes_on_when_there_is_room() {
    let test = TestStore::new().await;
    // As PostgreSQL says it when the disk is full.
    let fill = "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
         CREATE TRIGGER fill BEFORE INSERT ON session_events FOR EACH ROW EXECUTE FUNCTION fill()";
    test.execute(fill).await;
    let change = by_system(1);
    let (one, two, checked) = tokio::join!(
        test.create(test.new_session(1), &change),
        test.create(test.new_session(2), &change),
        test.touch_many(&[]),
    );
    for kind in [one.unwrap_err().kind(), two.unwrap_err().kind(), checked.unwrap_err().kind()] {
        assert_eq!(kind, StoreErrorKind::Full);
    }
    assert_eq!(test.count_live().await.unwrap(), 0);
    test.execute("DROP TRIGGER fill ON session_events").await;
    test.sign_in(test.new_session(1), 2).await;
}

#[tokio::test]
async fn a_database_that_becomes_a_standby_says_so_and_is_read_on() {
    let test = TestStore::new().await;
    let token = {
        let new = test.new_session(1);
        let token = new.token;
        test.sign_in(new, 1).await;
        token
    };
    let client = test.client().await;
    let set = |to: &str| {
        format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only \
             = {to}', current_database()); END $$"
        )
    };
    client.batch_execute(&set("on")).await.unwrap();
    client.query(END_CONNECTIONS, &[]).await.unwrap();
    assert_eq!(test.check().await.unwrap_err().kind(), StoreErrorKind::ReadOnly);
    assert!(test.load_by_token(&token).await.unwrap().is_some());

    // Connections stay as they were made: another one finds out.
    client.batch_execute("SET default_transaction_read_only = off").await.unwrap();
    client.batch_execute(&set("off")).await.unwrap();
    test.check().await.unwrap();
}

#[tokio::test]
async fn tables_that_are_gone_were_not_migrated() {
    let test = TestStore::new().await;
    test.execute("DROP TABLE session_tokens, session_data, user_sessions").await;
    assert_eq!(test.count_live().await.unwrap_err().kind(), StoreErrorKind::NotMigrated);
    let error = test.create(test.new_session(1), &by_system(1)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotMigrated);
}
