//! Forms of pages that were open while their session ended, or another began.

use crate::browser::Browser;
use crate::site::{PASSWORD, Site};

const PLATFORMS: &str = "/account/platforms";

async fn sign_in_again(browser: &mut Browser, name: &str) {
    let door = browser.get("/login").await;
    let typed = [("username", name), ("password", PASSWORD)];
    browser.submit(&door, "/login", &typed).await.location();
}

#[tokio::test]
async fn what_was_typed_before_signing_in_again_is_shown_and_can_be_sent() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let old = browser.get(PLATFORMS).await;
    browser.cookies.clear();
    sign_in_again(&mut browser, "ada").await;
    let typed = [
        ("name", "Art & <more>"),
        ("platform_type", "pixelfed"),
        ("instance_url", "https://art.example"),
        ("username", "ada"),
        ("access_token", "hush"),
    ];
    let shown = browser.submit(&old, PLATFORMS, &typed).await;
    assert_eq!(shown.status, 403);
    assert!(shown.has("<h1>Send it again?</h1>") && shown.has("<dt>Address of the site</dt>"));
    assert!(shown.has("<dd>https://art.example</dd>") && !shown.has("hush"));
    assert!(shown.has("<label for=\"again-access_token\">Access token</label>"));
    assert!(!shown.has("<dt>Next</dt>"));
    assert_eq!(site.platforms_of("ada").await.len(), 2, "not before it is sent again");
    let done = browser.submit(&shown, PLATFORMS, &[("access_token", "hush")]).await;
    assert_eq!(done.location(), "/account/platforms?done=added");
    let names: Vec<_> = site.platforms_of("ada").await.into_iter().map(|it| it.info.name).collect();
    assert!(names.contains(&"Art & <more>".to_owned()), "{names:?}");
}

#[tokio::test]
async fn passwords_are_typed_again_and_never_shown() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let old = browser.get("/account/security").await;
    browser.cookies.clear();
    sign_in_again(&mut browser, "ada").await;
    let new = "another correct horse";
    let typed =
        [("current_password", PASSWORD), ("new_password", new), ("new_password_again", new)];
    let shown = browser.submit(&old, "/account/security", &typed).await;
    assert!(!shown.has(PASSWORD) && !shown.has(new));
    assert!(shown.has("autocomplete=\"current-password\" required"));
    assert!(shown.has("autocomplete=\"new-password\" required"));
    let done = browser.submit(&shown, "/account/security", &typed).await;
    assert_eq!(done.location(), "/account/security?done=password_changed");
}

#[tokio::test]
async fn whoever_must_sign_in_first_comes_back_to_the_page_of_the_form() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get("/account/platforms?next=/").await;
    site.advance(31);
    let sent_away = browser.submit(&page, "/account/platforms/2/default", &[]).await;
    let door = "/login?reason=session_expired&next=%2Faccount%2Fplatforms%3Fnext%3D%2F";
    assert_eq!(sent_away.location(), door);
}

#[tokio::test]
async fn two_sign_in_forms_both_go_on() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let (one, two) = (
        browser.get("/login?next=/account/security").await,
        browser.get("/login?next=/account/platforms").await,
    );
    let typed = [("username", "ada"), ("password", PASSWORD)];
    assert_eq!(browser.submit(&one, "/login", &typed).await.location(), "/account/security");
    assert_eq!(browser.submit(&two, "/login", &typed).await.location(), "/account/platforms");
}
