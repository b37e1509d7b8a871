//! `/api/platforms`: the user's platform connections.

use serde_json::{Value, json};
use sessrum_core::{PlatformId, Role};

use crate::support::{Browser, Site};

const PATH: &str = "/api/platforms";

fn videos() -> Value {
    json!({
        "name": "Films", "platform_type": "peertube", "instance_url": "https://films.example/",
        "username": "ada", "access_token": "canary-access-token"
    })
}

async fn names(browser: &Browser) -> Vec<(String, bool)> {
    let list = browser.get(PATH).await.ok().json();
    let rows = list["platforms"].as_array().unwrap().iter();
    rows.map(|row| (row["name"].as_str().unwrap().to_owned(), row["is_default"] == true)).collect()
}

fn named(rows: &[(&str, bool)]) -> Vec<(String, bool)> {
    rows.iter().map(|(name, is_default)| ((*name).to_owned(), *is_default)).collect()
}

#[tokio::test]
async fn a_platform_is_connected_read_changed_and_removed() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let added = browser.post(PATH, videos()).await.is(201);
    assert_eq!(added.at("/instance_url"), "https://films.example");
    let path = format!("{PATH}/{}", added.at("/id"));
    let row = browser.get(&path).await.is(200);
    assert_eq!((row.at("/is_active"), row.at("/is_default")), ("true".into(), "false".into()));
    let changed = browser.patch(&path, json!({"name": "Clips", "is_active": false})).await.is(200);
    assert_eq!((changed.at("/name"), changed.at("/is_active")), ("Clips".into(), "false".into()));
    assert_eq!(
        names(&browser).await,
        named(&[("Photos", true), ("Clips", false), ("News", false)])
    );
    browser.delete(&path).await.is(204);
    browser.get(&path).await.problem(404, "platform_not_found");
    browser.delete(&path).await.problem(404, "platform_not_found");
}

#[tokio::test]
async fn credentials_go_in_and_never_out() {
    let site = Site::on_sqlite().await;
    let browser = site.signed_in("ada").await;
    let added = browser.post(PATH, videos()).await.ok();
    let path = format!("{PATH}/{}", added.at("/id"));
    let answers = [
        added.clone(),
        browser.get(&path).await,
        browser.get(PATH).await,
        browser.patch(&path, json!({"access_token": "canary-access-token-2"})).await,
    ];
    for answer in answers {
        assert!(!answer.ok().text().contains("canary"));
    }
    let (ada, id) = (site.user("ada").await, added.at("/id").parse::<i64>().unwrap());
    let sealed = site.manager().store().platform_credentials(&ada, &PlatformId::from(id)).await;
    let opened = site.manager().sealing_key().open(&sealed.unwrap().unwrap(), &ada).unwrap();
    assert_eq!(*opened, "canary-access-token-2");
    let file = std::fs::read(site.database()).unwrap();
    assert!(!String::from_utf8_lossy(&file).contains("canary"));
}

#[tokio::test]
async fn the_default_is_one() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    assert_eq!(browser.press("/api/platforms/2/default").await.is(200).at("/is_default"), "true");
    assert_eq!(names(&browser).await, named(&[("News", true), ("Photos", false)]));
    // Who is signed in stays where they are; who signs in starts there.
    assert_eq!(browser.state_of().await.at("/platform/name"), "Photos");
    assert_eq!(site.signed_in("ada").await.state_of().await.at("/platform/name"), "News");
    let mut new = videos();
    new["is_default"] = json!(true);
    browser.post(PATH, new).await.is(201);
    assert_eq!(
        names(&browser).await,
        named(&[("Films", true), ("News", false), ("Photos", false)])
    );
}

#[tokio::test]
async fn an_inactive_platform_cannot_be_the_default() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    browser.patch("/api/platforms/2", json!({"is_active": false})).await.ok();
    browser.press("/api/platforms/2/default").await.problem(404, "platform_not_found");
    assert_eq!(names(&browser).await, named(&[("Photos", true), ("News", false)]));
}

