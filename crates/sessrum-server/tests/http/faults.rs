//! Thirteen faults of an earlier system, each as a test that would have found it. Most have more
//! tests where they belong.

use std::sync::Arc;

use serde_json::json;
use sessrum_server::jobs::{Job, JobHealth, supervise};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::{Browser, HOUR, MINUTE, PASSWORD, SECOND, Site};

/// It did not import, and the manager could not be constructed.
#[tokio::test]
async fn fault_01_the_site_is_constructed_and_serves() {
    let site = Site::new().await;
    let browser = site.browser();
    browser.get("/readyz").await.is(200);
    browser.sign_in("ada").await.is(200);
    browser.state_of().await.is(200);
    browser.log_out().await.is(204);
}

/// Two cookies of the same name, and the API and the pages disagreed.
#[tokio::test]
async fn fault_02_there_is_one_cookie_and_one_truth() {
    let site = Site::new().await;
    let browser = site.browser();
    let answer = browser.sign_in("ada").await.ok();
    assert_eq!(answer.set_cookies().len(), 1);
    let doubled = format!("{0}={1}; {0}=other", site.cookie_name(), browser.token().unwrap());
    for path in ["/api/session/state", "/api/sessions", "/api/platforms", "/api/session/data"] {
        browser.get(path).await.is(200).keeps_cookie();
        let call = browser.call("GET", path).with("cookie", &doubled);
        call.send().await.problem(401, "session_not_found").keeps_cookie();
    }
    for path in ["/", "/account/sessions", "/account/platforms", "/account/security"] {
        browser.open(path).await.is(200).keeps_cookie();
        let call = browser.call("GET", path).with("accept", "text/html").with("cookie", &doubled);
        let answer = call.send_and_lose_the_answer().await.is(303);
        let way = answer.header("location").unwrap();
        assert!(way.starts_with("/login?reason=session_not_found"), "{way}");
    }
}

/// Switching answered 500 yet had changed the user's default.
#[tokio::test]
async fn fault_03_a_switch_is_all_or_nothing() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let before = (browser.state_of().await.json(), browser.get("/api/platforms").await.json());
    let switch = || browser.post("/api/session/platform", json!({"platform_id": 2}));
    site.store().fail_at("switch_platform_if");
    switch().await.problem(503, "store_unavailable");
    site.store().recover();
    let after = (browser.state_of().await.json(), browser.get("/api/platforms").await.json());
    assert_eq!(before, after);
    switch().await.is(200);
    let platforms = browser.get("/api/platforms").await.json();
    assert_eq!(platforms["platforms"][0]["is_default"], true);
    assert_eq!(platforms["platforms"][1]["is_default"], false);
}

/// Logout left the row alive; a password change did not end other sessions.
#[tokio::test]
async fn fault_04_logout_and_password_change_end_rows() {
    let site = Site::new().await;
    let (browser, other) = (site.signed_in("ada").await, site.signed_in("ada").await);
    let copy = browser.copied();
    browser.log_out().await.is(204);
    copy.state_of().await.ended("logout");
    assert_eq!(site.live().await, 1);
    let changer = site.signed_in("ada").await;
    let change = json!({"current_password": PASSWORD, "new_password": "a new secret"});
    changer.post("/api/account/password", change).await.ok();
    other.state_of().await.ended("password_changed");
    assert_eq!(site.live().await, 1);
}

/// A deactivated user kept a valid context; a changed user agent was never noticed.
#[tokio::test]
async fn fault_05_a_disabled_user_is_out_and_another_machine_is_noticed() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut elsewhere = browser.copied();
    elsewhere.agent = "curl/8.5.0";
    elsewhere.address = ([203, 0, 113, 5], 1).into();
    elsewhere.call("GET", "/api/session/state").with("accept-language", "xx").send().await.ok();
    let mut windows = browser.copied();
    windows.agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                     Gecko) Chrome/140.0.0.0 Safari/537.36";
    windows.state_of().await.ok();
    let trail = site.trail().await;
    assert!(trail.iter().any(|event| event.kind.as_str() == "fingerprint_changed"));
    let ada = site.user("ada").await;
    let store = site.manager().store();
    store.set_user_active(&ada, false, &site.change()).await.unwrap();
    browser.state_of().await.ended("user_disabled");
}

