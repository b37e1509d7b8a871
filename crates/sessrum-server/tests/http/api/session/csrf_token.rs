//! `GET /api/session/csrf-token`.

use serde_json::Value;

use crate::support::Site;

/// Security: parameter CSRF
#[tokio::test]
async fn every_answer_has_another_and_all_are_good() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut tokens = vec![browser.csrf()];
    for _ in 0..2 {
        tokens.push(browser.get("/api/session/csrf-token").await.ok().at("/csrf_token"));
    }
    for (index, token) in tokens.iter().enumerate() {
        assert_eq!(token.len(), 86);
        assert!(!tokens[..index].contains(token));
        browser.set_csrf(token);
        browser.heartbeat().await.ok();
    }
}

/// Fault 11: the token held the session's id.
///
/// Security: 3.3.4
#[tokio::test]
async fn it_says_nothing_of_the_session() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let answer = browser.get("/api/session/csrf-token").await.ok();
    let keys = answer.json();
    assert_eq!(
        keys.as_object().map(|keys| keys.keys().cloned().collect::<Vec<_>>()).unwrap(),
        ["csrf_token"]
    );
    let Value::String(token) = &keys["csrf_token"] else { panic!("{keys}") };
    assert!(!token.contains(&browser.handle().await));
}

#[tokio::test]
async fn asking_is_for_those_who_are_signed_in() {
    let site = Site::new().await;
    site.browser().get("/api/session/csrf-token").await.problem(401, "session_not_found");
}
