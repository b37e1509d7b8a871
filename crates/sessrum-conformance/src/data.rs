//! A session's own data.

use sessrum_core::store::{DataEntry, DataWrite, Precondition, PutOutcome, RemoveOutcome};
use sessrum_core::{SessionId, UserId};

use crate::Fixture;
use crate::fixture::{at, change};

async fn session(store: &Fixture) -> SessionId {
    store.session(&UserId::from(1), 1).await.id
}

const fn stored(revision: i64, created: bool) -> PutOutcome {
    PutOutcome::Stored { revision, created }
}

pub async fn a_value_is_read_as_it_was_written(store: Fixture) {
    let id = session(&store).await;
    for (key, value) in [("cart", r#"{"a":[1, 2]}"#), ("", "null"), ("ключ'\"%_", "\"ü\"")] {
        store.put(id, key, value).await;
        let entry = store.data(id, key).await.unwrap().unwrap();
        assert_eq!((entry.key.as_str(), entry.value.as_str()), (key, value));
        assert_eq!(entry.updated_at, at(5));
    }
}

pub async fn a_missing_key_is_none(store: Fixture) {
    let id = session(&store).await;
    assert_eq!(store.data(id, "cart").await.unwrap(), None);
    assert!(store.list_data(id).await.unwrap().is_empty());
}

pub async fn keys_are_compared_exactly(store: Fixture) {
    let id = session(&store).await;
    store.put(id, "cart", "1").await;
    for other in ["Cart", "cart ", "car"] {
        assert_eq!(store.data(id, other).await.unwrap(), None);
    }
}

/// By its bytes: no language says where "B" and "ä" belong.
pub async fn the_list_goes_by_key(store: Fixture) {
    let id = session(&store).await;
    for key in ["b", "ä", "a", "B", "z", "aa", "B b", "Ba"] {
        store.put(id, key, "1").await;
    }
    let entries: Vec<DataEntry> = store.list_data(id).await.unwrap();
    let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["B", "B b", "Ba", "a", "aa", "b", "z", "ä"]);
}

pub async fn sessions_do_not_share_data(store: Fixture) {
    let (one, other) = (session(&store).await, session(&store).await);
    assert_eq!(store.put(one, "cart", "1").await, stored(1, true));
    assert_eq!(store.data(other, "cart").await.unwrap(), None);
    assert_eq!(store.put(other, "cart", "2").await, stored(1, true));
    assert_eq!(store.data(one, "cart").await.unwrap().unwrap().value, "1");
}

pub async fn each_put_has_a_fresh_revision_of_the_session(store: Fixture) {
    let id = session(&store).await;
    assert_eq!(store.put(id, "a", "1").await, stored(1, true));
    assert_eq!(store.put(id, "b", "1").await, stored(2, true));
    assert_eq!(store.put(id, "a", "2").await, stored(3, false));
    assert_eq!(store.data(id, "a").await.unwrap().unwrap().revision, 3);
    assert_eq!(store.data(id, "b").await.unwrap().unwrap().revision, 2);
}

pub async fn a_key_that_comes_back_has_another_revision(store: Fixture) {
    let id = session(&store).await;
    store.put(id, "a", "1").await;
    store.remove_data(id, "a", Precondition::None).await.unwrap();
    assert_eq!(store.put(id, "a", "1").await, stored(2, true));
    assert_eq!(
        store.put_if(id, "a", "2", Precondition::Revision(1)).await,
        PutOutcome::Conflict(Some(2))
    );
}

pub async fn a_put_happens_only_if_its_precondition_holds(store: Fixture) {
    use Precondition::{Absent, Present, Revision};
    let id = session(&store).await;
    assert_eq!(store.put_if(id, "a", "1", Present).await, PutOutcome::Conflict(None));
    assert_eq!(store.put_if(id, "a", "1", Revision(1)).await, PutOutcome::Conflict(None));
    assert_eq!(store.put_if(id, "a", "1", Absent).await, stored(1, true));
    assert_eq!(store.put_if(id, "a", "2", Absent).await, PutOutcome::Conflict(Some(1)));
    assert_eq!(store.put_if(id, "a", "2", Revision(2)).await, PutOutcome::Conflict(Some(1)));
    assert_eq!(store.data(id, "a").await.unwrap().unwrap().value, "1");
    assert_eq!(store.put_if(id, "a", "3", Present).await, stored(2, false));
    assert_eq!(store.put_if(id, "a", "4", Revision(2)).await, stored(3, false));
    assert_eq!(store.data(id, "a").await.unwrap().unwrap().value, "4");
}

