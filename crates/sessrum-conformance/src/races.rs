//! Many at once: outcomes are counted, whoever wins.

use std::time::Duration;

use sessrum_core::store::{
    Activity, CreateOutcome, NewSession, Precondition, PutOutcome, RotateOutcome, Rotation,
    UpdateOutcome,
};
use sessrum_core::{EndReason, EventKind, PlatformId, SessionPolicy, TokenStanding, UserId};

use crate::Fixture;
use crate::fixture::{MANY, at, change, count};

/// Security: 7.1.2, 15.4.2, abuse 28, parameter cap
pub async fn abuse_28_concurrent_sign_ins_never_exceed_the_cap_7_1_2(store: Fixture) {
    let user = store.user("ada").await;
    let outcomes = store
        .race(MANY, |store, _| {
            let new = NewSession { cap: 3, ..store.new_session(&UserId::from(1)) };
            async move {
                let created = store.created(new, 1).await;
                (created, store.list_for_user(&UserId::from(1)).await.unwrap().len())
            }
        })
        .await;
    assert!(outcomes.iter().all(|(_, live)| *live <= 3));
    assert_eq!(store.list_for_user(&user).await.unwrap().len(), 3);
    let evicted: usize = outcomes.iter().map(|((_, ended), _)| ended.len()).sum();
    assert_eq!(evicted, MANY - 3);
    assert_eq!(store.count(EventKind::SessionEnded).await, MANY - 3);
    assert_eq!(store.count(EventKind::SignedIn).await, MANY);
}

/// Security: 15.4.2, abuse 36
pub async fn concurrent_sign_ins_with_one_token_have_one_winner(store: Fixture) {
    let token = store.token();
    let outcomes = store
        .race(MANY, |store, _| {
            let new = NewSession { token, ..store.new_session(&UserId::from(1)) };
            async move { store.create(new, &change(1)).await.unwrap() }
        })
        .await;
    assert_eq!(count(&outcomes, |it| matches!(it, CreateOutcome::Created { .. })), 1);
    assert_eq!(count(&outcomes, |it| *it == CreateOutcome::Collision), MANY - 1);
    assert_eq!(store.count_live().await.unwrap(), 1);
}

/// Neither tab is signed out, the loser leaves no row.
///
/// Security: 15.4.2, abuse 5
pub async fn abuse_05_two_concurrent_rotations_leave_one_successor(store: Fixture) {
    let (session, token) = store.signed_in(&UserId::from(1), 1).await;
    let id = session.id;
    let outcomes = store
        .race(MANY, |store, _| {
            let rotation = store.rotation(60);
            async move { (rotation, store.rotate(id, rotation, &change(60)).await.unwrap()) }
        })
        .await;
    let mut good = 0;
    for (rotation, outcome) in outcomes {
        let is_rotated = matches!(outcome, RotateOutcome::Rotated(_));
        assert!(is_rotated || outcome == RotateOutcome::Pending, "{outcome:?}");
        assert_eq!(store.opens(&rotation.token).await, is_rotated);
        good += usize::from(is_rotated);
    }
    assert_eq!(good, 1);
    assert_eq!(store.count(EventKind::TokenRotated).await, 1);
    let standing = store.loaded(&token).await.token.standing(at(60), &SessionPolicy::default());
    assert_eq!(standing, TokenStanding::Current);
}

pub async fn concurrent_first_uses_of_a_token_retire_the_old_one_once(store: Fixture) {
    let (session, old) = store.signed_in(&UserId::from(1), 1).await;
    let new = store.rotated(&session, 60).await;
    store
        .race(MANY, |store, index| async move {
            let seen = at(70) + Duration::from_micros(index as u64);
            store.confirm_token(&new, seen).await.unwrap();
        })
        .await;
    let (old, new) = (store.loaded(&old).await.token, store.loaded(&new).await.token);
    assert!(new.first_used_at.is_some() && new.retired_at.is_none());
    assert_eq!(old.retired_at, new.first_used_at);
}

/// Security: 15.4.2
pub async fn switches_that_expect_the_same_revision_have_one_winner(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let (id, revision) = (session.id, session.revision);
    let outcomes = store
        .race(MANY, |store, index| async move {
            let platform = PlatformId::from(i64::try_from(index).unwrap());
            let (to, now) = (Some(&platform), change(2));
            let outcome = store.switch_platform_if(id, to, Some(revision), &now).await.unwrap();
            (platform, outcome)
        })
        .await;
    assert_eq!(count(&outcomes, |(_, it)| matches!(it, UpdateOutcome::Conflict(_))), MANY - 1);
    let row = store.row(&session).await;
    assert_eq!(row.revision, revision + 1);
    for (platform, outcome) in outcomes {
        if matches!(outcome, UpdateOutcome::Updated(_)) {
            assert_eq!(row.active_platform_id, Some(platform));
        }
    }
    assert_eq!(store.count(EventKind::PlatformSwitched).await, 1);
}

pub async fn switches_without_expectation_each_have_a_revision(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let id = session.id;
    let outcomes = store
        .race(MANY, |store, _| async move {
            match store.switch_platform_if(id, None, None, &change(2)).await.unwrap() {
                UpdateOutcome::Updated(row) => row.revision,
                other => panic!("{other:?}"),
            }
        })
        .await;
    let mut revisions = outcomes;
    revisions.sort_unstable();
    assert!(revisions.into_iter().eq(2..=33));
}

