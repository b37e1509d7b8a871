//! `/api/sessions`: the user's devices.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sessrum_core::SessionToken;

use crate::support::{MINUTE, SECOND, Site};

/// Security: 7.5.2, parameter token
#[tokio::test]
async fn the_list_has_ones_own_live_devices_7_5_2() {
    let site = Site::new().await;
    let phone = site.signed_in("ada").await;
    site.signed_in("bob").await;
    site.pass(SECOND);
    let browser = site.signed_in("ada").await;
    let answer = browser.get("/api/sessions").await.is(200);
    // That no token is in it is checked of all answers of all tests.
    for token in site.tokens().iter() {
        let hash = SessionToken::parse(token).unwrap().hash();
        let hex = u128::from_be_bytes(*hash.as_bytes().first_chunk().unwrap());
        for hash in [URL_SAFE_NO_PAD.encode(hash.as_bytes()), format!("{hex:032x}")] {
            assert!(!answer.text().contains(&hash));
        }
    }
    let mut list = answer.json();
    let handles = [browser.handle().await, phone.handle().await];
    for (device, handle) in list["sessions"].as_array_mut().unwrap().iter_mut().zip(handles) {
        assert_eq!(device["handle"].take(), handle);
    }
    insta::assert_snapshot!(format!("{list:#}"));
}

#[tokio::test]
async fn the_list_leaves_out_what_is_over_before_the_sweeper_comes() {
    let site = Site::new().await;
    site.signed_in("ada").await;
    site.pass(20 * MINUTE);
    let browser = site.signed_in("ada").await;
    site.pass(10 * MINUTE);
    let list = browser.get("/api/sessions").await.ok().json();
    assert_eq!(list["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(site.live().await, 2);
}

/// Security: 7.5.2
#[tokio::test]
async fn ending_a_device_tells_it_why_7_5_2() {
    let site = Site::new().await;
    let (browser, phone) = (site.signed_in("ada").await, site.signed_in("ada").await);
    let path = format!("/api/sessions/{}", phone.handle().await);
    browser.delete(&path).await.is(204).keeps_cookie();
    phone.state_of().await.ended("revoked_by_user").keeps_cookie();
    browser.state_of().await.ok();
    // It is over already.
    browser.delete(&path).await.problem(404, "not_found").keeps_cookie();
}

#[tokio::test]
async fn ending_the_current_one_is_signing_out() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let copy = browser.copied();
    let path = format!("/api/sessions/{}", browser.handle().await);
    browser.delete(&path).await.is(204).clears_cookie();
    copy.state_of().await.ended("logout");
}

/// Security: 8.2.1, 8.2.2
#[tokio::test]
async fn another_users_and_a_garbled_handle_are_alike_8_2_1() {
    let site = Site::new().await;
    let (ada, bob) = (site.signed_in("ada").await, site.signed_in("bob").await);
    let bobs = bob.handle().await;
    let token = bob.token().unwrap();
    for handle in
        [&bobs, &token, "x", "%00", "..%2F..", "'%20OR%201=1", &"A".repeat(22), &"A".repeat(9000)]
    {
        let answer = ada.delete(&format!("/api/sessions/{handle}")).await;
        answer.problem(404, "not_found").keeps_cookie();
    }
    bob.state_of().await.ok();
}

/// Security: 7.5.2
#[tokio::test]
async fn ending_needs_a_fresh_authentication_7_5_2() {
    let site = Site::new().await;
    let (browser, phone) = (site.signed_in("ada").await, site.signed_in("ada").await);
    site.pass(10 * MINUTE);
    let path = format!("/api/sessions/{}", phone.handle().await);
    browser.delete(&path).await.problem(403, "reauthentication_required").keeps_cookie();
    phone.state_of().await.ok();
    browser.reauthenticate().await.ok();
    browser.delete(&path).await.is(204);
}

/// Security: abuse 22
#[tokio::test]
async fn revoking_the_others_spares_the_caller_and_other_users() {
    let site = Site::new().await;
    let (browser, bob) = (site.signed_in("ada").await, site.signed_in("bob").await);
    let others = [site.signed_in("ada").await, site.signed_in("ada").await];
    let answer = browser.press("/api/sessions/revoke-others").await.is(200).keeps_cookie();
    assert_eq!(answer.at("/revoked"), "2");
    for other in &others {
        other.state_of().await.ended("revoked_by_user");
    }
    browser.state_of().await.ok();
    bob.state_of().await.ok();
    assert_eq!(browser.press("/api/sessions/revoke-others").await.at("/revoked"), "0");
}

/// Security: 3.5.3
#[tokio::test]
async fn nothing_here_ends_by_a_safe_method_3_5_3() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let own = format!("/api/sessions/{}", browser.handle().await);
    for path in [&own, "/api/sessions/revoke-others"] {
        for method in ["GET", "HEAD"] {
            browser.call(method, path).send().await.is(405).keeps_cookie();
        }
    }
    browser.state_of().await.ok();
}
