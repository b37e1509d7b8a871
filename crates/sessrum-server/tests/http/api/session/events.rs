//! `GET /api/session/events`.

use serde_json::json;
use sessrum_core::store::{PlatformChange, SessionStore as _};
use sessrum_core::{
    EndReason, EventSealer, OsRandom, PlatformId, Role, SecretKey, SessionPolicy, WatchLimits,
};
use sessrum_sqlite::SqliteStore;

use crate::support::{MINUTE, PASSWORD, Plan, SECOND, Site};

#[tokio::test]
async fn it_begins_with_the_state_and_its_revision() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut stream = browser.watch().await;
    let told = stream.next().await.unwrap();
    assert_eq!((told.name.as_str(), told.id.as_deref()), ("state", Some("1")));
    assert_eq!(told.data, browser.state_of().await.json());
}

#[tokio::test]
async fn whoever_is_not_signed_in_gets_a_problem() {
    let site = Site::new().await;
    site.browser().get("/api/session/events").await.problem(401, "session_not_found");
    let browser = site.signed_in("ada").await;
    let kept = browser.copied();
    browser.log_out().await.ok();
    kept.get("/api/session/events").await.ended("logout");
}

#[tokio::test]
async fn listening_is_no_activity() {
    let mut policy = SessionPolicy::default();
    policy.lifetime.idle = 10 * MINUTE;
    let site = Site::of(Plan { policy, ..Plan::default() }).await;
    let browser = site.signed_in("ada").await;
    site.pass(3 * MINUTE);
    let mut stream = browser.watch().await;
    let state = stream.is("state").await;
    assert_eq!(state["session"]["last_activity"], state["session"]["created_at"]);
    site.pass(7 * MINUTE - SECOND);
    stream.is("session_expiring").await;
    site.pass(SECOND);
    assert_eq!(stream.is("session_ended").await["code"], "session_expired");
}

#[tokio::test]
async fn a_switch_is_told_to_this_session_alone() {
    let site = Site::new().await;
    let (browser, other) = (site.signed_in("ada").await, site.signed_in("ada").await);
    let (mut stream, mut beside) = (browser.watch().await, other.watch().await);
    stream.is("state").await;
    beside.is("state").await;
    let state = browser.post("/api/session/platform", json!({"platform_id": 2})).await.ok();
    let told = stream.next().await.unwrap();
    assert_eq!((told.name.as_str(), told.id.as_deref()), ("platform_switched", Some("2")));
    assert_eq!(told.data, state.json());
    other.log_out().await.ok();
    beside.is("session_ended").await;
}

#[tokio::test]
async fn the_end_is_told_with_its_reason_and_is_the_last_event() {
    let site = Site::new().await;
    let admin = site.add_user("root", Role::Admin, &[]).await;
    for (ending, reason) in [
        ("logout", "logout"),
        ("revoke", "revoked_by_user"),
        ("admin", "revoked_by_admin"),
        ("password", "password_changed"),
        ("disable", "user_disabled"),
    ] {
        let browser = site.signed_in("ada").await;
        let kept = browser.copied();
        let mut stream = browser.watch().await;
        stream.is("state").await;
        let other = site.signed_in("ada").await;
        let root = site.signed_in("root").await;
        match ending {
            "logout" => browser.log_out().await.ok(),
            "revoke" => other.press("/api/sessions/revoke-others").await.ok(),
            "admin" => {
                let path = format!("/api/admin/sessions/{}", browser.handle().await);
                root.delete(&path).await.ok()
            }
            "password" => {
                let new = "another correct horse";
                let body = json!({"current_password": PASSWORD, "new_password": new});
                other.post("/api/account/password", body).await.ok();
                let back = json!({"current_password": new, "new_password": PASSWORD});
                other.post("/api/account/password", back).await.ok()
            }
            _ => {
                let ada = site.user("ada").await;
                root.patch(&format!("/api/admin/users/{ada}"), json!({"is_active": false})).await
            }
        };
        let end = stream.is("session_ended").await;
        assert_eq!((&end["code"], &end["end_reason"]), (&json!("session_ended"), &json!(reason)));
        assert_eq!(end["detail"], kept.state_of().await.json()["detail"]);
        stream.is_over().await;
    }
    assert_eq!(site.manager().store().feed().watchers().count(), 0);
    drop(admin);
}

