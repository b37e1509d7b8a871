//! Switching the platform of a session.

use sessrum_core::store::UpdateOutcome;
use sessrum_core::{PlatformId, SessionId, UserId, UserSession};

use crate::Fixture;
use crate::fixture::{at, change};

pub async fn a_switch_moves_the_platform_the_revision_and_updated_at(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let platform = PlatformId::from(3);
    let outcome = store.switch_platform_if(session.id, Some(&platform), None, &change(9)).await;
    let expected = UserSession {
        active_platform_id: Some(platform),
        updated_at: at(9),
        revision: 2,
        ..session.clone()
    };
    assert_eq!(outcome.unwrap(), UpdateOutcome::Updated(Box::new(expected.clone())));
    assert_eq!(store.row(&session).await, expected);
}

pub async fn a_switch_to_none_leaves_the_platform(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let platform = PlatformId::from(3);
    store.switch_platform_if(session.id, Some(&platform), None, &change(2)).await.unwrap();
    store.switch_platform_if(session.id, None, None, &change(3)).await.unwrap();
    let row = store.row(&session).await;
    assert_eq!((row.active_platform_id, row.revision), (None, 3));
}

pub async fn a_switch_with_the_expected_revision_is_made(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    for revision in 1..=3 {
        let platform = PlatformId::from(revision);
        let outcome = store
            .switch_platform_if(session.id, Some(&platform), Some(revision), &change(2))
            .await
            .unwrap();
        assert!(matches!(outcome, UpdateOutcome::Updated(row) if row.revision == revision + 1));
    }
}

pub async fn a_switch_with_another_revision_is_a_conflict_and_changes_nothing(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let events = store.trail().await;
    for revision in [0, 2] {
        let platform = PlatformId::from(3);
        let outcome = store
            .switch_platform_if(session.id, Some(&platform), Some(revision), &change(2))
            .await
            .unwrap();
        assert_eq!(outcome, UpdateOutcome::Conflict(Box::new(session.clone())));
    }
    assert_eq!(store.row(&session).await, session);
    assert_eq!(store.trail().await, events);
}

pub async fn a_switch_of_an_unknown_session_finds_it_gone(store: Fixture) {
    let outcome = store.switch_platform_if(SessionId(9), None, None, &change(2)).await.unwrap();
    assert_eq!(outcome, UpdateOutcome::Gone);
    assert!(store.trail().await.is_empty());
}

pub async fn a_switch_leaves_other_sessions_alone(store: Fixture) {
    let session = store.session(&UserId::from(1), 1).await;
    let other = store.session(&UserId::from(1), 1).await;
    let platform = PlatformId::from(3);
    store.switch_platform_if(session.id, Some(&platform), None, &change(2)).await.unwrap();
    assert_eq!(store.row(&other).await, other);
}
