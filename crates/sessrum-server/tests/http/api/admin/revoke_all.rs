//! `POST /api/admin/revoke-all` and `POST /api/admin/users/{id}/revoke-sessions`.

use serde_json::json;

use super::administered;
use crate::support::Browser;

const EVERYONE: &str = "/api/admin/revoke-all";

/// Security: 7.4.5, 16.3.1
#[tokio::test]
async fn everyones_sessions_end_but_the_one_that_asks() {
    let (site, root) = administered().await;
    let devices =
        [site.signed_in("ada").await, site.signed_in("bob").await, site.signed_in("root").await];
    let answer = root.press(EVERYONE).await.is(200).keeps_cookie();
    assert_eq!(answer.at("/revoked"), "3");
    for device in &devices {
        device.state_of().await.ended("revoked_by_admin").keeps_cookie();
    }
    root.state_of().await.ok();
    let trail = site.trail().await;
    let ends = trail.iter().filter(|event| event.detail == "revoked_by_admin");
    assert_eq!(ends.map(|end| end.actor.as_str()).collect::<Vec<_>>(), ["user 3"; 3]);
    // Nothing is left to end.
    let before = site.trail().await;
    assert_eq!(root.post(EVERYONE, json!({})).await.at("/revoked"), "0");
    assert_eq!(root.post(EVERYONE, json!({"include_own": false})).await.at("/revoked"), "0");
    assert_eq!(site.trail().await, before);
}

#[tokio::test]
async fn the_own_one_ends_where_that_is_said() {
    let (site, root) = administered().await;
    let (copy, ada) = (root.copied(), site.signed_in("ada").await);
    let answer = root.post(EVERYONE, json!({"include_own": true})).await.is(200).clears_cookie();
    assert_eq!(answer.at("/revoked"), "2");
    for device in [copy, ada] {
        device.state_of().await.ended("revoked_by_admin");
    }
    assert_eq!(site.live().await, 0);
}

/// Security: abuse 24
#[tokio::test]
async fn a_body_that_is_wrong_ends_nobodys() {
    let (site, root) = administered().await;
    let ada = site.signed_in("ada").await;
    let send = |media_type, body: String| root.call("POST", EVERYONE).body(media_type, body).send();
    let json = "application/json";
    for malformed in ["", " ", "{", "oops", "{} {}", "\u{0}", "{\"include_own\":"] {
        send(json, malformed.to_owned()).await.problem(400, "validation_failed");
    }
    for wrong in ["[]", "null", "true", "\"\"", "{\"include_own\": 1}", "{\"all\": true}"] {
        send(json, wrong.to_owned()).await.problem(422, "validation_failed");
    }
    send(json, format!("\"{}\"", "x".repeat(600 * 1024))).await.problem(413, "payload_too_large");
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        send(media_type, "{}".to_owned()).await.problem(415, "unsupported_media_type");
    }
    ada.state_of().await.ok();
    root.state_of().await.ok();
}

async fn revoke(browser: &Browser, user: &str) -> crate::support::Answer {
    browser.press(&format!("/api/admin/users/{user}/revoke-sessions")).await
}

/// Security: 7.4.5, 16.3.1, abuse 22, abuse 23
#[tokio::test]
async fn one_users_sessions_end_and_nobody_elses() {
    let (site, root) = administered().await;
    let devices = [site.signed_in("ada").await, site.signed_in("ada").await];
    let bob = site.signed_in("bob").await;
    let answer = revoke(&root, "1").await.is(200).keeps_cookie();
    assert_eq!(answer.at("/revoked"), "2");
    for device in &devices {
        device.state_of().await.ended("revoked_by_admin").keeps_cookie();
    }
    bob.state_of().await.ok();
    root.state_of().await.ok();
    let trail = site.trail().await;
    assert_eq!(trail.last().unwrap().actor, "user 3");
    assert_eq!(revoke(&root, "1").await.is(200).at("/revoked"), "0");
    assert_eq!(site.trail().await, trail);
    for nobody in ["9", "ada", "1.0", "-1", "%00", "%FF", "99999999999999999999"] {
        revoke(&root, nobody).await.problem(404, "not_found").keeps_cookie();
    }
}

#[tokio::test]
async fn ones_own_sessions_end_all() {
    let (site, root) = administered().await;
    let (copy, phone) = (root.copied(), site.signed_in("root").await);
    assert_eq!(revoke(&root, "3").await.is(200).clears_cookie().at("/revoked"), "2");
    for device in [copy, phone] {
        device.state_of().await.ended("revoked_by_admin");
    }
}
