//! Input that is wrong: each answer names what, and repeats nothing of it.

use serde_json::{Value, json};

use crate::support::{Answer, Browser, PASSWORD, Site};

const CANARY: &str = "canary-value";

/// Every route that takes a JSON object, with an input that is fine and has every field.
fn forms() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        (
            "POST",
            "/api/login",
            json!({"username": "ada", "password": PASSWORD, "remember": true, "platform_id": 1}),
        ),
        ("POST", "/api/session/platform", json!({"platform_id": 2, "revision": 1})),
        ("POST", "/api/session/reauthenticate", json!({"password": PASSWORD})),
        (
            "POST",
            "/api/account/password",
            json!({"current_password": PASSWORD, "new_password": "a new secret"}),
        ),
        (
            "POST",
            "/api/platforms",
            json!({
                "name": "n", "platform_type": "t", "instance_url": "https://i.example",
                "username": "u", "access_token": "a", "is_default": true,
            }),
        ),
        ("PATCH", "/api/platforms/1", json!({"name": "n", "is_active": true, "access_token": "a"})),
    ]
}

/// What may be left out.
fn is_optional(form: &(&str, &str, Value), field: &str) -> bool {
    form.0 == "PATCH"
        || matches!(
            (form.1, field),
            ("/api/login", "remember" | "platform_id")
                | ("/api/session/platform", "revision")
                | ("/api/platforms", "access_token" | "is_default")
        )
}

fn is_discreet(answer: &Answer) {
    assert!(!answer.text().contains(CANARY), "{answer:?}");
}

async fn send(browser: &Browser, form: &(&str, &str, Value), media: &'static str) -> Answer {
    browser.call(form.0, form.1).body(media, form.2.to_string()).send().await
}

#[tokio::test]
async fn unknown_fields_are_named() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for mut form in forms() {
        form.2["extra"] = json!(CANARY);
        is_discreet(&send(&browser, &form, "application/json").await.invalid("extra"));
    }
}

/// Security: 16.5.1
#[tokio::test]
async fn fields_of_another_type_are_named_and_not_repeated() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for form in forms() {
        for field in form.2.as_object().unwrap().keys() {
            let scalar = if form.2[field].is_boolean() { json!(CANARY) } else { json!(true) };
            for wrong in [json!({"x": CANARY}), json!([CANARY]), scalar] {
                let mut bent = form.clone();
                bent.2[field] = wrong;
                let answer = send(&browser, &bent, "application/json").await.invalid(field);
                is_discreet(&answer);
                let detail = answer.at("/detail");
                assert!(detail.contains("must be a "), "{detail}");
            }
        }
    }
}

#[tokio::test]
async fn missing_fields_are_named() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for form in forms() {
        let fields = form.2.as_object().unwrap().keys();
        for field in fields.filter(|field| !is_optional(&form, field)) {
            let mut bent = form.clone();
            bent.2.as_object_mut().unwrap().remove(field);
            send(&browser, &bent, "application/json").await.invalid(field);
        }
    }
}

#[tokio::test]
async fn the_body_must_be_json() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for (method, path, _) in forms() {
        for broken in ["", "{", "nonsense", "{\"username\":\"\u{0}\"}", "{} {}", "\u{feff}{}"] {
            let call = browser.call(method, path).body("application/json", broken);
            let answer = call.send().await;
            assert!(matches!(answer.status.as_u16(), 400 | 422), "{path} {broken:?}: {answer:?}");
        }
        let call = browser.call(method, path).body("application/json", "{\"");
        call.send().await.problem(400, "validation_failed");
        let call = browser.call(method, path).body("application/json", vec![0xff, 0xfe]);
        call.send().await.problem(400, "validation_failed");
    }
    let put = browser.call("PUT", "/api/session/data/k").body("application/json", "{\"a\":");
    put.send().await.problem(400, "validation_failed");
}

/// What a page of another site can send without asking first is not taken.
///
/// Security: 3.5.2
#[tokio::test]
async fn only_application_json_is_taken_3_5_2() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut forms = forms();
    forms.push(("PUT", "/api/session/data/k", json!(1)));
    for form in &forms {
        for media in
            ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"]
        {
            let answer = send(&browser, form, media).await;
            answer.problem(415, "unsupported_media_type").keeps_cookie();
        }
        let untyped = browser.call(form.0, form.1).json(&form.2).without("content-type");
        untyped.send().await.problem(415, "unsupported_media_type").keeps_cookie();
    }
    let charset = "Application/JSON; charset=utf-8";
    send(&browser, &forms[1], charset).await.is(200);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let large = format!("\"{}\"", "x".repeat(600 * 1024));
    for (method, path, _) in forms() {
        let call = browser.call(method, path).body("application/json", large.clone());
        call.send().await.problem(413, "payload_too_large").keeps_cookie();
    }
    let put = browser.call("PUT", "/api/session/data/k").body("application/json", large);
    put.send().await.problem(413, "payload_too_large");
}

/// Security: 7.2.1, abuse 10, abuse 11, abuse 12, abuse 13, trap malformed cookie
#[tokio::test]
async fn unusable_cookies_open_nothing_and_reach_no_store() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let token = browser.token().unwrap();
    let name = site.cookie_name();
    site.store().asked();
    let plain = site.browser();
    for value in [
        String::new(),
        "x".to_owned(),
        "é".repeat(20),
        "%00".to_owned(),
        "=".repeat(43),
        "+".repeat(43),
        token[..42].to_owned(),
        format!("{token}A"),
        format!("\"{token}\""),
        "A".repeat(100_000),
        format!("{token}; {name}={token}"),
        format!("{token}; {name}="),
    ] {
        let call = plain.call("GET", "/api/session/state");
        let answer = call.with("cookie", &format!("{name}={value}")).send().await;
        answer.problem(401, "session_not_found").keeps_cookie();
    }
    let call = plain.call("GET", "/api/session/state").with("cookie", &format!("{name}={token}"));
    let answer = call.also("cookie", &format!("{name}={token}")).send().await;
    answer.problem(401, "session_not_found").keeps_cookie();
    assert_eq!(site.store().asked(), Vec::<&str>::new());
    browser.state_of().await.ok();
}
