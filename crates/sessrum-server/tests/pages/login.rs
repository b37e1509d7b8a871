use crate::html::{attribute, tags};
use crate::site::{PASSWORD, Site};

const RIGHT: [(&str, &str); 2] = [("username", "ada"), ("password", PASSWORD)];

#[tokio::test]
async fn signing_in_leads_home_or_to_where_one_was_on_the_way_to() {
    let site = Site::new().await;
    let mut browser = site.browser();
    assert_eq!(browser.get("/").await.location(), "/login?reason=session_not_found");

    let sent_away = browser.get("/account/sessions?x=1").await;
    assert_eq!(
        sent_away.location(),
        "/login?reason=session_not_found&next=%2Faccount%2Fsessions%3Fx%3D1"
    );
    let form = browser.follow(&sent_away).await;
    assert!(form.has("Please sign in to continue."));
    let answer = browser.submit(&form, "/login", &RIGHT).await;
    assert_eq!(answer.location(), "/account/sessions?x=1");
    assert!(!answer.header("set-cookie").contains("Max-Age"));
    assert_eq!(browser.follow(&answer).await.status, 200);

    let mut other = site.browser();
    let form = other.get("/login").await;
    assert_eq!(form.header("cache-control"), "no-store");
    assert_eq!(form.header("set-cookie"), "");
    assert_eq!(other.submit(&form, "/login", &RIGHT).await.location(), "/");
}

#[tokio::test]
async fn next_never_leads_to_another_site() {
    let site = Site::new().await;
    for next in ["//evil.example", "https://evil.example", "/%5Cevil.example", "%2F%2Fevil"] {
        let mut browser = site.browser();
        let form = browser.get(&format!("/login?next={next}")).await;
        assert!(form.form("/login").fields.contains(&("next".to_owned(), "/".to_owned())));
        let typed = [RIGHT[0], RIGHT[1], ("next", "//evil.example")];
        assert_eq!(browser.submit(&form, "/login", &typed).await.location(), "/");
        assert_eq!(browser.get(&format!("/login?next={next}")).await.location(), "/");
    }
}

#[tokio::test]
async fn only_known_reasons_are_told() {
    let site = Site::new().await;
    let mut browser = site.browser();
    assert!(browser.get("/login?reason=session_expired").await.has("Your session has expired."));
    for query in ["reason=Call+0800", "reason=%3Cb%3E", "reason=a&reason=b", "", "reason=%ff"] {
        let page = browser.get(&format!("/login?{query}")).await;
        assert_eq!(page.status, 200);
        assert!(!page.has("class=\"notice"), "{query}");
    }
}

/// Security: 7.3.1
#[tokio::test]
async fn whoever_is_signed_in_goes_on_without_activity() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    for _ in 0..2 {
        site.advance(20);
        if let 303 = browser.get("/login").await.status {
            continue;
        }
        // Forty minutes after the last activity the session is over.
        return;
    }
    panic!("the sign-in page kept the session alive");
}

#[tokio::test]
async fn a_wrong_password_shows_the_form_again_with_the_name() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let form = browser.get("/login?next=/account/security").await;
    let typed = [("username", "ada"), ("password", "hunter2-canary"), ("remember", "on")];
    let again = browser.submit(&form, "/login", &typed).await;
    assert_eq!(again.status, 401);
    assert!(again.has("Wrong username or password."));
    assert!(!again.has("hunter2-canary"));
    assert!(browser.cookies.is_empty());
    let fields = again.form("/login").fields;
    for kept in [("username", "ada"), ("next", "/account/security"), ("remember", "on")] {
        assert!(fields.contains(&(kept.0.to_owned(), kept.1.to_owned())), "{kept:?}");
    }
    assert_eq!(browser.submit(&again, "/login", &RIGHT).await.location(), "/account/security");
}

/// Security: 6.3.8
#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_look_alike_6_3_8() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let form = browser.get("/login").await;
    let mut bodies = Vec::new();
    for name in ["ada", "eve"] {
        let again =
            browser.submit(&form, "/login", &[("username", name), ("password", "wrong")]).await;
        bodies.push(again.body.replace(name, "").replace(&again.nonce(), ""));
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn staying_signed_in_outlives_the_browser() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let form = browser.get("/login").await;
    let typed = [RIGHT[0], RIGHT[1], ("remember", "on")];
    let answer = browser.submit(&form, "/login", &typed).await;
    assert!(answer.header("set-cookie").contains("Max-Age=1209600"));
}