#[tokio::test]
async fn a_session_leaves_a_platform_that_goes() {
    let site = Site::new().await;
    let (browser, other) = (site.signed_in("ada").await, site.signed_in("ada").await);
    browser.delete("/api/platforms/1").await.is(204);
    for each in [&browser, &other] {
        let state = each.state_of().await.ok();
        assert!(state.json()["platform"].is_null());
        assert_eq!(state.at("/session/revision"), "2");
    }
}

#[tokio::test]
async fn the_first_platform_is_chosen_at_once() {
    let site = Site::new().await;
    site.add_user("carol", Role::Viewer, &[]).await;
    let browser = site.signed_in("carol").await;
    browser.post(PATH, videos()).await.is(201);
    let state = browser.state_of().await.ok();
    assert_eq!(state.at("/platform/name"), "Films");
    assert_eq!(state.at("/platform/is_default"), "true");
}

/// Fault 3: what answers with a failure has changed nothing.
#[tokio::test]
async fn a_platform_that_is_connected_is_answered_for_even_if_it_cannot_be_chosen() {
    let site = Site::new().await;
    site.add_user("carol", Role::Viewer, &[]).await;
    let browser = site.signed_in("carol").await;
    site.store().fail_at("switch_platform_if");
    browser.post(PATH, videos()).await.is(201);
    site.store().recover();
    assert_eq!(names(&browser).await, named(&[("Films", true)]));
}

#[tokio::test]
async fn what_the_user_has_already_conflicts() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    browser.post(PATH, videos()).await.is(201);
    let mut same_name = videos();
    same_name["instance_url"] = json!("https://other.example");
    let mut same_account = videos();
    same_account["name"] = json!("Other");
    for (input, field) in [(same_name, "name"), (same_account, "username")] {
        let answer = browser.post(PATH, input).await.problem(409, "validation_failed");
        assert_eq!(answer.at("/errors/0/field"), field);
    }
    let answer = browser.patch("/api/platforms/2", json!({"name": "Photos"})).await;
    assert_eq!(answer.problem(409, "validation_failed").at("/errors/0/field"), "name");
}

#[tokio::test]
async fn fields_are_checked() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for (field, bad) in [
        ("name", json!("")),
        ("name", json!(" ")),
        ("name", json!("x".repeat(201))),
        ("name", json!("a\nb")),
        ("username", json!("")),
        ("platform_type", json!("")),
        ("instance_url", json!("")),
        ("instance_url", json!("films.example")),
        ("instance_url", json!("javascript:alert(1)")),
        ("instance_url", json!("ftp://films.example")),
        ("instance_url", json!("https://user:pass@films.example")),
        ("instance_url", json!("https://films.example/?x")),
        ("is_default", json!("yes")),
        ("access_token", json!(1)),
    ] {
        let mut input = videos();
        input[field] = bad.clone();
        browser.post(PATH, input).await.invalid(field);
    }
    browser.patch("/api/platforms/1", json!({"name": ""})).await.invalid("name");
    browser.patch("/api/platforms/1", json!({"instance_url": "x"})).await.invalid("instance_url");
    assert_eq!(names(&browser).await.len(), 2);
}

/// Security: 8.2.1
#[tokio::test]
async fn a_strangers_platform_and_a_garbled_id_are_alike_8_2_1() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for id in ["3", "99", "-1", "x", "1x", "9223372036854775808", "%00", "1%20OR%201=1"] {
        let path = format!("{PATH}/{id}");
        let answers = [
            browser.get(&path).await,
            browser.patch(&path, json!({"name": "Mine"})).await,
            browser.press(&format!("{path}/default")).await,
            browser.delete(&path).await,
        ];
        for answer in answers {
            answer.problem(404, "platform_not_found");
        }
    }
    assert_eq!(names(&site.signed_in("bob").await).await, named(&[("Videos", true)]));
}
