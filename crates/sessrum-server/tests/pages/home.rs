use sessrum_core::Role;

use crate::site::{PASSWORD, Site};

#[tokio::test]
async fn home_tells_who_one_is_where_and_for_how_long() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    site.advance(3);
    let page = browser.get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.has("Welcome, ada") && page.has("Role: reviewer"));
    assert!(page.has("<p class=\"big\" data-of-platform=\"name\">Landscapes</p>"));
    assert!(page.has("Firefox on Linux"));
    assert!(page.has("<time datetime=\"2026-11-23T21:00:00Z\" data-distance>3 minutes ago</time>"));
    let idle = "datetime=\"2026-11-23T21:33:00Z\" data-distance data-moment=\"idle\"";
    assert!(page.has(&format!("<time {idle}>in 30 minutes</time>")));
    assert!(page.has("Each visit gives you another 30 minutes"));
    let end = "datetime=\"2026-11-24T09:00:00Z\" data-distance";
    assert!(page.has(&format!("<time {end}>in 12 hours</time>")));
    assert!(page.has("23 November 2026, 21:00 UTC"));
    assert!(page.has("href=\"/account/sessions\""));
    assert!(page.has("<body data-platform-id=\"1\" data-revision=\"1\">"));
}

#[tokio::test]
async fn home_tells_what_a_visit_gives_a_remembered_session() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let page = browser.get("/login").await;
    let typed = [("username", "ada"), ("password", PASSWORD), ("remember", "on")];
    browser.submit(&page, "/login", &typed).await;
    assert!(browser.get("/").await.has("Each visit gives you another day<"));
}

#[tokio::test]
async fn switching_moves_the_session_and_comes_back() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get("/").await;
    let answer = browser.submit(&page, "/account/platforms/switch", &[]).await;
    assert_eq!(answer.location(), "/");
    let page = browser.follow(&answer).await;
    assert!(page.has("<p class=\"big\" data-of-platform=\"name\">Portraits</p>"));
    assert!(page.has("<body data-platform-id=\"2\" data-revision=\"2\">"));
}

#[tokio::test]
async fn a_switch_from_an_old_page_changes_nothing_and_says_so() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let old = browser.get("/").await;
    browser.submit(&old, "/account/platforms/switch", &[]).await;
    let typed = [("platform_id", "1")];
    let conflict = browser.submit(&old, "/account/platforms/switch", &typed).await;
    let conflict = browser.follow(&conflict).await;
    assert!(conflict.has("Your session was changed elsewhere meanwhile."));
    assert!(conflict.has("<p class=\"big\" data-of-platform=\"name\">Portraits</p>"));
    let answer = browser.submit(&conflict, "/account/platforms/switch", &[]).await;
    assert_eq!(answer.location(), "/");
}

/// Security: 8.2.2
#[tokio::test]
async fn a_platform_of_someone_else_is_not_found() {
    let site = Site::new().await;
    let other = site.add_user("someone", Role::Viewer).await;
    let theirs = site.add_platform(&other, "Theirs", "someone").await.to_string();
    let mut browser = site.signed_in("ada").await;
    let page = browser.get("/").await;
    for id in [theirs.as_str(), "999", "x", ""] {
        let typed = [("platform_id", id)];
        let answer = browser.submit(&page, "/account/platforms/switch", &typed).await;
        let answer = browser.follow(&answer).await;
        assert!(answer.has("That platform is not among your active ones any more."));
        assert!(answer.has("<p class=\"big\" data-of-platform=\"name\">Landscapes</p>"));
        assert!(!answer.has("Theirs"));
    }
}

#[tokio::test]
async fn who_has_no_platform_is_led_to_one() {
    let site = Site::new().await;
    let mut browser = site.signed_in("new").await;
    let page = browser.get("/").await;
    assert!(page.has("You have not connected a platform yet."));
    assert!(page.has("<body data-platform-id=\"\" data-revision=\"1\">"));
    assert!(!page.has_form("/account/platforms/switch"));
}

#[tokio::test]
async fn who_has_deactivated_every_platform_is_told_so() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    for action in ["/account/platforms/1/deactivate", "/account/platforms/2/deactivate"] {
        let page = browser.get("/account/platforms").await;
        assert_eq!(browser.submit(&page, action, &[]).await.status, 303);
    }
    let page = browser.get("/").await;
    assert!(page.has("None of your platforms is active.") && page.has(">Manage platforms</a>"));
    assert!(!page.has("You have not connected a platform yet."));
}
