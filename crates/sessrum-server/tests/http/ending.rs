//! Sessions that others end: by disabling a user, by a role, by an operator.

use sessrum_core::{EndReason, FingerprintMode, Role, SessionPolicy};

use crate::support::{Plan, SECOND, Site};

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                      Gecko) Chrome/140.0.0.0 Safari/537.36";

/// Security: 7.4.2, abuse 23
#[tokio::test]
async fn disabling_a_user_ends_all_their_sessions_and_enabling_revives_none_7_4_2() {
    let site = Site::new().await;
    let devices = [site.signed_in("ada").await, site.signed_in("ada").await];
    let (bob, ada, store) =
        (site.signed_in("bob").await, site.user("ada").await, site.manager().store());
    store.set_user_active(&ada, false, &site.change()).await.unwrap();
    for device in &devices {
        device.state_of().await.ended("user_disabled").keeps_cookie();
    }
    bob.state_of().await.ok();
    store.set_user_active(&ada, true, &site.change()).await.unwrap();
    for device in &devices {
        device.state_of().await.ended("user_disabled");
        device.heartbeat().await.ended("user_disabled");
    }
    site.signed_in("ada").await.state_of().await.ok();
}

/// Security: 8.3.2
#[tokio::test]
async fn a_role_counts_with_the_next_request_8_3_2() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let (store, ada) = (site.manager().store(), site.user("ada").await);
    assert_eq!(browser.state_of().await.at("/user/role"), "reviewer");
    store.set_role(&ada, Role::Viewer, &site.change()).await.unwrap();
    let state = browser.state_of().await.ok();
    assert_eq!(
        (state.at("/user/role"), state.at("/session/revision")),
        ("viewer".into(), "2".into())
    );
}

/// Security: 7.4.5
#[tokio::test]
async fn the_operator_ends_one_users_and_everyones_7_4_5() {
    let site = Site::new().await;
    let (ada, bob) = (site.signed_in("ada").await, site.signed_in("bob").await);
    let (store, reason) = (site.manager().store(), EndReason::RevokedByAdmin);
    let change = site.change();
    store.end_for_user(&site.user("ada").await, None, reason, &change).await.unwrap();
    ada.state_of().await.ended("revoked_by_admin");
    bob.state_of().await.ok();
    store.end_all(None, reason, 100, &change).await.unwrap();
    bob.state_of().await.ended("revoked_by_admin");
}

/// The operator sets a password.
///
/// Security: 7.4.3
#[tokio::test]
async fn a_password_that_the_operator_sets_ends_all() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let (ada, change) = (site.user("ada").await, site.change());
    site.accounts().set_password(&ada, "another secret", &change).await.unwrap();
    browser.state_of().await.ended("password_changed").keeps_cookie();
}

/// Fault 5: the fingerprint was stored and never compared.
#[tokio::test]
async fn another_machine_is_noticed() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut elsewhere = browser.copied();
    elsewhere.agent = CHROME;
    for _ in 0..3 {
        elsewhere.state_of().await.ok();
    }
    let trail = site.trail().await;
    let noticed = trail.iter().filter(|event| event.kind.as_str() == "fingerprint_changed");
    assert_eq!(noticed.count(), 1);
}

#[tokio::test]
async fn another_machine_is_refused_where_that_is_wanted() {
    let policy =
        SessionPolicy { fingerprint: FingerprintMode::Enforce, ..SessionPolicy::default() };
    let site = Site::of(Plan { policy, ..Plan::default() }).await;
    let browser = site.signed_in("ada").await;
    let (mut moved, mut elsewhere) = (browser.copied(), browser.copied());
    moved.address = ([198, 51, 100, 7], 1).into();
    moved.state_of().await.ok();
    elsewhere.agent = CHROME;
    elsewhere.state_of().await.ended("fingerprint_mismatch").keeps_cookie();
    browser.state_of().await.ended("fingerprint_mismatch").keeps_cookie();
}

/// Every end is one event: when, who, from where.
///
/// Security: 16.3.1
#[tokio::test]
async fn every_end_is_in_the_audit_trail_16_3() {
    let site = Site::new().await;
    let (browser, phone) = (site.signed_in("ada").await, site.signed_in("ada").await);
    let handles = [phone.handle().await, browser.handle().await];
    site.pass(SECOND);
    browser.press("/api/sessions/revoke-others").await.ok();
    browser.log_out().await.ok();
    let trail = site.trail().await;
    let ends: Vec<_> =
        trail.iter().filter(|event| event.kind.as_str() == "session_ended").collect();
    assert_eq!(ends.len(), 2);
    for ((end, handle), reason) in ends.iter().zip(handles).zip(["revoked_by_user", "logout"]) {
        assert_eq!((end.detail.as_str(), end.actor.as_str()), (reason, "user 1"));
        assert_eq!(end.session.unwrap().to_string(), handle);
        assert_eq!(end.at.to_string(), "2026-11-23T21:00:01Z");
        assert_eq!(end.ip_address, Some("192.0.2.1".parse().unwrap()));
        assert!(end.user_agent.as_ref().unwrap().contains("Firefox"));
    }
}
