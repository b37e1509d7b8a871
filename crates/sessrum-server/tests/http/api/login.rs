//! `POST /api/login`.

use serde_json::json;

use crate::support::{PASSWORD, Site};

#[tokio::test]
async fn signing_in_gives_one_session_one_cookie_and_the_state() {
    let site = Site::new().await;
    let browser = site.browser();
    let answer = browser.sign_in("ada").await.is(200).sets_cookie();
    assert_eq!(answer.at("/user/username"), "ada");
    assert_eq!(site.live().await, 1);
    let state = browser.state_of().await.ok().json();
    assert_eq!(state["session"], answer.json()["session"]);
    assert_eq!(state["platform"]["name"], "Photos");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_look_alike_6_3_8() {
    let site = Site::new().await;
    let browser = site.browser();
    let mut bodies = Vec::new();
    for (name, password) in [("ada", "wrong password"), ("nobody", PASSWORD)] {
        let input = json!({"username": name, "password": password});
        let answer = browser.post("/api/login", input).await;
        let mut body = answer.problem(401, "invalid_credentials").keeps_cookie().json();
        body["request_id"].take();
        bodies.push(body);
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(site.live().await, 0);
}
