//! Tokens: found by hash, confirmed, rotated, retired.

use sessrum_core::store::{RotateOutcome, Rotation};
use sessrum_core::{
    SessionId, SessionPolicy, TokenHash, TokenRecord, TokenStanding, UserId, UserSession,
};

use crate::Fixture;
use crate::fixture::{at, change};

async fn record(store: &Fixture, token: &TokenHash) -> TokenRecord {
    store.loaded(token).await.token
}

async fn standing(store: &Fixture, token: &TokenHash, seconds: u64) -> TokenStanding {
    record(store, token).await.standing(at(seconds), &SessionPolicy::default())
}

/// Which token is older does not depend on a clock that was set back between them.
pub async fn a_clock_that_was_set_back_makes_no_older_token_the_younger(store: Fixture) {
    let (session, old) = store.signed_in(&UserId::from(1), 100).await;
    let authenticated =
        Rotation { forced: true, authenticated_until: Some(at(99_999)), ..store.rotation(40) };
    let outcome = store.rotate(session.id, authenticated, &change(40)).await.unwrap();
    let RotateOutcome::Rotated(row) = outcome else { panic!("{outcome:?}") };
    let (before, after) = (record(&store, &old).await, record(&store, &authenticated.token).await);
    assert!(before.issued_at < row.authenticated_at, "the old one would be fresh");
    assert_eq!(after.issued_at, row.authenticated_at);
    let plain = Rotation { replaces: Some(old), ..store.rotation(200) };
    let outcome = store.rotate(session.id, plain, &change(200)).await.unwrap();
    assert_eq!(outcome, RotateOutcome::Pending);
    store.confirm_token(&authenticated.token, at(41)).await.unwrap();
    assert_eq!(record(&store, &old).await.retired_at, Some(at(41)));
}

/// A slow request must not turn a token that has retired meanwhile into a good one.
pub async fn a_token_that_has_retired_is_not_replaced(store: Fixture) {
    let (session, first) = store.signed_in(&UserId::from(1), 0).await;
    let rotation = Rotation { replaces: Some(first), ..store.rotation(60) };
    let outcome = store.rotate(session.id, rotation, &change(60)).await.unwrap();
    assert!(matches!(outcome, RotateOutcome::Rotated(_)), "{outcome:?}");
    store.confirm_token(&rotation.token, at(61)).await.unwrap();
    let late = Rotation { replaces: Some(first), ..store.rotation(62) };
    let outcome = store.rotate(session.id, late, &change(62)).await.unwrap();
    assert_eq!(outcome, RotateOutcome::Pending);
    assert!(!store.opens(&late.token).await);
}

/// Security: abuse 8
pub async fn abuse_08_an_unknown_token_finds_nothing_and_is_not_adopted(store: Fixture) {
    store.session(&UserId::from(1), 1).await;
    let unknown = store.token();
    assert!(!store.opens(&unknown).await);
    store.confirm_token(&unknown, at(2)).await.unwrap();
    assert!(!store.opens(&unknown).await);
    assert_eq!(store.count_live().await.unwrap(), 1);
}

/// Security: abuse 12
pub async fn abuse_12_the_empty_id_matches_nothing(store: Fixture) {
    store.session(&UserId::from(1), 1).await;
    assert!(!store.opens(&TokenHash::from_bytes([0; 32])).await);
    let handle = sessrum_core::SessionHandle::from_bytes([0; 16]);
    assert_eq!(store.find_by_handle(&handle).await.unwrap(), None);
}

/// Security: abuse 35
pub async fn abuse_35_a_neighbouring_hash_opens_nothing(store: Fixture) {
    let (_, token) = store.signed_in(&UserId::from(1), 1).await;
    for byte in [0, 15, 31] {
        let mut bytes = *token.as_bytes();
        bytes[byte] ^= 1;
        assert!(!store.opens(&TokenHash::from_bytes(bytes)).await);
    }
}

pub async fn the_first_token_counts_as_seen(store: Fixture) {
    let (_, token) = store.signed_in(&UserId::from(1), 1).await;
    let expected = TokenRecord { issued_at: at(1), first_used_at: Some(at(1)), retired_at: None };
    assert_eq!(record(&store, &token).await, expected);
}

pub async fn a_rotation_adds_a_token_and_leaves_the_old_one_good(store: Fixture) {
    let (session, old) = store.signed_in(&UserId::from(1), 1).await;
    let new = store.rotated(&session, 60).await;
    let unseen = TokenRecord { issued_at: at(60), first_used_at: None, retired_at: None };
    assert_eq!(record(&store, &new).await, unseen);
    assert_eq!(standing(&store, &old, 9999).await, TokenStanding::Current);
    assert_eq!(store.loaded(&new).await.session.id, session.id);
}

pub async fn a_plain_rotation_moves_updated_at_alone(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let outcome = store.rotate(session.id, store.rotation(60), &change(60)).await.unwrap();
    let expected = UserSession { updated_at: at(60), ..session.clone() };
    assert_eq!(outcome, RotateOutcome::Rotated(Box::new(expected.clone())));
    assert_eq!(store.row(&session).await, expected);
}

