use crate::site::Site;

/// Security: 7.4.1, 14.3.1
#[tokio::test]
async fn signing_out_ends_the_session_and_says_so() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let before = browser.cookies.clone();
    let page = browser.get("/").await;
    let answer = browser.submit(&page, "/logout", &[]).await;
    assert_eq!(answer.location(), "/login?reason=logout");
    assert_eq!(answer.header("clear-site-data"), "\"cache\"");
    assert!(browser.cookies.is_empty());
    assert!(browser.follow(&answer).await.has("You are signed out."));

    browser.cookies = before;
    assert_eq!(browser.get("/").await.location(), "/login?reason=logout");
}

/// Security: abuse 34
#[tokio::test]
async fn signing_out_of_what_is_over_already_takes_the_cookie_away_34() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get("/").await;
    site.advance(31);
    let answer = browser.submit(&page, "/logout", &[]).await;
    assert_eq!(answer.location(), "/login?reason=logout");
    assert!(browser.cookies.is_empty());
}

/// Security: 3.5.1, 3.5.3, trap logout by GET
#[tokio::test]
async fn signing_out_needs_a_post_with_the_token() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    assert_eq!(browser.get("/logout").await.location(), "/");
    let answer = browser.post("/logout", &[]).await;
    assert_eq!(answer.status, 403);
    assert!(answer.has("othing has been changed yet"));
    assert_eq!(browser.get("/").await.status, 200);
}
