//! `POST /api/session/platform`.

use insta::assert_snapshot;
use serde_json::{Value, json};
use sessrum_core::PlatformId;
use sessrum_core::store::PlatformChange;

use crate::support::{Browser, Site};

const PATH: &str = "/api/session/platform";

async fn switch(browser: &Browser, platform: Value) -> crate::support::Answer {
    browser.post(PATH, json!({"platform_id": platform})).await
}

#[tokio::test]
async fn it_switches_and_every_tab_sees_it() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let (before, tab) = (browser.state_of().await.ok(), browser.clone());
    let answer = switch(&browser, json!(2)).await.is(200).keeps_cookie();
    assert_eq!(answer.at("/platform/name"), "News");
    let revision = |state: &Value| state["session"]["revision"].as_i64().unwrap();
    assert_eq!(revision(&answer.json()), revision(&before.json()) + 1);
    assert_eq!(tab.state_of().await.json()["platform"], answer.json()["platform"]);
}

#[tokio::test]
async fn only_this_session_switches() {
    let site = Site::new().await;
    let (one, other) = (site.signed_in("ada").await, site.signed_in("ada").await);
    switch(&one, json!(2)).await.ok();
    assert_eq!(other.state_of().await.at("/platform/id"), "1");
    assert_eq!(site.signed_in("ada").await.state_of().await.at("/platform/id"), "1");
}

#[tokio::test]
async fn an_old_revision_conflicts_and_is_told_the_state() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    switch(&browser, json!(2)).await.ok();
    let answer = browser.post(PATH, json!({"platform_id": 1, "revision": 1})).await;
    assert_snapshot!(
        answer
            .clone()
            .problem(409, "revision_conflict")
            .shown()
            .replace(&browser.handle().await, "[handle]")
    );
    assert_eq!(answer.json()["current"], browser.state_of().await.json());
    browser.post(PATH, json!({"platform_id": 1, "revision": 2})).await.is(200);
}

/// Rapid clicks, one wins.
///
/// Security: 15.4.2, abuse 7
#[tokio::test]
async fn of_two_switches_from_the_same_revision_one_wins() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let to = |platform: i64| browser.post(PATH, json!({"platform_id": platform, "revision": 1}));
    let (one, other) = tokio::join!(to(1), to(2));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(browser.state_of().await.at("/session/revision"), "2");
}

/// Security: 8.2.2
#[tokio::test]
async fn a_strangers_an_unknown_and_an_inactive_platform_are_alike() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let (ada, news) = (site.user("ada").await, PlatformId::from(2));
    let what = PlatformChange { is_active: Some(false), ..PlatformChange::default() };
    site.manager().store().change_platform(&ada, &news, what, &site.change()).await.unwrap();
    for platform in [json!(2), json!(3), json!(99), json!("1"), json!("x'; --"), json!(-1)] {
        switch(&browser, platform).await.problem(404, "platform_not_found").keeps_cookie();
    }
    let state = browser.state_of().await.ok();
    assert_eq!((state.at("/platform/id"), state.at("/session/revision")), ("1".into(), "1".into()));
}

#[tokio::test]
async fn a_switch_is_an_event() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    switch(&browser, json!(2)).await.ok();
    let last = site.trail().await.pop().unwrap();
    assert_eq!((last.kind.as_str(), last.detail.as_str()), ("platform_switched", "2"));
    assert_eq!(last.session.map(|handle| handle.to_string()), Some(browser.handle().await));
    assert_eq!(last.ip_address, Some("192.0.2.1".parse().unwrap()));
}