/// Cleanup deleted two rows and reported zero, and ran only from a script.
#[tokio::test]
async fn fault_06_cleanup_counts_truly_and_is_a_job() {
    let site = Site::new().await;
    for _ in 0..2 {
        site.signed_in("ada").await;
    }
    let live = site.signed_in("bob").await;
    site.pass(20 * MINUTE);
    live.heartbeat().await.ok();
    site.pass(20 * MINUTE);
    let report = site.manager().cleanup_expired_sessions().await.unwrap();
    assert_eq!((report.expired, report.purged, site.live().await), (2, 0, 1));
    site.pass(8 * 24 * HOUR);
    let report = site.manager().cleanup_expired_sessions().await.unwrap();
    assert_eq!((report.expired, report.purged), (1, 2));
    assert_eq!(Job::CleanUp.name(), "clean_up");
}

/// The heartbeat answered 403 from a second CSRF layer.
#[tokio::test]
async fn fault_07_one_gate_and_the_heartbeat_passes_it() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    browser.heartbeat().await.is(200);
    let fresh = browser.get("/api/session/csrf-token").await.at("/csrf_token");
    browser.set_csrf(&fresh);
    browser.heartbeat().await.is(200);
}

/// Health was hard-coded text.
#[tokio::test]
async fn fault_08_health_tells_the_truth() {
    let site = Site::new().await;
    let browser = site.browser();
    browser.get("/readyz").await.is(200);
    site.store().fail_at("check");
    browser.get("/readyz").await.is(503);
    site.store().recover();
    site.pass(HOUR);
    let late = browser.get("/readyz").await.is(503);
    assert!(late.at("/components/job:clean_up").starts_with("has not succeeded since"));
}

/// A job that fails is late, and one that succeeds again is not: the supervisor keeps both.
#[tokio::test(start_paused = true)]
async fn fault_08_the_supervisor_tells_which_job_fails() {
    let site = Site::on_sqlite().await;
    let now = site.manager().now();
    let jobs = Arc::new(JobHealth::starting(now, &[(Job::CleanUp, MINUTE)]));
    let (stop, stopping) = watch::channel(false);
    let running = supervise(Arc::clone(site.manager()), Arc::clone(&jobs), stopping);
    let running = tokio::spawn(running);
    site.store().fail();
    site.pass(HOUR);
    let asked = || site.store().asked().len();
    while asked() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(jobs.late(site.manager().now())[0].1.is_some());
    site.store().recover();
    while jobs.late(site.manager().now())[0].1.is_some() {
        tokio::time::advance(MINUTE).await;
    }
    stop.send_replace(true);
    running.await.unwrap();
}

/// The load test ran against a mocked database; a real one said "database is locked".
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_09_load_on_a_real_database() {
    let site = Site::new().await;
    for number in 0..64 {
        let name = format!("user{number}");
        site.add_user(&name, sessrum_core::Role::Viewer, &["Photos", "News"]).await;
    }
    let mut load = JoinSet::new();
    for number in 0..64 {
        let site = site.clone();
        load.spawn(async move { one_of_many(site.browser(), number).await });
    }
    load.join_all().await;
    assert_eq!(site.live().await, 64);
    let trail = site.trail().await;
    let switched = trail.iter().filter(|event| event.kind.as_str() == "platform_switched");
    assert_eq!(switched.count(), 128);
    site.run_jobs().await;
}

async fn one_of_many(browser: Browser, number: i64) {
    browser.sign_in(&format!("user{number}")).await.is(200);
    let list = browser.get("/api/platforms").await.is(200).json();
    for index in [1, 0] {
        let platform = &list["platforms"][index]["id"];
        browser.post("/api/session/platform", json!({"platform_id": platform})).await.is(200);
    }
    browser.put("/api/session/data/n", json!(number)).await.is(201);
    browser.heartbeat().await.is(200);
    assert_eq!(browser.get("/api/session/data/n").await.is(200).json(), json!(number));
    browser.state_of().await.is(200);
}