/// Security: 7.2.4
pub async fn confirming_the_successor_retires_the_old_token(store: Fixture) {
    let (session, old) = store.signed_in(&UserId::from(1), 1).await;
    let new = store.rotated(&session, 60).await;
    store.confirm_token(&new, at(70)).await.unwrap();
    assert_eq!(record(&store, &new).await.first_used_at, Some(at(70)));
    assert_eq!(record(&store, &old).await.retired_at, Some(at(70)));
    assert_eq!(standing(&store, &old, 100).await, TokenStanding::Retiring);
    assert_eq!(standing(&store, &old, 101).await, TokenStanding::Reused);
}

/// What is read by a token that is the only one in use changes with the next one, which is told.
pub async fn a_token_knows_of_others_that_are_in_use(store: Fixture) {
    let (session, first) = store.signed_in(&UserId::from(1), 1).await;
    let beside = store.signed_in(&UserId::from(1), 1).await.1;
    let has_other = async |token| store.loaded(token).await.has_other_token;
    assert!(!has_other(&first).await);
    let second = store.rotated(&session, 10).await;
    assert!(has_other(&first).await && has_other(&second).await);
    store.confirm_token(&second, at(11)).await.unwrap();
    assert!(has_other(&first).await && !has_other(&second).await);
    assert!(!has_other(&beside).await);
}

pub async fn confirming_is_no_change_of_the_row(store: Fixture) {
    let (session, _) = store.signed_in(&UserId::from(1), 1).await;
    let new = store.rotated(&session, 60).await;
    let before = store.row(&session).await;
    store.confirm_token(&new, at(70)).await.unwrap();
    assert_eq!(store.row(&session).await, before);
}

pub async fn confirming_again_changes_nothing(store: Fixture) {
    let (session, old) = store.signed_in(&UserId::from(1), 1).await;
    let new = store.rotated(&session, 60).await;
    store.confirm_token(&new, at(70)).await.unwrap();
    store.confirm_token(&new, at(80)).await.unwrap();
    store.confirm_token(&old, at(80)).await.unwrap();
    assert_eq!(record(&store, &new).await.first_used_at, Some(at(70)));
    assert_eq!(record(&store, &new).await.retired_at, None);
    assert_eq!(record(&store, &old).await.retired_at, Some(at(70)));
}

pub async fn confirming_leaves_other_sessions_alone(store: Fixture) {
    let (session, _) = store.signed_in(&UserId::from(1), 1).await;
    let (_, other) = store.signed_in(&UserId::from(1), 1).await;
    let new = store.rotated(&session, 60).await;
    store.confirm_token(&new, at(70)).await.unwrap();
    assert_eq!(record(&store, &other).await.retired_at, None);
}

pub async fn confirming_keeps_a_successor_that_was_issued_later(store: Fixture) {
    let (session, first) = store.signed_in(&UserId::from(1), 1).await;
    let second = store.forced(&session, 60).await;
    let third = store.forced(&session, 61).await;
    store.confirm_token(&second, at(62)).await.unwrap();
    assert_eq!(record(&store, &first).await.retired_at, Some(at(62)));
    assert_eq!(standing(&store, &third, 999).await, TokenStanding::Unseen);
    store.confirm_token(&third, at(63)).await.unwrap();
    assert_eq!(standing(&store, &third, 999).await, TokenStanding::Current);
    assert_eq!(record(&store, &second).await.retired_at, Some(at(63)));
    assert_eq!(record(&store, &first).await.retired_at, Some(at(62)));
}

pub async fn an_overtaken_token_that_turns_up_late_retires_nobody(store: Fixture) {
    let (session, _) = store.signed_in(&UserId::from(1), 1).await;
    let overtaken = store.forced(&session, 60).await;
    let current = store.forced(&session, 61).await;
    store.confirm_token(&current, at(62)).await.unwrap();
    store.confirm_token(&overtaken, at(63)).await.unwrap();
    assert_eq!(standing(&store, &current, 999).await, TokenStanding::Current);
    assert_eq!(record(&store, &overtaken).await.retired_at, Some(at(62)));
}

pub async fn a_rotation_stands_back_while_a_young_successor_is_on_its_way(store: Fixture) {
    let (session, _) = store.signed_in(&UserId::from(1), 1).await;
    let young = store.rotated(&session, 60).await;
    let before = store.row(&session).await;
    let rotation = store.rotation(89);
    let outcome = store.rotate(session.id, rotation, &change(89)).await.unwrap();
    assert_eq!(outcome, RotateOutcome::Pending);
    assert!(!store.opens(&rotation.token).await);
    assert!(store.opens(&young).await);
    assert_eq!(store.row(&session).await, before);
}

pub async fn a_lost_successor_is_replaced_at_the_limit_of_patience(store: Fixture) {
    let (session, old) = store.signed_in(&UserId::from(1), 1).await;
    let lost = store.rotated(&session, 60).await;
    let new = store.rotated(&session, 90).await;
    let retired = TokenRecord { issued_at: at(60), first_used_at: None, retired_at: Some(at(90)) };
    assert_eq!(record(&store, &lost).await, retired);
    assert_eq!(standing(&store, &new, 999).await, TokenStanding::Unseen);
    assert_eq!(standing(&store, &old, 999).await, TokenStanding::Current);
}