/// Security: abuse 7
pub async fn abuse_07_concurrent_writes_of_different_keys_all_survive(store: Fixture) {
    let id = store.session(&UserId::from(1), 1).await.id;
    let outcomes = store
        .race(MANY, |store, index| async move { store.put(id, &index.to_string(), "1").await })
        .await;
    let mut revisions: Vec<i64> = outcomes
        .into_iter()
        .map(|outcome| match outcome {
            PutOutcome::Stored { revision, created: true } => revision,
            other => panic!("{other:?}"),
        })
        .collect();
    revisions.sort_unstable();
    assert!(revisions.into_iter().eq(1..=32));
    assert_eq!(store.list_data(id).await.unwrap().len(), MANY);
}

/// Security: abuse 7
pub async fn abuse_07_a_key_compared_and_set_has_one_winner_a_revision(store: Fixture) {
    let id = store.session(&UserId::from(1), 1).await.id;
    let mut precondition = Precondition::Absent;
    for round in 1..=5 {
        let outcomes = store
            .race(MANY, |store, index| async move {
                store.put_if(id, "key", &index.to_string(), precondition).await
            })
            .await;
        let stored = PutOutcome::Stored { revision: round, created: round == 1 };
        assert_eq!(count(&outcomes, |it| *it == stored), 1);
        let conflict = PutOutcome::Conflict(Some(round));
        assert_eq!(count(&outcomes, |it| *it == conflict), MANY - 1);
        let winner = outcomes.iter().position(|it| *it == stored).unwrap();
        let entry = store.data(id, "key").await.unwrap().unwrap();
        assert_eq!(entry.value, winner.to_string());
        precondition = Precondition::Revision(round);
    }
}

/// Security: abuse 15
pub async fn abuse_15_concurrent_writes_never_exceed_the_cap(store: Fixture) {
    let id = store.session(&UserId::from(1), 1).await.id;
    let outcomes = store
        .race(MANY, |store, index| async move {
            let key = format!("{index:02}");
            let write = sessrum_core::store::DataWrite {
                key: &key,
                value: "12345678",
                precondition: Precondition::None,
                cap: 70,
                at: at(5),
            };
            store.put_data(id, write).await.unwrap()
        })
        .await;
    assert_eq!(count(&outcomes, |it| matches!(it, PutOutcome::Stored { .. })), 7);
    assert_eq!(count(&outcomes, |it| *it == PutOutcome::TooLarge), MANY - 7);
    assert_eq!(store.list_data(id).await.unwrap().len(), 7);
}

/// Security: 15.4.2, abuse 23
pub async fn concurrent_ends_have_one_winner_and_one_event(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let (id, reasons) = (session.id, EndReason::ALL);
    let outcomes = store
        .race(MANY, |store, index| async move {
            store.end(id, reasons[index % reasons.len()], &change(2)).await.unwrap()
        })
        .await;
    assert_eq!(count(&outcomes, Option::is_some), 1);
    let winner = outcomes.into_iter().flatten().next().unwrap();
    assert_eq!(store.row(&session).await.ended.unwrap().reason, winner.reason);
    assert_eq!(store.count(EventKind::SessionEnded).await, 1);
}

/// Abuse cases 1 to 4 and 6 as a race: a logout in the middle of everything else.
///
/// Security: 15.4.2, abuse 1, abuse 2, parameter row
pub async fn abuse_02_nothing_that_races_an_end_revives_or_changes_the_dead(store: Fixture) {
    for _ in 0..8 {
        let (session, _) = store.signed_in(&UserId::from(1), 1).await;
        let id = session.id;
        let dead = store
            .race(MANY, |store, index| {
                let rotation = Rotation { forced: true, ..store.rotation(9) };
                let handle = session.handle;
                async move {
                    match index % 5 {
                        0 => {
                            let mark = Activity { session: id, at: at(9) };
                            store.touch_many(&[mark]).await.unwrap();
                        }
                        1 => {
                            let (platform, now) = (PlatformId::from(9), change(9));
                            store
                                .switch_platform_if(id, Some(&platform), None, &now)
                                .await
                                .unwrap();
                        }
                        2 => {
                            let outcome = store.rotate(id, rotation, &change(9)).await.unwrap();
                            let is_gone = outcome == RotateOutcome::Gone;
                            assert_eq!(store.opens(&rotation.token).await, !is_gone);
                        }
                        3 => {
                            store.put(id, "key", "1").await;
                        }
                        _ => {
                            store.end(id, EndReason::Logout, &change(10)).await.unwrap();
                            return store.find_by_handle(&handle).await.unwrap();
                        }
                    }
                    None
                }
            })
            .await;
        let row = store.row(&session).await;
        assert!(row.ended.is_some());
        assert!(dead.into_iter().flatten().all(|seen| seen == row));
        assert!(store.list_data(id).await.unwrap().is_empty());
    }
    assert_eq!(store.count(EventKind::SessionEnded).await, 8);
}

/// Security: 15.4.2
pub async fn concurrent_sweeps_end_and_delete_each_row_once(store: Fixture) {
    for user in 1..=64 {
        store.session(&UserId::from(user), 1).await;
    }
    let limits = SessionPolicy::default().expiry_limits(at(5000));
    let counts = store
        .race(8, |store, _| async move {
            let (mut ended, mut deleted) = (0, 0);
            loop {
                let batch = store.end_expired(limits, 5, &change(5000)).await.unwrap().len();
                ended += batch;
                deleted += store.delete_ended_before(at(5001), 5).await.unwrap();
                if batch == 0 {
                    return (ended, deleted);
                }
            }
        })
        .await;
    assert_eq!(counts.iter().map(|(ended, _)| ended).sum::<usize>(), 64);
    let left = store.delete_ended_before(at(5001), 100).await.unwrap();
    assert_eq!(counts.iter().map(|(_, deleted)| deleted).sum::<usize>() + left, 64);
    assert_eq!(store.count(EventKind::SessionEnded).await, 64);
}
