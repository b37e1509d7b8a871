//! Dead stays dead: no verb changes an ended session, one verb a test.

use sessrum_core::store::{
    Activity, NewSession, PasswordChange, PasswordOutcome, Precondition, PutOutcome, RemoveOutcome,
    RotateOutcome, Rotation, UpdateOutcome,
};
use sessrum_core::{EndReason, ExpiryLimits, PlatformId, Role, TokenHash, UserId, UserSession};

use crate::Fixture;
use crate::fixture::{at, change, password};

/// A session of a bundled user that signed out: with a token in use, one unseen, and data.
struct Dead {
    user: UserId,
    row: UserSession,
    token: TokenHash,
    unseen: TokenHash,
}

async fn dead(store: &Fixture) -> Dead {
    let user = store.user("ada").await;
    let (session, token) = store.signed_in(&user, 1).await;
    store.put(session.id, "cart", "[1]").await;
    let unseen = store.rotated(&session, 2).await;
    store.end(session.id, EndReason::Logout, &change(3)).await.unwrap();
    Dead { row: store.row(&session).await, user, token, unseen }
}

impl Dead {
    /// As it was when it ended, however it is looked at.
    async fn assert_unchanged(&self, store: &Fixture) {
        assert_eq!(store.row(&self.row).await, self.row);
        assert_eq!(store.loaded(&self.token).await.session, self.row);
        assert_eq!(store.loaded(&self.unseen).await.session, self.row);
        assert!(store.list_data(self.row.id).await.unwrap().is_empty());
        assert!(store.list_for_user(&self.user).await.unwrap().is_empty());
        assert_eq!(store.count_live().await.unwrap(), 0);
    }
}

/// Security: abuse 4, parameter row
pub async fn abuse_04_a_touch_changes_nothing_and_does_not_count(store: Fixture) {
    let dead = dead(&store).await;
    let marks = [Activity { session: dead.row.id, at: at(9) }];
    assert_eq!(store.touch_many(&marks).await.unwrap(), 0);
    dead.assert_unchanged(&store).await;
}

/// Security: abuse 6, parameter row
pub async fn abuse_06_no_rotation_adds_a_token(store: Fixture) {
    let dead = dead(&store).await;
    for forced in [false, true] {
        let rotation = Rotation {
            forced,
            authenticated_until: forced.then_some(at(99_999)),
            ..store.rotation(99)
        };
        let outcome = store.rotate(dead.row.id, rotation, &change(99)).await.unwrap();
        assert_eq!(outcome, RotateOutcome::Gone);
        assert!(!store.opens(&rotation.token).await);
    }
    dead.assert_unchanged(&store).await;
}

/// Security: parameter row
pub async fn confirming_a_token_changes_no_token(store: Fixture) {
    let dead = dead(&store).await;
    let before = (store.loaded(&dead.token).await.token, store.loaded(&dead.unseen).await.token);
    store.confirm_token(&dead.unseen, at(9)).await.unwrap();
    let after = (store.loaded(&dead.token).await.token, store.loaded(&dead.unseen).await.token);
    assert_eq!(after, before);
    dead.assert_unchanged(&store).await;
}

/// Security: abuse 2, parameter row
pub async fn abuse_02_a_switch_that_spans_a_logout_finds_it_gone(store: Fixture) {
    let dead = dead(&store).await;
    let platform = PlatformId::from(3);
    for expected in [None, Some(1)] {
        let outcome = store
            .switch_platform_if(dead.row.id, Some(&platform), expected, &change(9))
            .await
            .unwrap();
        assert_eq!(outcome, UpdateOutcome::Gone);
    }
    dead.assert_unchanged(&store).await;
}

/// Security: abuse 1, parameter row
pub async fn abuse_01_data_saved_after_a_logout_is_not_kept(store: Fixture) {
    let dead = dead(&store).await;
    for precondition in
        [Precondition::None, Precondition::Absent, Precondition::Present, Precondition::Revision(1)]
    {
        let outcome = store.put_if(dead.row.id, "cart", "[2]", precondition).await;
        assert_eq!(outcome, PutOutcome::Gone);
    }
    let removed = store.remove_data(dead.row.id, "cart", Precondition::None).await.unwrap();
    assert_eq!(removed, RemoveOutcome::Gone);
    assert_eq!(store.data(dead.row.id, "cart").await.unwrap(), None);
    dead.assert_unchanged(&store).await;
}

/// Security: abuse 23, parameter row
pub async fn no_other_end_overwrites_the_first(store: Fixture) {
    let dead = dead(&store).await;
    let (id, reason) = (dead.row.id, EndReason::RevokedByAdmin);
    assert_eq!(store.end(id, reason, &change(9)).await.unwrap(), None);
    assert!(store.end_for_user(&dead.user, None, reason, &change(9)).await.unwrap().is_empty());
    assert!(store.end_all(None, reason, 9, &change(9)).await.unwrap().is_empty());
    let limits = ExpiryLimits { now: at(99_999), idle_since: at(9), remembered_idle_since: at(9) };
    assert!(store.end_expired(limits, 9, &change(99_999)).await.unwrap().is_empty());
    let ended = store.set_user_active(&dead.user, false, &change(9)).await.unwrap();
    assert_eq!(ended, Some(Vec::new()));
    dead.assert_unchanged(&store).await;
}

/// Enabling again revives none.
///
/// Security: 7.4.2
pub async fn enabling_the_user_revives_none_7_4_2(store: Fixture) {
    let dead = dead(&store).await;
    store.set_user_active(&dead.user, false, &change(9)).await.unwrap();
    store.set_user_active(&dead.user, true, &change(10)).await.unwrap();
    dead.assert_unchanged(&store).await;
}

pub async fn a_role_change_leaves_it(store: Fixture) {
    let dead = dead(&store).await;
    assert!(store.set_role(&dead.user, Role::Admin, &change(9)).await.unwrap());
    dead.assert_unchanged(&store).await;
}

pub async fn a_password_change_cannot_keep_it_and_is_refused(store: Fixture) {
    let dead = dead(&store).await;
    let rotation = Rotation { forced: true, ..store.rotation(9) };
    let new = PasswordChange {
        hash: password("new"),
        keep: Some((dead.row.id, rotation)),
        checked_against: Some(at(0)),
    };
    let outcome = store.change_password(&dead.user, new, &change(9)).await.unwrap();
    assert_eq!(outcome, PasswordOutcome::Refused);
    assert!(!store.opens(&rotation.token).await);
    let facts = store.find_for_sign_in("ada").await.unwrap().unwrap();
    assert_eq!(facts.password_hash, Some(password("ada")));
    dead.assert_unchanged(&store).await;
}

pub async fn a_platform_that_goes_leaves_it(store: Fixture) {
    let user = store.user("ada").await;
    let platform = store.platform(&user, "art").await;
    let new =
        NewSession { active_platform_id: Some(platform.id.clone()), ..store.new_session(&user) };
    let (session, _) = store.created(new, 1).await;
    store.end(session.id, EndReason::Logout, &change(3)).await.unwrap();
    let row = store.row(&session).await;
    store.remove_platform(&user, &platform.id, &change(9)).await.unwrap();
    assert_eq!(store.row(&session).await, row);
}
