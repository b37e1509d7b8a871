use crate::site::{PASSWORD, Site};

const NEW: &str = "battery staple";

fn typed<'a>(current: &'a str, new: &'a str, again: &'a str) -> [(&'static str, &'a str); 3] {
    [("current_password", current), ("new_password", new), ("new_password_again", again)]
}

/// Security: 7.4.3, 6.2.2, 6.2.3, abuse 21
#[tokio::test]
async fn changing_the_password_ends_the_others_and_keeps_this_one_7_4_3() {
    let site = Site::new().await;
    let mut other = site.signed_in("ada").await;
    site.advance(5);
    let mut browser = site.signed_in("ada").await;
    let before = browser.cookies.clone();
    let page = browser.get("/account/security").await;
    assert!(page.has(">5 minutes ago</time>"));
    assert!(page.has("signs out all your other devices"));
    assert!(page.has("aria-describedby=\"new-password-hint\""));
    let answer = browser.submit(&page, "/account/security", &typed(PASSWORD, NEW, NEW)).await;
    assert_eq!(answer.location(), "/account/security?done=password_changed");
    assert_ne!(browser.cookies, before);
    let done = browser.follow(&answer).await;
    assert!(done.has("Your password is changed."));
    assert!(done.has(">just now</time>"));
    assert_eq!(other.get("/").await.location(), "/login?reason=password_changed");

    let mut later = site.browser();
    let form = later.get("/login").await;
    let fields = |password| [("username", "ada"), ("password", password)];
    assert_eq!(later.submit(&form, "/login", &fields(PASSWORD)).await.status, 401);
    assert_eq!(later.submit(&form, "/login", &fields(NEW)).await.status, 303);
}

/// Security: 6.2.1, 6.2.3, 6.2.4
#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field_and_nothing_changes() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get("/account/security").await;
    for (fields, status, field, text) in [
        (typed("wrong-canary", NEW, NEW), 403, "current-password", "The password is not right."),
        (typed(PASSWORD, "short", "short"), 422, "new-password", "at least 8 characters"),
        (typed(PASSWORD, "Password1!", "Password1!"), 422, "new-password", "easy to guess"),
        (typed(PASSWORD, NEW, "other"), 422, "new-password-again", "not the same"),
    ] {
        let again = browser.submit(&page, "/account/security", &fields).await;
        assert_eq!(again.status, status, "{field}");
        assert!(again.has("Your password is unchanged."));
        let error = again.body.split(&format!("id=\"{field}-error\">")).nth(1).unwrap();
        assert!(error.split("</p>").next().unwrap().contains(text), "{field}");
        assert_eq!(again.body.matches("aria-invalid").count(), 1);
        for password in fields {
            assert!(!again.has(&format!("value=\"{}\"", password.1)));
        }
    }
    let answer = browser.submit(&page, "/account/security", &typed(PASSWORD, NEW, NEW)).await;
    assert_eq!(answer.status, 303);
}

/// Security: 6.1.1, 6.2.1
#[tokio::test]
async fn too_many_wrong_passwords_are_told_beside_the_field() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get("/account/security").await;
    assert!(page.has("Fifteen characters or more are best"));
    for _ in 0..5 {
        let again = browser.submit(&page, "/account/security", &typed("wrong", NEW, NEW)).await;
        assert_eq!(again.status, 403);
    }
    let again = browser.submit(&page, "/account/security", &typed(PASSWORD, NEW, NEW)).await;
    assert_eq!((again.status, again.header("retry-after")), (429, "1"));
    let error = again.body.split("id=\"current-password-error\">").nth(1).unwrap();
    assert!(error.split("</p>").next().unwrap().contains("Please try again in 1 second."));
}
