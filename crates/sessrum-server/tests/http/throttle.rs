//! Too many wrong passwords, over HTTP.

use serde_json::{Value, json};

use crate::support::{Answer, Browser, MINUTE, PASSWORD, SECOND, Site};

const LOGIN: &str = "/api/login";

fn wrong(name: &str) -> Value {
    json!({"username": name, "password": "wrong one"})
}

/// Fails so often, each time looked at.
async fn fail(browser: &Browser, name: &str, times: usize) {
    for _ in 0..times {
        browser.post(LOGIN, wrong(name)).await.problem(401, "invalid_credentials");
    }
}

#[track_caller]
fn must_wait(answer: Answer, seconds: u32) -> Answer {
    let answer = answer.problem(429, "rate_limited").keeps_cookie();
    assert_eq!(answer.header("retry-after"), Some(&*seconds.to_string()));
    answer
}

/// Security: 6.1.1, 6.3.1, abuse 25, parameter throttle
#[tokio::test]
async fn right_and_wrong_passwords_wait_alike_until_the_time_that_was_told() {
    let site = Site::new().await;
    let browser = site.browser();
    fail(&browser, "ada", 5).await;
    let hashed = site.accounts().hasher().hashed();
    let mut bodies = Vec::new();
    for _ in 0..2 {
        bodies.push(must_wait(browser.sign_in("ada").await, 1));
        bodies.push(must_wait(browser.post(LOGIN, wrong("ada")).await, 1));
    }
    let bodies: Vec<Value> = bodies
        .iter()
        .map(|answer| {
            let mut body = answer.json();
            body["request_id"].take();
            body
        })
        .collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    assert_eq!(site.accounts().hasher().hashed(), hashed);
    site.pass(SECOND);
    browser.sign_in("ada").await.is(200);
}

/// Security: 6.1.1
#[tokio::test]
async fn what_is_told_is_rounded_up_to_whole_seconds() {
    let site = Site::new().await;
    let browser = site.browser();
    fail(&browser, "ada", 5).await;
    for seconds in [1, 2, 4, 8, 16, 32, 64] {
        site.pass(SECOND * seconds - SECOND / 1000);
        must_wait(browser.post(LOGIN, wrong("ada")).await, 1);
        site.pass(SECOND / 1000);
        fail(&browser, "ada", 1).await;
    }
    let answer = must_wait(browser.sign_in("ada").await, 128);
    assert!(answer.at("/detail").ends_with("Please try again in 3 minutes."), "{answer:?}");
}

/// Security: 6.3.1, abuse 25
#[tokio::test]
async fn the_victim_signs_in_from_elsewhere() {
    let site = Site::new().await;
    let (attacker, victim) = (site.browser().at([198, 51, 100, 66]), site.browser());
    fail(&attacker, "ada", 5).await;
    must_wait(attacker.sign_in("ada").await, 1);
    victim.sign_in("ada").await.is(200);
}

/// Security: 6.3.1, abuse 25
#[tokio::test]
async fn many_attackers_close_new_places_and_not_those_that_are_known() {
    let site = Site::new().await;
    let known = site.signed_in("ada").await;
    for attacker in 60..64 {
        fail(&site.browser().at([198, 51, 100, attacker]), "ada", 5).await;
    }
    must_wait(site.browser().at([198, 51, 100, 99]).sign_in("ada").await, 1);
    known.sign_in("ada").await.is(200);
    site.browser().at([198, 51, 100, 99]).sign_in("ada").await.is(200);
}

/// Security: 6.1.1, abuse 25
#[tokio::test]
async fn one_address_does_not_go_through_all_accounts() {
    let site = Site::new().await;
    let attacker = site.browser().at([198, 51, 100, 66]);
    for number in 0..20 {
        fail(&attacker, &format!("user{number}"), 1).await;
    }
    must_wait(attacker.post(LOGIN, wrong("another")).await, 10);
    must_wait(attacker.sign_in("ada").await, 10);
    site.browser().sign_in("ada").await.is(200);
    site.pass(10 * SECOND);
    attacker.sign_in("ada").await.is(200);
}

/// Security: 6.3.8, abuse 25, abuse 26
#[tokio::test]
async fn a_name_that_nobody_has_waits_like_any_other() {
    let site = Site::new().await;
    let mut seen = Vec::new();
    for (number, name) in [(1, "ada"), (2, "nobody"), (3, "x\r\ny"), (4, "")] {
        let browser = site.browser().at([198, 51, 100, number]);
        let mut answers = Vec::new();
        for _ in 0..7 {
            let hashed = site.accounts().hasher().hashed();
            let answer = browser.post(LOGIN, wrong(name)).await;
            let mut body = answer.json();
            body["request_id"].take();
            let retry_after = answer.header("retry-after").map(str::to_owned);
            let hashed = site.accounts().hasher().hashed() - hashed;
            answers.push((answer.status, retry_after, body, hashed));
        }
        seen.push(answers);
    }
    assert!(seen.iter().all(|answers| *answers == seen[0]), "{seen:?}");
    assert_eq!(seen[0][6].0, 429);
}

/// Security: 6.1.1
#[tokio::test]
async fn proving_again_who_one_is_is_no_way_to_guess() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for _ in 0..5 {
        let input = json!({"password": "wrong one"});
        let answer = browser.post("/api/session/reauthenticate", input).await;
        answer.problem(403, "invalid_credentials");
    }
    must_wait(browser.reauthenticate().await, 1);
    // The session goes on, and so do other browsers.
    browser.heartbeat().await.ok();
    site.browser().sign_in("ada").await.is(200);
    site.pass(SECOND);
    browser.reauthenticate().await.is(200);
}

/// Security: 16.2.5, 16.3.1
#[tokio::test]
async fn what_is_not_looked_at_makes_no_event_and_no_name_is_kept() {
    let site = Site::on_sqlite().await;
    let browser = site.browser();
    fail(&browser, "canary-name", 5).await;
    let events = site.trail().await.len();
    for _ in 0..9 {
        must_wait(browser.post(LOGIN, wrong("canary-name")).await, 1);
    }
    assert_eq!(site.trail().await.len(), events);
    let mut file = std::fs::read(site.database()).unwrap();
    file.extend(std::fs::read(site.database().with_extension("db-wal")).unwrap());
    assert!(!String::from_utf8_lossy(&file).contains("canary-name"));
}

#[tokio::test]
async fn counters_are_removed_when_they_mean_nothing() {
    let site = Site::on_sqlite().await;
    fail(&site.browser(), "ada", 5).await;
    let database = rusqlite::Connection::open(site.database()).unwrap();
    let rows = || -> i64 {
        database.query_row("SELECT count(*) FROM sign_in_counters", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(rows(), 3);
    site.pass(MINUTE);
    site.run_jobs().await;
    assert_eq!(rows(), 2, "the address has sat it out");
    site.pass(90 * 24 * 60 * MINUTE);
    site.run_jobs().await;
    assert_eq!(rows(), 0);
}

/// Security: 6.1.1, 15.4.2, abuse 25
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_at_once_do_not_pass_together() {
    let site = Site::new().await;
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let browser = site.browser();
        guesses.spawn(async move { browser.post(LOGIN, wrong("ada")).await.status });
    }
    let looked_at = guesses.join_all().await.into_iter().filter(|status| *status == 401).count();
    assert_eq!(looked_at, 5);
    let input = json!({"username": "ada", "password": PASSWORD});
    must_wait(site.browser().post(LOGIN, input).await, 1);
}
