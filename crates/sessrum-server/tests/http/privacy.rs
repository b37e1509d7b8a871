//! Where secrets must not be: the log, the audit trail, the database in clear.

use serde_json::json;

use crate::support::{HOUR, Log, MINUTE, PASSWORD, Site};

/// A whole life of a session, and none of its secrets anywhere.
///
/// Security: 3.3.4, 16.2.5, parameter token
#[tokio::test]
async fn no_secret_reaches_the_log_the_trail_or_the_file() {
    let log = Log::default();
    let _guard = log.start();
    let site = Site::on_sqlite().await;
    let browser = site.signed_in("ada").await;
    let new = "canary-new-password";
    let mut csrf = vec![browser.csrf()];
    browser.post("/api/login", json!({"username": "ada", "password": "canary-wrong"})).await;
    browser.post("/api/login", json!({"username": "canary-in-name", "password": "x"})).await;
    browser.post("/api/login", json!({"username": ["canary-type"], "password": "x"})).await;
    let change = json!({"current_password": PASSWORD, "new_password": new});
    browser.post("/api/account/password", change).await.ok();
    csrf.push(browser.csrf());
    browser.patch("/api/platforms/1", json!({"access_token": "canary-credential"})).await.ok();
    for _ in 0..3 {
        site.pass(20 * MINUTE);
        browser.heartbeat().await.ok();
    }
    browser.call("POST", "/api/session/heartbeat").with("x-csrf-token", "canary").send().await;
    site.store().fail();
    browser.state_of().await;
    site.store().recover();
    let thief = browser.copied();
    browser.log_out().await.ok();
    thief.state_of().await.ended("logout");
    site.pass(HOUR);
    site.run_jobs().await;

    let (log, trail) = (log.text(), format!("{:?}", site.trail().await));
    let mut file = std::fs::read(site.database()).unwrap();
    file.extend(std::fs::read(site.database().with_extension("db-wal")).unwrap());
    let file = String::from_utf8_lossy(&file).into_owned();
    assert!(log.contains("answered") && trail.contains("TokenRotated") && file.contains("ada"));
    let tokens: Vec<String> = site.tokens().iter().cloned().collect();
    assert!(tokens.len() >= 3);
    let secrets = ["canary", PASSWORD].map(str::to_owned).into_iter().chain(tokens).chain(csrf);
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log:\n{log}");
        assert!(!trail.contains(&secret), "{secret} is in the trail: {trail}");
        assert!(!file.contains(&secret), "{secret} is in the file");
    }
}

/// 16.4.1
///
/// Security: 16.4.1
#[tokio::test]
async fn nobody_writes_lines_into_the_log_or_the_trail() {
    let log = Log::default();
    let _guard = log.start();
    let site = Site::new().await;
    let forged = json!({"username": "x\r\n2026 ERROR forged", "password": PASSWORD});
    let call = site.browser().call("POST", "/api/login").json(&forged);
    let agent = "evil\tagent \u{85}forged \u{2028}forged";
    call.with("user-agent", agent).send().await.problem(401, "invalid_credentials");
    site.browser().get("/api/%0d%0aforged").await.problem(404, "not_found");
    let trail = site.trail().await;
    let event = trail.last().unwrap();
    assert_eq!(event.kind.as_str(), "sign_in_failed");
    assert!(!event.user_agent.as_ref().unwrap().chars().any(char::is_control));
    assert!(!format!("{event:?}").contains("ERROR"));
    assert!(log.text().lines().all(|line| !line.starts_with("forged")));
}

/// Refusals are recorded; with whose account, and from where.
///
/// Security: 16.3.1
#[tokio::test]
async fn failed_sign_ins_are_in_the_trail() {
    let site = Site::new().await;
    for name in ["ada", "nobody"] {
        let wrong = json!({"username": name, "password": "wrong one"});
        site.browser().post("/api/login", wrong).await.problem(401, "invalid_credentials");
    }
    let trail = site.trail().await;
    let failed: Vec<_> =
        trail.iter().filter(|event| event.kind.as_str() == "sign_in_failed").collect();
    let users = failed.iter().map(|event| event.user_id.clone()).collect::<Vec<_>>();
    assert_eq!(users, [Some(1.into()), None]);
    for event in failed {
        assert_eq!(event.actor, "anonymous");
        assert_eq!(event.ip_address, Some("192.0.2.1".parse().unwrap()));
    }
}