pub async fn a_removal_happens_only_if_its_precondition_holds(store: Fixture) {
    use Precondition::{Absent, None as Nothing, Present, Revision};
    let id = session(&store).await;
    let remove = async |precondition| store.remove_data(id, "a", precondition).await.unwrap();
    assert_eq!(remove(Nothing).await, RemoveOutcome::Missing);
    assert_eq!(remove(Absent).await, RemoveOutcome::Missing);
    assert_eq!(remove(Present).await, RemoveOutcome::Conflict(None));
    assert_eq!(remove(Revision(1)).await, RemoveOutcome::Conflict(None));
    store.put(id, "a", "1").await;
    assert_eq!(remove(Absent).await, RemoveOutcome::Conflict(Some(1)));
    assert_eq!(remove(Revision(2)).await, RemoveOutcome::Conflict(Some(1)));
    assert!(store.data(id, "a").await.unwrap().is_some());
    assert_eq!(remove(Revision(1)).await, RemoveOutcome::Removed);
    assert_eq!(store.data(id, "a").await.unwrap(), None);
    store.put(id, "a", "1").await;
    assert_eq!(remove(Nothing).await, RemoveOutcome::Removed);
}

/// Security: abuse 15
pub async fn abuse_15_a_large_value_round_trips_up_to_the_cap(store: Fixture) {
    let id = session(&store).await;
    let value = format!("\"{}\"", "x".repeat(256 * 1024));
    let cap = "key".len() + value.len();
    let write = |cap| DataWrite {
        key: "key",
        value: &value,
        precondition: Precondition::None,
        cap,
        at: at(5),
    };
    assert_eq!(store.put_data(id, write(cap - 1)).await.unwrap(), PutOutcome::TooLarge);
    assert_eq!(store.data(id, "key").await.unwrap(), None);
    assert_eq!(store.put_data(id, write(cap)).await.unwrap(), stored(1, true));
    assert_eq!(store.data(id, "key").await.unwrap().unwrap().value, value);
}

pub async fn the_cap_counts_the_bytes_of_all_keys_and_values_once(store: Fixture) {
    let id = session(&store).await;
    let put = async |key, value| {
        let write = DataWrite { key, value, precondition: Precondition::None, cap: 10, at: at(5) };
        store.put_data(id, write).await.unwrap()
    };
    assert_eq!(put("a", "1234").await, stored(1, true));
    assert_eq!(put("b", "12345").await, PutOutcome::TooLarge);
    assert_eq!(put("b", "üü").await, stored(2, true));
    assert_eq!(put("a", "12345").await, PutOutcome::TooLarge);
    assert_eq!(put("a", "4321").await, stored(3, false));
    assert_eq!(store.list_data(id).await.unwrap().len(), 2);
}

pub async fn the_precondition_is_asked_before_the_cap(store: Fixture) {
    let id = session(&store).await;
    let write =
        DataWrite { key: "a", value: "1", precondition: Precondition::Present, cap: 0, at: at(5) };
    assert_eq!(store.put_data(id, write).await.unwrap(), PutOutcome::Conflict(None));
}

pub async fn an_unknown_session_has_no_data_and_takes_none(store: Fixture) {
    let id = SessionId(9);
    assert_eq!(store.put(id, "a", "1").await, PutOutcome::Gone);
    let removed = store.remove_data(id, "a", Precondition::None).await.unwrap();
    assert_eq!(removed, RemoveOutcome::Gone);
    assert_eq!(store.data(id, "a").await.unwrap(), None);
    assert!(store.list_data(id).await.unwrap().is_empty());
}

pub async fn data_is_no_event_and_moves_nothing_of_the_session(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let events = store.trail().await;
    store.put(session.id, "a", "1").await;
    store.remove_data(session.id, "a", Precondition::None).await.unwrap();
    assert_eq!(store.row(&session).await, session);
    assert_eq!(store.trail().await, events);
}

pub async fn data_survives_a_switch_and_a_touch(store: Fixture) {
    let id = session(&store).await;
    store.put(id, "a", "1").await;
    store.switch_platform_if(id, None, None, &change(9)).await.unwrap();
    assert_eq!(store.data(id, "a").await.unwrap().unwrap().value, "1");
}
