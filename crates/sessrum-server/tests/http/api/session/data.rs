//! `/api/session/data`.

use serde_json::json;
use sessrum_core::EndReason;

use crate::support::{Answer, Browser, Site};

const KEY: &str = "/api/session/data/draft";

async fn put_if(browser: &Browser, name: &'static str, tag: &str) -> Answer {
    browser.call("PUT", KEY).json(&json!("x")).with(name, tag).send().await
}

#[tokio::test]
async fn a_value_goes_in_and_comes_out_as_it_was() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    browser.get(KEY).await.problem(404, "not_found");
    let created = browser.put(KEY, json!({"text": "größer", "n": [1, null]})).await.is(201);
    assert_eq!(created.header("etag"), Some("\"1\""));
    let found = browser.get(KEY).await.is(200);
    assert_eq!(found.header("etag"), Some("\"1\""));
    assert_eq!(found.json(), json!({"text": "größer", "n": [1, null]}));
    assert_eq!(browser.put(KEY, json!(2)).await.is(204).header("etag"), Some("\"2\""));
    browser.delete(KEY).await.is(204);
    browser.delete(KEY).await.problem(404, "not_found");
    assert_eq!(browser.put(KEY, json!(3)).await.is(201).header("etag"), Some("\"3\""));
}

#[tokio::test]
async fn all_keys_are_listed_by_key() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    browser.put("/api/session/data/b", json!(1)).await.ok();
    browser.put("/api/session/data/a%2Fb%20%C3%A9", json!(2)).await.ok();
    let at = "2026-11-23T21:00:00Z";
    assert_eq!(
        browser.get("/api/session/data").await.ok().json(),
        json!({"entries": [
            {"key": "a/b é", "value": 2, "revision": 2, "updated_at": at},
            {"key": "b", "value": 1, "revision": 1, "updated_at": at},
        ]})
    );
}

#[tokio::test]
async fn writes_happen_only_when_their_precondition_holds() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    put_if(&browser, "if-match", "*").await.problem(412, "revision_conflict");
    put_if(&browser, "if-match", "\"1\"").await.problem(412, "revision_conflict");
    put_if(&browser, "if-none-match", "*").await.is(201);
    put_if(&browser, "if-none-match", "*").await.problem(412, "revision_conflict");
    put_if(&browser, "if-match", "\"1\"").await.is(204);
    let stale = put_if(&browser, "if-match", "\"1\"").await.problem(412, "revision_conflict");
    assert!(stale.at("/detail").contains("\"2\""), "{stale:?}");
    put_if(&browser, "if-match", "*").await.is(204);
    let delete = |tag: &str| browser.call("DELETE", KEY).with("if-match", tag).send();
    delete("\"2\"").await.problem(412, "revision_conflict");
    delete("\"3\"").await.is(204);
    delete("*").await.problem(412, "revision_conflict");
}

#[tokio::test]
async fn preconditions_that_cannot_be_understood_are_refused() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    browser.put(KEY, json!("kept")).await.ok();
    for (name, tag) in [
        ("if-match", "1"),
        ("if-match", "\"one\""),
        ("if-match", "W/\"1\""),
        ("if-match", "\"1\", \"2\""),
        ("if-match", ""),
        ("if-match", "\u{e9}"),
        ("if-none-match", "\"1\""),
    ] {
        put_if(&browser, name, tag).await.problem(400, "validation_failed");
    }
    assert_eq!(browser.get(KEY).await.json(), json!("kept"));
}

/// The most reported fault of session libraries.
///
/// Security: abuse 7
#[tokio::test]
async fn concurrent_writes_of_different_keys_all_survive() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut writes = tokio::task::JoinSet::new();
    for number in 0..24 {
        let browser = browser.clone();
        writes.spawn(async move {
            browser.put(&format!("/api/session/data/{number}"), json!(number)).await.is(201);
        });
    }
    writes.join_all().await;
    let all = browser.get("/api/session/data").await.json();
    assert_eq!(all["entries"].as_array().unwrap().len(), 24);
}