#[tokio::test]
async fn what_changes_of_the_user_and_the_platform_is_told() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut stream = browser.watch().await;
    stream.is("state").await;
    let (store, ada) = (site.manager().store(), site.user("ada").await);
    store.set_role(&ada, Role::Moderator, &site.change()).await.unwrap();
    assert_eq!(stream.is("session_updated").await["user"]["role"], "moderator");
    let rename = PlatformChange { name: Some("Pictures".to_owned()), ..PlatformChange::default() };
    let photos = PlatformId::from(1);
    store.change_platform(&ada, &photos, rename, &site.change()).await.unwrap();
    assert_eq!(stream.is("session_updated").await["platform"]["name"], "Pictures");
    store.remove_platform(&ada, &photos, &site.change()).await.unwrap();
    assert_eq!(stream.is("platform_switched").await["platform"], json!(null));
    browser.reauthenticate().await.ok();
    stream.is("session_updated").await;
}

#[tokio::test]
async fn an_end_by_itself_is_told_before_it_comes_and_when_it_is_there() {
    let mut policy = SessionPolicy::default();
    policy.lifetime.idle = 8 * MINUTE;
    let site = Site::of(Plan { policy, ..Plan::default() }).await;
    let browser = site.signed_in("ada").await;
    let mut stream = browser.watch().await;
    stream.is("state").await;
    site.pass(6 * MINUTE);
    let state = stream.is("session_expiring").await;
    assert_eq!(state["session"]["expiring_at"], state["server_time"]);
    // Once: looking again says nothing new.
    site.pass(20 * SECOND);
    assert_eq!(stream.next_or_sign_of_life().await.unwrap().name, "keep_alive");
    let state = browser.heartbeat().await.ok().json();
    assert!(state["session"]["expiring_at"].as_str() > state["server_time"].as_str());
    site.pass(20 * SECOND);
    let taken_back = stream.is("session_updated").await;
    assert_eq!(taken_back["session"]["expiring_at"], state["session"]["expiring_at"]);
    site.pass(6 * MINUTE - 20 * SECOND);
    stream.is("session_expiring").await;
    site.pass(2 * MINUTE);
    let end = stream.is("session_ended").await;
    assert_eq!((&end["code"], end.get("end_reason")), (&json!("session_expired"), None));
    stream.is_over().await;
}

#[tokio::test]
async fn the_absolute_end_is_told_five_minutes_before() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for _ in 0..28 {
        site.pass(25 * MINUTE);
        browser.heartbeat().await.ok();
    }
    let mut stream = browser.watch().await;
    stream.is("state").await;
    site.pass(15 * MINUTE);
    browser.heartbeat().await.ok();
    let state = stream.is("session_expiring").await;
    assert_eq!(state["session"]["expiring_at"], state["server_time"]);
    assert!(state["session"]["idle_expires_at"].as_str() > state["session"]["expires_at"].as_str());
}

/// A warning takes at most half of a short time.
#[tokio::test]
async fn short_limits_leave_time_without_a_warning() {
    let mut policy = SessionPolicy::default();
    policy.lifetime.idle = MINUTE;
    let site = Site::of(Plan { policy, ..Plan::default() }).await;
    let state = site.signed_in("ada").await.state_of().await.json();
    assert_eq!(state["session"]["expiring_at"], "2026-11-23T21:00:30Z");
}

#[tokio::test]
async fn there_are_so_many_streams_and_no_more() {
    let watches = WatchLimits { per_session: 2, total: 3 };
    let policy = SessionPolicy { watches, ..SessionPolicy::default() };
    let site = Site::of(Plan { policy, ..Plan::default() }).await;
    let (browser, other) = (site.signed_in("ada").await, site.signed_in("bob").await);
    let first = browser.watch().await;
    let _second = browser.watch().await;
    let refused = browser.get("/api/session/events").await.problem(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), Some("30"));
    let _third = other.watch().await;
    other.get("/api/session/events").await.problem(429, "rate_limited");
    drop(first);
    while site.manager().store().feed().watchers().count() > 2 {
        tokio::task::yield_now().await;
    }
    browser.watch().await;
}