/// Idle timeout and caps were configured, never enforced; nothing was rotated; every request wrote
/// a row.
#[tokio::test]
async fn fault_10_what_is_configured_is_enforced() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.store().asked();
    browser.heartbeat().await.ok();
    assert_eq!(site.store().asked(), ["load_by_token"]);
    site.pass(30 * MINUTE);
    browser.state_of().await.problem(401, "session_expired");
    for _ in 0..11 {
        site.signed_in("bob").await;
    }
    let bobs = site.manager().store().list_for_user(&site.user("bob").await).await.unwrap();
    assert_eq!(bobs.len(), site.manager().policy().sessions_per_user);
}

#[tokio::test]
async fn fault_10_tokens_are_rotated_and_activity_does_not_outlast_the_absolute_limit() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut rotations = 0;
    for _ in 0..24 {
        site.pass(29 * MINUTE);
        rotations += usize::from(browser.heartbeat().await.ok().token().is_some());
    }
    // Each third heartbeat finds a token of more than an hour.
    assert_eq!(rotations, 8);
    site.pass(24 * MINUTE - SECOND);
    browser.heartbeat().await.ok();
    site.pass(SECOND);
    browser.heartbeat().await.problem(401, "session_expired");
}

/// Logout and switch by GET, `Access-Control-Allow-Origin: *`, a report without authentication.
#[tokio::test]
async fn fault_11_nothing_changes_by_get_and_nothing_is_open() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for path in ["/api/logout", "/api/session/platform?platform_id=2", "/api/platforms/2/default"] {
        browser.get(path).await.problem(405, "method_not_allowed").keeps_cookie();
    }
    let cross = browser.call("GET", "/api/session/state").with("origin", "https://evil.example");
    let answer = cross.send().await;
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
    let document = site.document().unwrap().clone();
    for path in document["paths"].as_object().unwrap().keys() {
        let open = matches!(path.as_str(), "/healthz" | "/readyz" | "/api/login" | "/api/logout");
        let reads = document["paths"][path].get("get").is_some();
        if reads && !open {
            let given = path.replace("{key}", "k").replace("{id}", "1");
            site.browser().get(&given).await.problem(401, "session_not_found");
        }
    }
}

/// The context was read before the cookie existed; static files opened a session each.
#[tokio::test]
async fn fault_12_first_sign_ins_work_and_static_files_open_nothing() {
    let site = Site::new().await;
    for name in ["ada", "bob", "ada"] {
        let browser = site.browser();
        browser.get("/api/session/state").await.problem(401, "session_not_found");
        let state = browser.sign_in(name).await.is(200);
        assert_eq!(browser.state_of().await.is(200).json()["user"], state.json()["user"]);
        let page = browser.open("/").await.is(200).text();
        let links: Vec<_> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
        assert_eq!(links.len(), 3, "{page}");
        site.store().asked();
        for link in links {
            browser.get(link).await.is(200).keeps_cookie();
        }
        assert_eq!(site.store().asked(), Vec::<&str>::new());
    }
}

/// Other tabs were told of nothing, and nobody was warned.
#[tokio::test]
async fn fault_13_every_tab_learns_the_end_and_can_warn_before_it() {
    let site = Site::new().await;
    let (browser, tab) = (site.signed_in("ada").await, site.signed_in("ada").await);
    let other_tab = tab.clone();
    browser.press("/api/sessions/revoke-others").await.ok();
    for each in [&tab, &other_tab] {
        each.state_of().await.ended("revoked_by_user").keeps_cookie();
    }
    let state = browser.state_of().await.ok();
    assert_eq!(state.at("/server_time"), "2026-11-23T21:00:00Z");
    assert_eq!(state.at("/session/idle_expires_at"), "2026-11-23T21:30:00Z");
    assert_eq!(state.at("/session/expires_at"), "2026-11-24T09:00:00Z");
    site.pass(30 * MINUTE - SECOND);
    browser.state_of().await.ok();
    site.pass(SECOND);
    for each in [browser.clone(), browser.copied()] {
        each.state_of().await.problem(401, "session_expired").keeps_cookie();
    }
}
