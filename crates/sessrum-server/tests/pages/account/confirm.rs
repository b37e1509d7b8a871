use crate::site::{PASSWORD, Site};

/// Security: 7.2.4
#[tokio::test]
async fn confirming_gives_a_new_token_and_the_old_one_goes_7_2_4() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let old = browser.cookies.clone();
    let form = browser.get("/account/confirm?next=/account/security").await;
    let answer = browser.submit(&form, "/account/confirm", &[("password", PASSWORD)]).await;
    assert_eq!(answer.location(), "/account/security");
    assert_ne!(browser.cookies, old);
    assert_eq!(browser.follow(&answer).await.status, 200);

    site.advance(1);
    browser.cookies = old;
    assert_eq!(browser.get("/").await.location(), "/login?reason=token_reuse");
}

#[tokio::test]
async fn a_wrong_password_keeps_the_way_and_the_session() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let cookies = browser.cookies.clone();
    let form = browser.get("/account/confirm?next=/account/sessions").await;
    let again = browser.submit(&form, "/account/confirm", &[("password", "hunter2")]).await;
    assert_eq!(again.status, 403);
    assert!(again.has("aria-invalid=\"true\"") && !again.has("hunter2"));
    let next = ("next".to_owned(), "/account/sessions".to_owned());
    assert!(again.form("/account/confirm").fields.contains(&next));
    assert_eq!(browser.cookies, cookies);
}

/// Security: 6.1.1
#[tokio::test]
async fn too_many_wrong_passwords_are_told_beside_the_field() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let form = browser.get("/account/confirm?next=/account/sessions").await;
    for _ in 0..5 {
        let again = browser.submit(&form, "/account/confirm", &[("password", "wrong")]).await;
        assert_eq!(again.status, 403);
    }
    let again = browser.submit(&form, "/account/confirm", &[("password", PASSWORD)]).await;
    assert_eq!((again.status, again.header("retry-after")), (429, "1"));
    let error = again.body.split("id=\"confirm-password-error\">").nth(1).unwrap();
    assert!(error.split("</p>").next().unwrap().contains("Please try again in 1 second."));
    site.advance(1);
    let answer = browser.submit(&again, "/account/confirm", &[("password", PASSWORD)]).await;
    assert_eq!(answer.location(), "/account/sessions");
}

#[tokio::test]
async fn confirming_leads_nowhere_else() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let form = browser.get("/account/confirm?next=//evil.example").await;
    let typed = [("password", PASSWORD), ("next", "//evil.example")];
    assert_eq!(browser.submit(&form, "/account/confirm", &typed).await.location(), "/");
}