/// A copy of the cookie may have opened it. That is no theft yet: pages that the browser itself had
/// open look the same.
///
/// Security: 7.2.4
#[tokio::test]
async fn a_stream_of_a_token_that_was_replaced_closes() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut copy = browser.copied().watch().await;
    copy.is("state").await;
    browser.reauthenticate().await.ok();
    copy.is("session_updated").await;
    // The new token is seen.
    browser.state_of().await.ok();
    site.pass(20 * SECOND);
    copy.is_over().await;
    browser.state_of().await.ok();
}

#[tokio::test]
async fn a_slow_reader_misses_what_lay_between_and_not_where_it_led() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut stream = browser.watch().await;
    stream.is("state").await;
    for platform in [2, 1, 2, 1, 2] {
        let body = json!({"platform_id": platform});
        browser.post("/api/session/platform", body).await.ok();
    }
    // One that waits to be read, one that waits behind it, and how it is by now.
    let mut told = 0;
    loop {
        let event = stream.next().await.unwrap();
        told += 1;
        if event.id.as_deref() == Some("6") {
            assert_eq!(event.data["platform"]["id"], 2);
            break;
        }
    }
    assert!(told <= 3, "{told}");
    browser.log_out().await.ok();
    stream.is("session_ended").await;
}

#[tokio::test]
async fn it_shows_that_it_is_there_and_closes_after_a_quarter_of_an_hour() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut stream = browser.watch().await;
    stream.is("state").await;
    let mut signs = 0;
    loop {
        site.pass(20 * SECOND);
        let Some(told) = stream.next_or_sign_of_life().await else { break };
        assert_eq!((told.name.as_str(), told.id), ("keep_alive", None));
        signs += 1;
    }
    assert!((12 * 3 - 1..15 * 3).contains(&signs), "{signs}");
    browser.state_of().await.ok();
}

#[tokio::test]
async fn a_reader_that_takes_nothing_loses_the_stream() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let watchers = std::sync::Arc::clone(site.manager().store().feed().watchers());
    let unread = browser.watch().await;
    while watchers.count() > 0 {
        site.pass(SECOND);
        tokio::task::yield_now().await;
    }
    browser.state_of().await.ok();
    drop(unread);
}

#[tokio::test]
async fn a_session_that_ends_while_its_stream_opens_is_over() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let (other, ending) = (site.clone(), site.clone());
    let ada = other.user("ada").await;
    site.store().after("load_by_token", async move {
        let (store, change) = (ending.manager().store(), ending.change());
        store.end_for_user(&ada, None, EndReason::RevokedByAdmin, &change).await.unwrap();
    });
    browser.get("/api/session/events").await.ended("revoked_by_admin");
}

#[tokio::test]
async fn a_database_that_is_away_closes_the_stream_and_ends_nothing() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut stream = browser.watch().await;
    stream.is("state").await;
    site.store().fail_at("load_by_token");
    site.manager().user_changed(&site.user("ada").await);
    stream.is_over().await;
    site.store().recover();
    browser.watch().await.is("state").await;
}

#[tokio::test]
async fn a_server_that_stops_closes_every_stream() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut stream = browser.watch().await;
    stream.is("state").await;
    site.manager().store().feed().watchers().close();
    stream.is_over().await;
    let refused = browser.get("/api/session/events").await.problem(503, "store_unavailable");
    assert_eq!(refused.header("retry-after"), Some("1"));
}

/// The command line works on the same file.
#[tokio::test]
async fn what_another_process_does_is_told_soon() {
    let site = Site::on_sqlite().await;
    let browser = site.signed_in("ada").await;
    let mut stream = browser.watch().await;
    stream.is("state").await;
    let sealer = EventSealer::new(&SecretKey::from_bytes([7; 32]), &OsRandom).unwrap();
    let other = SqliteStore::open(site.database(), sealer).unwrap();
    let (ada, reason) = (site.user("ada").await, EndReason::RevokedByAdmin);
    other.end_for_user(&ada, None, reason, &site.change()).await.unwrap();
    let end = stream.is("session_ended").await;
    assert_eq!(end["end_reason"], "revoked_by_admin");
}
