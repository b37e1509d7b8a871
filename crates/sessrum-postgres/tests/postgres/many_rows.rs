//! A user with so many rows that no one statement could change them within its limit.

use sessrum_core::EndReason;
use sessrum_core::store::{AccountStore as _, NewSession, SessionStore as _};

use crate::support::{TestStore, by_system};

const MANY: i64 = 2500;

/// A test store with many rows of the first user, whose tables refuse a statement that changes more
/// than 1000.
async fn with_many_rows() -> TestStore {
    let test = TestStore::new().await;
    assert_eq!(test.user_named("ada").await, 1.into());
    test.execute(&format!(
        "INSERT INTO user_sessions (handle, user_id, created_at, updated_at, last_activity,
             authenticated_at, expires_at, remembered)
             SELECT decode(md5(n::text), 'hex'), '1', 0, 0, 0, 0, 1, false
             FROM generate_series(1, {MANY}) n;
         INSERT INTO session_events (id, at, kind, user_id, actor, ip_address, device, detail,
             seal_key_id, client_salt, mac)
             SELECT n + 9, 0, 'signed_in', CASE WHEN n % 2 = 0 THEN '1' END, 'user 1', '192.0.2.1',
             '', '', '', decode(md5(n::text), 'hex'), sha256(n::text::bytea)
             FROM generate_series(1, 2 * {MANY}) n;
         CREATE FUNCTION refuse_many() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF (SELECT count(*) FROM changed) > 1000 THEN RAISE 'too many at once'; END IF;
             RETURN NULL; END $$;"
    ))
    .await;
    for (table, action, which) in [
        ("user_sessions", "UPDATE", "NEW"),
        ("user_sessions", "DELETE", "OLD"),
        ("session_events", "INSERT", "NEW"),
        ("session_events", "UPDATE", "NEW"),
    ] {
        test.execute(&format!(
            "CREATE TRIGGER {table}_{action} AFTER {action} ON {table} \
             REFERENCING {which} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION refuse_many()"
        ))
        .await;
    }
    test
}

#[tokio::test]
async fn all_their_sessions_end_a_thousand_in_a_statement() {
    let test = with_many_rows().await;
    let kept = NewSession { cap: 10_000, ..test.new_session(1) };
    let kept = test.sign_in(kept, 1).await;
    let reason = EndReason::RevokedByAdmin;
    let ended = test.end_for_user(&1.into(), Some(kept.id), reason, &by_system(2)).await.unwrap();
    assert_eq!(ended.len(), usize::try_from(MANY).unwrap());
    assert_eq!(test.count_live().await.unwrap(), 1);
    let recorded = test.count("session_events WHERE kind = 'session_ended'").await;
    assert_eq!(recorded, MANY);
}

#[tokio::test]
async fn a_lowered_cap_holds_after_the_next_sign_in() {
    let test = with_many_rows().await;
    test.sign_in(NewSession { cap: 3, ..test.new_session(1) }, 1).await;
    assert_eq!(test.count_live().await.unwrap(), 3);
    assert_eq!(test.count("user_sessions WHERE created_at > 0 AND ended_at IS NULL").await, 1);
    assert_eq!(test.count("session_events WHERE detail = 'evicted'").await, MANY - 2);
}

/// To find that no client is left takes a look at all events of the user, and everyone else waits.
#[tokio::test]
async fn their_events_are_not_looked_through_for_each_thousand_sessions() {
    let test = with_many_rows().await;
    test.execute(
        "DELETE FROM session_events WHERE id > 9;
         CREATE SEQUENCE looks;
         CREATE FUNCTION count_look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             PERFORM nextval('looks'); RETURN NULL; END $$;
         CREATE TRIGGER count_looks AFTER UPDATE ON session_events
             FOR EACH STATEMENT EXECUTE FUNCTION count_look()",
    )
    .await;
    test.forget_user(&1.into(), &by_system(2)).await.unwrap().unwrap();
    // Before and with the user, each for what concerns them and for what they caused.
    assert_eq!(test.count("generate_series(1, (SELECT last_value FROM looks))").await, 4);
}

/// Whoever writes meanwhile waits for one of the pieces.
#[tokio::test]
async fn what_is_over_goes_in_transactions_of_its_own() {
    const TRANSACTIONS: &str = "CREATE TABLE made (transaction bigint UNIQUE);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO made VALUES (txid_current()) ON CONFLICT DO NOTHING; RETURN NULL; END $$;
        CREATE TRIGGER note AFTER DELETE ON user_sessions
            FOR EACH ROW EXECUTE FUNCTION note()";
    let test = with_many_rows().await;
    let reason = EndReason::RevokedByAdmin;
    test.end_for_user(&1.into(), None, reason, &by_system(2)).await.unwrap();
    test.execute(TRANSACTIONS).await;
    assert_eq!(test.forget_user(&1.into(), &by_system(3)).await.unwrap(), Some(Vec::new()));
    assert_eq!(test.count("user_sessions").await, 0);
    assert_eq!(test.count("made").await, 3);
}

#[tokio::test]
async fn a_forgetting_that_failed_half_way_is_asked_for_again() {
    let test = with_many_rows().await;
    let reason = EndReason::RevokedByAdmin;
    test.end_for_user(&1.into(), None, reason, &by_system(2)).await.unwrap();
    test.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             RAISE 'not now'; END $$;
         CREATE TRIGGER refuse BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    .await;
    test.forget_user(&1.into(), &by_system(3)).await.unwrap_err();
    assert_eq!(test.count("user_sessions").await, 0);
    test.execute("DROP TRIGGER refuse ON users").await;
    assert_eq!(test.forget_user(&1.into(), &by_system(4)).await.unwrap(), Some(Vec::new()));
    assert_eq!(test.count("session_events WHERE kind = 'user_forgotten'").await, 1);
}

#[tokio::test]
async fn they_are_forgotten_a_thousand_in_a_statement() {
    let test = with_many_rows().await;
    let ended = test.forget_user(&1.into(), &by_system(2)).await.unwrap().unwrap();
    assert_eq!(ended.len(), usize::try_from(MANY).unwrap());
    assert_eq!(test.count("user_sessions").await, 0);
    let told = "session_events WHERE ip_address IS NOT NULL OR client_salt IS NOT NULL";
    assert_eq!(test.count(told).await, 0);
}
