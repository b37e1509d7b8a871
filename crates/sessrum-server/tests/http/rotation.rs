//! Tokens that are replaced while they are in use: hourly, and when their user may do more.

use serde_json::json;
use sessrum_core::Role;

use crate::support::{Browser, MINUTE, SECOND, Site};

/// Uses the session for an hour: its token is due for another with the next request.
async fn use_for_an_hour(site: &Site, browser: &Browser) {
    for _ in 0..2 {
        site.pass(20 * MINUTE);
        browser.heartbeat().await.ok();
    }
    site.pass(20 * MINUTE);
}

/// Security: 7.2.4, abuse 5
#[tokio::test]
async fn a_token_is_replaced_after_an_hour_of_use() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let first = browser.token().unwrap();
    for step in [20 * MINUTE, 20 * MINUTE, 20 * MINUTE - SECOND] {
        site.pass(step);
        browser.heartbeat().await.ok().keeps_cookie();
    }
    site.pass(SECOND);
    browser.heartbeat().await.ok().sets_cookie();
    assert_ne!(browser.token().unwrap(), first);
    browser.heartbeat().await.ok().keeps_cookie();
    // A rotation adds a token, never a session.
    assert_eq!(site.live().await, 1);
}

/// Security: abuse 5
#[tokio::test]
async fn of_two_tabs_that_race_one_brings_the_token_and_neither_is_signed_out() {
    let site = Site::new().await;
    let (tab, handle) = (site.signed_in("ada").await, site.signed_in("bob").await.handle().await);
    let other = tab.clone();
    use_for_an_hour(&site, &tab).await;
    let (one, two) = tokio::join!(tab.state_of(), other.state_of());
    let brought = [one.ok().token(), two.ok().token()].into_iter().flatten().count();
    assert_eq!(brought, 1);
    for _ in 0..3 {
        site.pass(20 * SECOND);
        tab.heartbeat().await.ok();
        other.heartbeat().await.ok();
    }
    assert_ne!(tab.handle().await, handle);
}

#[tokio::test]
async fn requests_on_the_way_finish_within_the_grace() {
    let site = Site::new().await;
    let tab = site.signed_in("ada").await;
    use_for_an_hour(&site, &tab).await;
    let (slow, slower) = (tab.call("GET", "/api/sessions"), tab.call("GET", "/api/sessions"));
    tab.state_of().await.ok().sets_cookie();
    tab.state_of().await.ok();
    site.pass(30 * SECOND);
    slow.send_and_lose_the_answer().await.ok().keeps_cookie();
    site.pass(SECOND);
    slower.send_and_lose_the_answer().await.ended("token_reuse").keeps_cookie();
}

/// The answer with the new token never arrives: a reload, a closed laptop.
#[tokio::test]
async fn a_lost_answer_signs_nobody_out() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    use_for_an_hour(&site, &browser).await;
    let lost = browser.call("GET", "/api/session/state").send_and_lose_the_answer().await;
    let lost = lost.ok().sets_cookie().token().unwrap();
    // While the successor may still arrive there is no other.
    site.pass(29 * SECOND);
    browser.heartbeat().await.ok().keeps_cookie();
    site.pass(SECOND);
    browser.heartbeat().await.ok().sets_cookie();
    browser.heartbeat().await.ok();
    let finder = site.browser();
    finder.hold(&lost);
    // It may still arrive for a while; whoever comes with it later has found it.
    finder.state_of().await.ok();
    site.pass(31 * SECOND);
    finder.state_of().await.ended("token_reuse").keeps_cookie();
}

/// Security: abuse 19
#[tokio::test]
async fn after_two_rotations_only_the_last_token_works_and_data_is_kept() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    browser.put("/api/session/data/draft", json!("kept")).await.ok();
    let mut earlier = vec![browser.copied()];
    for _ in 0..2 {
        use_for_an_hour(&site, &browser).await;
        browser.heartbeat().await.ok().sets_cookie();
        browser.heartbeat().await.ok();
        earlier.push(browser.copied());
    }
    site.pass(MINUTE);
    assert_eq!(browser.get("/api/session/data/draft").await.ok().json(), json!("kept"));
    browser.state_of().await.ok();
    earlier[0].state_of().await.ended("token_reuse");
}

/// A copied cookie that turns up late ends the session for both, and nothing else.
#[tokio::test]
async fn a_retired_token_is_a_theft() {
    let site = Site::new().await;
    let (browser, phone) = (site.signed_in("ada").await, site.signed_in("ada").await);
    let thief = browser.copied();
    use_for_an_hour(&site, &browser).await;
    phone.sign_in("ada").await.ok();
    browser.heartbeat().await.ok().sets_cookie();
    browser.heartbeat().await.ok();
    site.pass(31 * SECOND);
    thief.state_of().await.ended("token_reuse").keeps_cookie();
    browser.state_of().await.ended("token_reuse").keeps_cookie();
    phone.state_of().await.ok();
    let ends = site.trail().await;
    assert_eq!(ends.iter().filter(|event| event.detail == "token_reuse").count(), 1);
}

/// Security: abuse 6
#[tokio::test]
async fn an_ended_session_has_no_successor() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    use_for_an_hour(&site, &browser).await;
    let slow = browser.copied();
    browser.log_out().await.ok();
    slow.state_of().await.ended("logout").keeps_cookie();
    slow.heartbeat().await.ended("logout").keeps_cookie();
}

/// More rights, another token.
///
/// Security: 8.3.2
#[tokio::test]
async fn a_new_role_replaces_the_token() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let (store, ada) = (site.manager().store(), site.user("ada").await);
    site.pass(SECOND);
    assert!(store.set_role(&ada, Role::Admin, &site.change()).await.unwrap());
    assert_eq!(browser.state_of().await.ok().sets_cookie().at("/user/role"), "admin");
    browser.state_of().await.ok().keeps_cookie();
}

/// A wrong answer is an answer: its token counts.
#[tokio::test]
async fn a_problem_brings_the_new_token_too() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    use_for_an_hour(&site, &browser).await;
    let answer = browser.get("/api/session/data/none").await.problem(404, "not_found");
    answer.sets_cookie();
    browser.state_of().await.ok();
}