pub async fn confirming_a_lost_successor_that_turns_up_changes_no_token(store: Fixture) {
    let (session, old) = store.signed_in(&UserId::from(1), 1).await;
    let lost = store.rotated(&session, 60).await;
    let new = store.rotated(&session, 90).await;
    store.confirm_token(&lost, at(91)).await.unwrap();
    let retired = TokenRecord { issued_at: at(60), first_used_at: None, retired_at: Some(at(90)) };
    assert_eq!(record(&store, &lost).await, retired);
    assert_eq!(standing(&store, &new, 999).await, TokenStanding::Unseen);
    assert_eq!(standing(&store, &old, 999).await, TokenStanding::Current);
}

pub async fn a_forced_rotation_goes_beside_a_young_successor(store: Fixture) {
    let (session, _) = store.signed_in(&UserId::from(1), 1).await;
    let young = store.rotated(&session, 60).await;
    let forced = store.forced(&session, 61).await;
    assert!(store.opens(&young).await && store.opens(&forced).await);
}

pub async fn a_forced_rotation_retires_a_lost_successor(store: Fixture) {
    let (session, _) = store.signed_in(&UserId::from(1), 1).await;
    let lost = store.rotated(&session, 60).await;
    store.forced(&session, 90).await;
    assert_eq!(record(&store, &lost).await.retired_at, Some(at(90)));
}

pub async fn seen_and_retired_tokens_are_never_lost_ones(store: Fixture) {
    let (session, first) = store.signed_in(&UserId::from(1), 1).await;
    let overtaken = store.rotated(&session, 60).await;
    let current = store.forced(&session, 61).await;
    store.confirm_token(&current, at(62)).await.unwrap();
    store.rotated(&session, 500).await;
    assert_eq!(standing(&store, &current, 999).await, TokenStanding::Current);
    for token in [first, overtaken] {
        assert_eq!(record(&store, &token).await.retired_at, Some(at(62)));
    }
}

pub async fn the_successor_of_another_session_holds_nobody_back(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let other = store.session(&UserId::from(1), 1).await;
    store.rotated(&other, 60).await;
    store.rotated(&session, 61).await;
}

pub async fn rotating_to_a_taken_token_is_a_collision_and_changes_nothing(store: Fixture) {
    let (session, _) = store.signed_in(&UserId::from(1), 1).await;
    let (_, taken) = store.signed_in(&UserId::from(2), 1).await;
    let lost = store.rotated(&session, 10).await;
    let before = store.row(&session).await;
    let rotation = Rotation { token: taken, ..store.rotation(60) };
    let outcome = store.rotate(session.id, rotation, &change(60)).await.unwrap();
    assert_eq!(outcome, RotateOutcome::Collision);
    assert_eq!(store.row(&session).await, before);
    assert_eq!(standing(&store, &lost, 999).await, TokenStanding::Unseen);
}

/// Security: abuse 6
pub async fn abuse_06_rotating_an_unknown_session_adds_no_token(store: Fixture) {
    let rotation = store.rotation(2);
    let outcome = store.rotate(SessionId(7), rotation, &change(2)).await.unwrap();
    assert_eq!(outcome, RotateOutcome::Gone);
    assert!(!store.opens(&rotation.token).await);
}

/// Re-authentication resets both limits.
///
/// Security: N5.2
pub async fn a_reauthentication_moves_both_limits_and_the_revision_n5_2(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let rotation =
        Rotation { forced: true, authenticated_until: Some(at(99_999)), ..store.rotation(60) };
    let outcome = store.rotate(session.id, rotation, &change(60)).await.unwrap();
    let expected = UserSession {
        authenticated_at: at(60),
        last_activity: at(60),
        updated_at: at(60),
        expires_at: at(99_999),
        revision: 2,
        ..session.clone()
    };
    assert_eq!(outcome, RotateOutcome::Rotated(Box::new(expected.clone())));
    assert_eq!(store.row(&session).await, expected);
}

/// Security: abuse 19
pub async fn abuse_19_rotated_twice_only_the_last_token_is_current_and_data_stays(store: Fixture) {
    let (session, first) = store.signed_in(&UserId::from(1), 1).await;
    store.put(session.id, "cart", "[1]").await;
    let second = store.rotated(&session, 60).await;
    store.confirm_token(&second, at(61)).await.unwrap();
    let third = store.rotated(&session, 120).await;
    store.confirm_token(&third, at(121)).await.unwrap();
    assert_eq!(standing(&store, &first, 200).await, TokenStanding::Reused);
    assert_eq!(standing(&store, &second, 200).await, TokenStanding::Reused);
    assert_eq!(standing(&store, &third, 200).await, TokenStanding::Current);
    let cart = store.data(session.id, "cart").await.unwrap().unwrap();
    assert_eq!(cart.value, "[1]");
}
