//! `POST /api/account/password`.

use serde_json::{Value, json};

use crate::support::{HOUR, MINUTE, PASSWORD, SECOND, Site};

const PATH: &str = "/api/account/password";

fn change(current: &str, new: &str) -> Value {
    json!({"current_password": current, "new_password": new})
}

/// Security: 7.2.4, 7.4.3, 6.2.2, abuse 21
#[tokio::test]
async fn others_end_and_the_callers_own_token_is_replaced_7_4_3() {
    let site = Site::new().await;
    let (browser, other) = (site.signed_in("ada").await, site.signed_in("ada").await);
    let (bob, token) = (site.signed_in("bob").await, browser.token().unwrap());
    let answer = browser.post(PATH, change(PASSWORD, "a new secret")).await.is(200).sets_cookie();
    assert_ne!(answer.token().unwrap(), token);
    other.state_of().await.ended("password_changed").keeps_cookie();
    bob.state_of().await.ok();
    browser.heartbeat().await.ok();
    site.browser().sign_in("ada").await.problem(401, "invalid_credentials");
    let input = json!({"username": "ada", "password": "a new secret"});
    site.browser().post("/api/login", input).await.is(200);
}

/// The row is unchanged without proof that is seconds old: the current password itself.
///
/// Security: 7.5.1, 6.2.3, 6.2.8
#[tokio::test]
async fn it_needs_the_current_password_7_5_1() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    site.pass(20 * MINUTE);
    for wrong in ["wrong one", "", &PASSWORD.to_uppercase(), &format!("{PASSWORD} ")] {
        let answer = browser.post(PATH, change(wrong, "a new secret")).await;
        answer.problem(403, "invalid_credentials").keeps_cookie();
    }
    site.browser().sign_in("ada").await.is(200);
}

/// Security: 6.1.2, 6.2.1, 6.2.4, 6.2.9, 6.2.11
#[tokio::test]
async fn the_new_one_must_fit_the_rules_6_2_1() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let long = "words that have nothing to do with each other ".repeat(6);
    let unfit = ["", "1234567", "password", "Password1!", "ada@example", "sessions.example"];
    for unfit in unfit.into_iter().chain([&*"x".repeat(200), &long[..257]]) {
        browser.post(PATH, change(PASSWORD, unfit)).await.invalid("new_password").keeps_cookie();
    }
    browser.post(PATH, change(PASSWORD, &long[..256])).await.is(200);
    let (eight, sixty_four) = ("vq7#Lm2x", &long[..64]);
    browser.post(PATH, change(&long[..256], eight)).await.is(200);
    browser.post(PATH, change(eight, &eight[1..])).await.invalid("new_password");
    browser.post(PATH, change(eight, sixty_four)).await.is(200);
}

/// Any character may be in one and none must be.
///
/// Security: 6.2.2, 6.2.5, 6.2.8
#[tokio::test]
async fn any_characters_will_do() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let mut current = PASSWORD;
    for new in [
        "four plain lower words",
        "FOUR PLAIN UPPER WORDS",
        "748291650382",
        "  spaces around it  ",
        "пароль у моря",
        "🦊 under 🌲 and ⛰",
        "<'\"&;--\\%00>{}`$",
        "tab\tand\u{7f}control",
    ] {
        browser.post(PATH, change(current, new)).await.is(200);
        let input = json!({"username": "ada", "password": new});
        site.browser().post("/api/login", input).await.is(200);
        current = new;
    }
}

/// Security: 6.2.10
#[tokio::test]
async fn it_never_runs_out() {
    let site = Site::new().await;
    site.pass(10 * 365 * 24 * HOUR);
    let browser = site.signed_in("ada").await;
    browser.state_of().await.is(200);
    browser.post(PATH, change(PASSWORD, "a new secret")).await.is(200);
}

/// Security: 6.2.8, 6.2.9
#[tokio::test]
async fn every_character_counts_as_it_is() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    let long = format!("{}y and more ", "quartz ".repeat(11).split_at(72).0);
    browser.post(PATH, change(PASSWORD, &long)).await.is(200);
    let other_at_73 = long.replacen('y', "z", 1);
    assert_eq!(long.chars().position(|c| c == 'y'), Some(72));
    for wrong in [&other_at_73, &long.to_uppercase(), long.trim_end(), &format!("{long} ")] {
        let input = json!({"username": "ada", "password": wrong});
        let answer = site.browser().post("/api/login", input).await;
        answer.problem(401, "invalid_credentials");
    }
    let input = json!({"username": "ada", "password": long});
    site.browser().post("/api/login", input).await.is(200);
}

/// Security: 6.1.1
#[tokio::test]
async fn the_current_one_is_not_guessed_in_a_session() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    for _ in 0..5 {
        let answer = browser.post(PATH, change("wrong one", "a new secret")).await;
        answer.problem(403, "invalid_credentials");
    }
    let answer = browser.post(PATH, change(PASSWORD, "a new secret")).await;
    assert_eq!(answer.problem(429, "rate_limited").header("retry-after"), Some("1"));
    site.pass(SECOND);
    browser.post(PATH, change(PASSWORD, "a new secret")).await.is(200);
}

/// Security: 15.4.2
#[tokio::test]
async fn of_two_changes_at_once_one_counts() {
    let site = Site::new().await;
    let (one, other) = (site.signed_in("ada").await, site.signed_in("ada").await);
    let (first, second) = tokio::join!(
        one.post(PATH, change(PASSWORD, "the first new one")),
        other.post(PATH, change(PASSWORD, "the second new one")),
    );
    let good = [&first, &second].iter().filter(|answer| answer.status == 200).count();
    assert_eq!((good, site.live().await), (1, 1), "{first:?} {second:?}");
}

#[tokio::test]
async fn it_ends_no_session_that_begins_later() {
    let site = Site::new().await;
    let browser = site.signed_in("ada").await;
    browser.post(PATH, change(PASSWORD, "a new secret")).await.ok();
    site.pass(HOUR / 4);
    browser.heartbeat().await.ok();
    assert_eq!(site.live().await, 1);
}
