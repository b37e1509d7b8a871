//! `/api/admin/sessions`: anyone's sessions.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sessrum_core::{EndReason, SessionHandle};

use super::{administered, site};
use crate::support::{Browser, MINUTE, SECOND, Site};

const PATH: &str = "/api/admin/sessions";

async fn rows(browser: &Browser, query: &str) -> Vec<Value> {
    let list = browser.get(&format!("{PATH}?{query}")).await.is(200).json();
    list["sessions"].as_array().unwrap().clone()
}

fn handles(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["handle"].as_str().unwrap()).collect()
}

/// A whole page, with a name in the place of each handle.
///
/// Security: 7.4.5, 7.5.2
#[tokio::test]
async fn the_list_has_everyones_and_no_token() {
    let site = site().await;
    let (ada, bob) = (site.signed_in("ada").await, site.signed_in("bob").await);
    site.pass(SECOND);
    ada.heartbeat().await.ok();
    let root = site.signed_in("root").await;
    bob.log_out().await.ok();
    let answer = root.get(&format!("{PATH}?include_ended=true")).await.is(200);
    let mut text = format!("{:#}", answer.json());
    for handle in handles(&rows(&root, "include_ended=true").await) {
        text = text.replace(handle, "[handle]");
    }
    insta::assert_snapshot!(text);
    // The fields above are all there are; and what is in them is no hash.
    let hash = |token: &String| {
        URL_SAFE_NO_PAD.encode(sessrum_core::SessionToken::parse(token).unwrap().hash().as_bytes())
    };
    let hashes: Vec<_> = site.tokens().iter().map(hash).collect();
    assert!(hashes.len() >= 3 && hashes.iter().all(|hash| !answer.text().contains(hash)));
}

#[tokio::test]
async fn it_may_be_of_one_user_and_leaves_out_what_has_ended() {
    let (site, root) = administered().await;
    let (first, second) = (site.signed_in("ada").await, site.signed_in("ada").await);
    let all = [second.handle().await, first.handle().await];
    assert_eq!(handles(&rows(&root, "user=ada").await), all);
    first.log_out().await.ok();
    assert_eq!(handles(&rows(&root, "user=ada").await), all[..1]);
    let with_ended = rows(&root, "user=ada&include_ended=true").await;
    assert_eq!(handles(&with_ended), all);
    assert_eq!(
        (&with_ended[1]["end_reason"], &with_ended[1]["is_live"]),
        (&"logout".into(), &false.into())
    );
    root.get(&format!("{PATH}?user=nobody")).await.problem(404, "not_found");
}

/// The row is swept later; that it is over is said at once.
#[tokio::test]
async fn what_is_over_by_time_is_not_called_live() {
    let site = site().await;
    site.signed_in("ada").await;
    site.pass(20 * MINUTE);
    let root = site.signed_in("root").await;
    site.pass(10 * MINUTE);
    let rows = rows(&root, "").await;
    let live: Vec<_> = rows.iter().map(|row| (&row["username"], &row["is_live"])).collect();
    assert_eq!(live, [(&"root".into(), &true.into()), (&"ada".into(), &false.into())]);
}

#[tokio::test]
async fn pages_follow_each_other_whatever_happens_between_them() {
    let (site, root) = administered().await;
    for _ in 0..4 {
        site.signed_in("ada").await;
    }
    let all = rows(&root, "").await;
    let (mut found, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = root.get(&format!("{PATH}?{query}")).await.is(200).json();
        found.extend(page["sessions"].as_array().unwrap().clone());
        // What begins meanwhile is on none of the later pages.
        site.signed_in("bob").await;
        match &page["next_cursor"] {
            Value::String(cursor) => query = format!("limit=2&cursor={cursor}"),
            other => break assert!(other.is_null()),
        }
    }
    assert_eq!(found, all);
    let exactly = root.get(&format!("{PATH}?user=ada&limit=4")).await.json();
    assert!(exactly["next_cursor"].is_null(), "{exactly}");
}

#[tokio::test]
async fn a_query_that_is_wrong_is_told_by_its_field() {
    let (_, root) = administered().await;
    let unknown = "0".repeat(32);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("include_ended=perhaps", "include_ended"),
        ("cursor=7", "cursor"),
        (&format!("cursor={unknown}"), "cursor"),
        ("users=ada", "users"),
        ("limit=1&limit=2", "limit"),
    ] {
        root.get(&format!("{PATH}?{query}")).await.invalid(field);
    }
    assert!(SessionHandle::parse(&unknown).is_some());
    rows(&root, "limit=200").await;
}

/// Security: 7.4.5, 16.3.1
#[tokio::test]
async fn ending_a_session_tells_its_device_why_and_the_trail_who() {
    let (site, root) = administered().await;
    let (ada, other) = (site.signed_in("ada").await, site.signed_in("ada").await);
    let handle = ada.handle().await;
    root.delete(&format!("{PATH}/{handle}")).await.is(204).keeps_cookie();
    ada.state_of().await.ended("revoked_by_admin").keeps_cookie();
    other.state_of().await.ok();
    let trail = site.trail().await;
    let end = trail.last().unwrap();
    assert_eq!((end.kind.as_str(), end.detail.as_str()), ("session_ended", "revoked_by_admin"));
    assert_eq!((end.actor.as_str(), &end.user_id), ("user 3", &Some(1.into())));
    assert_eq!(end.session.unwrap().to_string(), handle);
    assert_eq!(end.ip_address, Some("192.0.2.1".parse().unwrap()));
}

/// Security: abuse 23
#[tokio::test]
async fn ending_it_again_changes_nothing() {
    let (site, root) = administered().await;
    let ada = site.signed_in("ada").await;
    let path = format!("{PATH}/{}", ada.handle().await);
    root.delete(&path).await.is(204);
    let before = site.trail().await;
    for _ in 0..2 {
        root.delete(&path).await.is(204).keeps_cookie();
    }
    // Over for another reason, it keeps that one.
    let bob = site.signed_in("bob").await;
    let handle = bob.handle().await;
    let copy = bob.copied();
    bob.log_out().await.ok();
    root.delete(&format!("{PATH}/{handle}")).await.is(204);
    copy.state_of().await.ended(EndReason::Logout.as_str());
    let events = site.trail().await.len() - before.len();
    assert_eq!(events, 2, "the sign-in and the sign-out");
}

/// Security: 8.2.2, abuse 23
#[tokio::test]
async fn an_unknown_and_a_garbled_name_are_not_found() {
    let (site, root) = administered().await;
    let token = site.signed_in("ada").await.token().unwrap();
    let before = site.trail().await;
    for name in [&"0".repeat(32), &token, "x", "%00", "..%2F..", "%FF", &"a".repeat(9000)] {
        let answer = root.delete(&format!("{PATH}/{name}")).await;
        answer.problem(404, "not_found").keeps_cookie();
    }
    assert_eq!(site.trail().await, before);
}

#[tokio::test]
async fn ending_the_own_one_is_signing_out() {
    let (_, root) = administered().await;
    let (copy, handle) = (root.copied(), root.handle().await);
    root.delete(&format!("{PATH}/{handle}")).await.is(204).clears_cookie();
    copy.state_of().await.ended("revoked_by_admin");
}

/// A list of many needs no look-up for each of them.
#[tokio::test]
async fn a_name_is_looked_up_once_for_all_of_a_users_sessions() {
    let (site, root): (Site, _) = administered().await;
    for _ in 0..5 {
        site.signed_in("ada").await;
    }
    site.store().asked();
    rows(&root, "").await;
    assert_eq!(site.store().asked(), ["load_by_token", "list", "user", "user"]);
}