/// Security: abuse 7
#[tokio::test]
async fn of_concurrent_writes_from_one_revision_one_wins() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    browser.put(KEY, json!(0)).await.ok();
    let mut writes = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let browser = browser.clone();
        writes.spawn(async move { put_if(&browser, "if-match", "\"1\"").await.status.as_u16() });
    }
    let mut statuses = writes.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 412, 412, 412, 412, 412, 412, 412]);
}

/// Security: abuse 15
#[tokio::test]
async fn a_large_value_goes_round_and_one_over_the_cap_does_not() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let cap = site.manager().policy().data_bytes_per_session;
    let fits = "x".repeat(cap - "draft".len() - 2);
    browser.put(KEY, json!(fits)).await.is(201);
    assert_eq!(browser.get(KEY).await.json(), json!(fits));
    let answer = browser.put("/api/session/data/other", json!(0)).await;
    assert!(answer.problem(413, "payload_too_large").at("/detail").contains("262144"));
    browser.put(KEY, json!(format!("{fits}x"))).await.problem(413, "payload_too_large");
    browser.put(KEY, json!("y")).await.is(204);
}

/// What was let in must come out again, whatever a JSON library thinks of it.
#[tokio::test]
async fn odd_json_is_listed_as_it_was_set() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    for odd in [deep.as_str(), "1e999", "123456789012345678901234567890", "\"\\ud800\"", "-0.0"] {
        let call = browser.call("PUT", KEY).body("application/json", odd.to_owned());
        call.send().await.ok();
        assert_eq!(browser.get(KEY).await.ok().text(), odd);
        let list = browser.get("/api/session/data").await.is(200).text();
        assert!(list.contains(&format!("\"value\":{odd}")), "{list}");
    }
}

#[tokio::test]
async fn keys_have_a_length_and_no_controls() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let longest = format!("/api/session/data/{}", "k".repeat(200));
    browser.put(&longest, json!(1)).await.is(201);
    let accented = format!("/api/session/data/{}", "%C3%A9".repeat(200));
    browser.put(&accented, json!(1)).await.is(201);
    for bad in [&format!("{longest}k"), "/api/session/data/a%00b", "/api/session/data/a%0Ab"] {
        browser.put(bad, json!(1)).await.invalid("key");
        browser.get(bad).await.invalid("key");
        browser.delete(bad).await.invalid("key");
    }
}

/// Security: 8.2.2
#[tokio::test]
async fn each_session_has_its_own() {
    let site = Site::new().await;
    let (one, other) = (site.signed_in("ada").await, site.signed_in("ada").await);
    one.put(KEY, json!(1)).await.ok();
    other.get(KEY).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_precondition_that_is_not_one_canonical_tag_is_refused() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    browser.put(KEY, json!(1)).await.is(201);
    for tag in ["\"01\"", "\"+1\"", "\" 1\"", "1", "\"1\", \"2\"", "W/\"1\""] {
        put_if(&browser, "if-match", tag).await.problem(400, "validation_failed");
    }
    let twice = browser.call("PUT", KEY).json(&json!(2)).with("if-match", "*");
    twice.also("if-match", "\"999\"").send().await.problem(400, "validation_failed");
    assert_eq!(browser.get(KEY).await.json(), json!(1));
}

#[tokio::test]
async fn data_that_went_with_its_session_tells_why() {
    let site = Site::new().await;
    for (method, path) in [("DELETE", KEY), ("GET", KEY), ("GET", "/api/session/data")] {
        let browser = site.signed_in("ada").await;
        let (app, ada) = (site.clone(), site.user("ada").await);
        // The session ends after the gate and the guard have let the request pass.
        let end = async move {
            let change = app.change();
            let reason = EndReason::RevokedByUser;
            app.manager().cleanup_user_sessions(&ada, None, reason, &change).await.unwrap();
        };
        site.store().after("load_by_token", end);
        browser.call(method, path).send().await.problem(401, "session_ended");
    }
}
