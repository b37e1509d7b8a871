//! When a session is over by itself: idle and absolute limits, measured with the clock.

use std::time::Duration;

use sessrum_core::{Lifetime, SessionPolicy};

use crate::support::{Browser, HOUR, MINUTE, Plan, SECOND, Site};

const DOCUMENT: &str = include_str!("../../../../docs/security.md");

/// How long a session may be idle and live, as the document says.
fn documented(profile: &str) -> (Duration, Duration) {
    let row = DOCUMENT.lines().find(|line| line.starts_with(&format!("| {profile}"))).unwrap();
    let limits = row.split(" | ").skip(1).map(|limit| {
        let (number, unit) = limit.trim_end_matches(" |").split_once(' ').unwrap();
        let unit = match unit {
            "min" => MINUTE,
            "h" => HOUR,
            "d" => 24 * HOUR,
            other => panic!("{other}"),
        };
        unit * number.parse().unwrap()
    });
    let [idle, absolute] = limits.collect::<Vec<_>>()[..] else { panic!("{row}") };
    (idle, absolute)
}

/// The profiles, and what is documented of each.
fn profiles() -> [(Lifetime, (Duration, Duration)); 3] {
    [
        (Lifetime::STANDARD, documented("`standard`")),
        (Lifetime::STRICT, documented("`strict`")),
        (Lifetime::RELAXED, documented("`relaxed`")),
    ]
}

async fn expired(browser: &Browser) {
    browser.state_of().await.problem(401, "session_expired").keeps_cookie();
}

async fn site_with(lifetime: Lifetime) -> Site {
    let policy = SessionPolicy { lifetime, ..SessionPolicy::default() };
    Site::of(Plan { policy, ..Plan::default() }).await
}

/// The measured limits are the documented ones.
///
/// Security: 7.1.1, 7.3.1, N2.2.3, parameter profiles
#[tokio::test]
async fn idle_to_the_second_7_3_1() {
    for (lifetime, (limit, _)) in profiles() {
        let site = site_with(lifetime).await;
        let browser = site.signed_in("ada").await;
        site.pass(limit - SECOND);
        browser.heartbeat().await.ok();
        site.pass(limit - SECOND);
        browser.state_of().await.ok();
        site.pass(2 * SECOND);
        expired(&browser).await;
    }
}

/// Security: 7.1.1, 7.3.2, N2.1.3, N2.2.3, abuse 18, parameter profiles
#[tokio::test]
async fn absolute_to_the_second_whatever_the_activity_7_3_2() {
    for (lifetime, (_, limit)) in profiles() {
        let site = site_with(lifetime).await;
        let browser = site.signed_in("ada").await;
        let step = lifetime.idle - SECOND;
        let mut passed = step;
        while passed < limit - SECOND {
            site.pass(step);
            browser.heartbeat().await.ok();
            passed += step;
        }
        site.pass(limit - SECOND - (passed - step));
        browser.heartbeat().await.ok();
        site.pass(2 * SECOND);
        expired(&browser).await;
    }
}

/// Security: 7.1.1, 7.3.1, parameter profiles
#[tokio::test]
async fn a_remembered_session_lives_longer() {
    let site = Site::new().await;
    let browser = site.browser();
    let (idle, absolute) = documented("\"stay signed in\"");
    let signed_in = browser.sign_in_remembered("ada").await.ok();
    let line = signed_in.set_cookies()[0].to_owned();
    assert!(line.contains(&format!("Max-Age={}", absolute.as_secs())), "{line}");
    for _ in 0..absolute.as_secs() / idle.as_secs() {
        site.pass(idle - SECOND);
        browser.heartbeat().await.ok();
    }
    let unused = site.browser();
    unused.sign_in_remembered("ada").await.ok();
    // In all, and idle.
    site.pass(MINUTE);
    expired(&browser).await;
    site.pass(idle - MINUTE - SECOND);
    unused.state_of().await.ok();
    site.pass(SECOND);
    expired(&unused).await;
}

/// Dead before the sweeper comes, and the same after it came.
///
/// Security: 7.4.1, abuse 16
#[tokio::test]
async fn an_expired_session_is_dead_before_and_after_the_sweeper() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.pass(31 * MINUTE);
    expired(&browser).await;
    assert_eq!(site.live().await, 1);
    site.run_jobs().await;
    assert_eq!(site.live().await, 0);
    expired(&browser).await;
    browser.heartbeat().await.problem(401, "session_expired");
}

/// A visitor is told the truth for a week, and is unknown after that. The trail stays.
///
/// Security: abuse 17
#[tokio::test]
async fn what_ended_is_told_for_a_week() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let other = site.signed_in("ada").await;
    other.press("/api/sessions/revoke-others").await.ok();
    site.pass(7 * 24 * HOUR);
    let bob = site.signed_in("bob").await;
    site.run_jobs().await;
    browser.state_of().await.ended("revoked_by_user");
    expired(&other).await;
    let told = site.trail().await.len();
    site.pass(SECOND);
    site.run_jobs().await;
    browser.state_of().await.problem(401, "session_not_found");
    bob.state_of().await.ok();
    assert!(site.trail().await.len() >= told);
}

/// Activity in memory keeps a session although the row does not know of it yet.
///
/// Security: N5.2
#[tokio::test]
async fn activity_counts_before_it_is_written() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.pass(20 * MINUTE);
    browser.heartbeat().await.ok();
    site.pass(20 * MINUTE);
    browser.state_of().await.ok();
    site.run_jobs().await;
    assert_eq!(site.live().await, 1);
    browser.state_of().await.ok();
}

/// A mark of activity that comes late revives nothing.
///
/// Security: abuse 4
#[tokio::test]
async fn activity_of_an_ended_session_is_not_written() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let copy = browser.copied();
    site.pass(MINUTE);
    browser.heartbeat().await.ok();
    browser.log_out().await.ok();
    site.run_jobs().await;
    copy.state_of().await.ended("logout");
    assert_eq!(site.live().await, 0);
}

/// Fault 12: a clock, not a calendar: midnight and the year's turn change nothing.
#[tokio::test]
async fn a_session_lives_over_midnight_and_new_year() {
    let site = Site::new().await;
    for days in [0, 1, 37] {
        site.pass(days * 24 * HOUR);
        let browser = site.signed_in("ada").await;
        for _ in 0..23 {
            site.pass(29 * MINUTE);
            browser.heartbeat().await.ok();
        }
    }
}