/// Security: parameter CSRF
#[tokio::test]
async fn a_form_that_is_too_old_is_shown_again_and_works_then() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let form = browser.get("/login").await;
    site.advance(24 * 60 + 1);
    let again = browser.submit(&form, "/login", &RIGHT).await;
    assert_eq!(again.status, 403);
    assert!(again.has("This form had been open for too long. Please try again."));
    assert!(browser.cookies.is_empty());
    assert!(again.form("/login").fields.contains(&("username".to_owned(), "ada".to_owned())));
    assert!(!again.has(PASSWORD));
    assert_eq!(browser.submit(&again, "/login", &RIGHT).await.location(), "/");
}

/// Security: 7.6.2, 3.5.1, parameter CSRF
#[tokio::test]
async fn a_form_without_its_token_signs_nobody_in() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let fields = RIGHT.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(browser.post("/login", &fields).await.status, 403);
    assert_eq!(browser.post("/login", &[]).await.status, 403);
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn an_old_form_of_who_is_signed_in_already_just_goes_on() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let form = browser.get("/login?next=/account/security").await;
    site.advance(24 * 60 + 1);
    let fresh = browser.get("/login").await;
    browser.submit(&fresh, "/login", &RIGHT).await;
    let cookies = browser.cookies.clone();
    let typed = [RIGHT[0], ("password", "whatever")];
    let answer = browser.submit(&form, "/login", &typed).await;
    assert_eq!(answer.location(), "/account/security");
    assert_eq!(browser.cookies, cookies);

    let other = browser.submit(&form, "/login", &[("username", "new"), RIGHT[1]]).await;
    assert_eq!(other.status, 403);
    assert_eq!(browser.cookies, cookies);
}

#[tokio::test]
async fn without_a_platform_one_connects_the_first_and_then_goes_on() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let typed = [("username", "new"), ("password", PASSWORD)];
    let form = browser.get("/login").await;
    assert_eq!(browser.submit(&form, "/login", &typed).await.location(), "/account/platforms");

    let mut browser = site.browser();
    let form = browser.get("/login?next=/account/security").await;
    let answer = browser.submit(&form, "/login", &typed).await;
    assert_eq!(answer.location(), "/account/security");
    let setup = browser.get("/account/platforms?next=/account/security").await;
    assert!(setup.has("Connect a platform"));
    let typed = [
        ("name", "Mine"),
        ("platform_type", "mastodon"),
        ("instance_url", "https://social.example"),
        ("username", "new"),
    ];
    let added = browser.submit(&setup, "/account/platforms", &typed).await;
    assert_eq!(added.location(), "/account/security");
    assert!(browser.get("/").await.has("<p class=\"big\" data-of-platform=\"name\">Mine</p>"));
}

/// Security: 16.5.3, abuse 27
#[tokio::test]
async fn while_the_database_is_down_the_form_says_so_27() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let form = browser.get("/login").await;
    site.set_down(true);
    let again = browser.submit(&form, "/login", &RIGHT).await;
    assert_eq!((again.status, again.header("retry-after")), (503, "1"));
    assert!(again.has("Sessions are out of reach right now."));
    assert!(browser.cookies.is_empty());
    site.set_down(false);
    assert_eq!(browser.submit(&again, "/login", &RIGHT).await.location(), "/");
}

/// Security: 6.1.1, 6.3.1, abuse 25
#[tokio::test]
async fn too_many_wrong_passwords_show_the_form_again_with_the_time_to_wait() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let form = browser.get("/login?next=/account/security").await;
    let wrong = [("username", "ada"), ("password", "hunter2-canary"), ("remember", "on")];
    for _ in 0..5 {
        assert_eq!(browser.submit(&form, "/login", &wrong).await.status, 401);
    }
    for password in ["hunter2-canary", PASSWORD] {
        let typed = [("username", "ada"), ("password", password), ("remember", "on")];
        let again = browser.submit(&form, "/login", &typed).await;
        assert_eq!((again.status, again.header("retry-after")), (429, "1"));
        assert!(again.has("Please try again in 1 second."));
        assert!(!again.has(password));
        let fields = again.form("/login").fields;
        for kept in [("username", "ada"), ("next", "/account/security"), ("remember", "on")] {
            assert!(fields.contains(&(kept.0.to_owned(), kept.1.to_owned())), "{kept:?}");
        }
    }
    site.advance(1);
    assert_eq!(browser.submit(&form, "/login", &RIGHT).await.location(), "/account/security");
}

#[tokio::test]
async fn what_was_typed_is_escaped() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let form = browser.get("/login").await;
    let hostile = "\"><script>alert(1)</script>";
    let again = browser.submit(&form, "/login", &[("username", hostile)]).await;
    assert!(!again.has("<script>"));
    let is_username = |tag: &&str| attribute(tag, "id").as_deref() == Some("username");
    let field = tags(&again.body).into_iter().find(is_username).unwrap();
    assert_eq!(attribute(field, "value").unwrap(), hostile);
}
