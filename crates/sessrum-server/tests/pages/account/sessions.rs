use crate::site::{PASSWORD, Site};

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                     (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

/// A laptop that looks on, and a phone that signed in before it.
async fn laptop_and_phone(site: &Site) -> (crate::browser::Browser, crate::browser::Browser) {
    let mut phone = site.browser();
    phone.user_agent = PHONE;
    let form = phone.get("/login").await;
    phone.submit(&form, "/login", &[("username", "ada"), ("password", PASSWORD)]).await;
    site.advance(3);
    (site.signed_in("ada").await, phone)
}

/// Security: 7.5.2
#[tokio::test]
async fn devices_have_names_and_the_own_one_is_marked_and_first_7_5_2() {
    let site = Site::new().await;
    let (mut laptop, phone) = laptop_and_phone(&site).await;
    let page = laptop.get("/account/sessions").await;
    assert_eq!(page.status, 200);
    let own = page.body.find("Firefox on Linux").unwrap();
    let marked = page.body.find("This device").unwrap();
    let other = page.body.find("Safari on iOS").unwrap();
    assert!(own < marked && marked < other);
    assert_eq!(page.body.matches("This device").count(), 1);
    assert!(page.has("<time datetime=\"2026-11-23T21:00:00Z\" data-distance>3 minutes ago</time>"));
    for cookie in laptop.cookies.values().chain(phone.cookies.values()) {
        assert!(!page.has(cookie));
    }
}

#[tokio::test]
async fn sign_ins_from_one_browser_are_told_apart_by_the_second() {
    let site = Site::new().await;
    let (mut laptop, _phone) = laptop_and_phone(&site).await;
    site.advance_seconds(5);
    site.signed_in("ada").await;
    let page = laptop.get("/account/sessions").await;
    for date in ["21:03:00 UTC", "21:03:05 UTC", "21:00 UTC"] {
        assert!(page.has(&format!(">23 November 2026, {date}</time>")), "{date}");
    }
    assert!(page.has("Sign out Firefox on Linux, since 23 November 2026, 21:03:05 UTC"));
}

#[tokio::test]
async fn one_device_is_signed_out() {
    let site = Site::new().await;
    let (mut laptop, mut phone) = laptop_and_phone(&site).await;
    let page = laptop.get("/account/sessions").await;
    let answer = laptop.submit(&page, "/account/sessions/end", &[]).await;
    assert_eq!(answer.location(), "/account/sessions?done=ended");
    let after = laptop.follow(&answer).await;
    assert!(
        after.has("That device is signed out.") && after.has("You are signed in nowhere else.")
    );
    assert!(!after.has_form("/account/sessions/end-others"));
    assert_eq!(phone.get("/").await.location(), "/login?reason=revoked_by_user");

    let again = laptop.submit(&page, "/account/sessions/end", &[]).await;
    assert!(laptop.follow(&again).await.has("That device was signed out already."));
}

/// Security: abuse 22
#[tokio::test]
async fn all_other_devices_are_signed_out_22() {
    let site = Site::new().await;
    let (mut laptop, mut phone) = laptop_and_phone(&site).await;
    let mut stranger = site.signed_in("new").await;
    let page = laptop.get("/account/sessions").await;
    let answer = laptop.submit(&page, "/account/sessions/end-others", &[]).await;
    assert!(laptop.follow(&answer).await.has("All your other devices are signed out."));
    assert_eq!(phone.get("/").await.location(), "/login?reason=revoked_by_user");
    assert_eq!(stranger.get("/").await.status, 200);
}

/// Security: 8.2.2
#[tokio::test]
async fn nobody_ends_the_session_of_someone_else_8_2_2() {
    let site = Site::new().await;
    let (mut laptop, _phone) = laptop_and_phone(&site).await;
    let mut stranger = site.signed_in("new").await;
    let context = site.store().list(&sessrum_core::store::SessionFilter::default(), page()).await;
    let theirs = context.unwrap()[0].handle.to_string();
    let page = laptop.get("/account/sessions").await;
    for handle in [theirs.as_str(), "x", ""] {
        let answer = laptop.submit(&page, "/account/sessions/end", &[("handle", handle)]).await;
        assert_eq!(answer.location(), "/account/sessions?done=ended_before");
    }
    assert_eq!(stranger.get("/").await.status, 200);
}

const fn page() -> sessrum_core::store::Page {
    sessrum_core::store::Page { before: None, limit: 10 }
}

/// Security: 7.5.2
#[tokio::test]
async fn ending_needs_a_fresh_authentication_7_5_2() {
    let site = Site::new().await;
    let (mut laptop, mut phone) = laptop_and_phone(&site).await;
    let old = laptop.get("/account/sessions").await;
    site.advance(11);

    for action in ["/account/sessions/end", "/account/sessions/end-others"] {
        let refused = laptop.submit(&old, action, &[]).await;
        assert_eq!(refused.location(), "/account/confirm?next=/account/sessions");
        assert!(laptop.follow(&refused).await.has_form("/account/confirm"));
    }
    assert_eq!(phone.get("/").await.status, 200);

    let stale = laptop.get("/account/sessions").await;
    assert!(!stale.has_form("/account/sessions/end"));
    assert!(!stale.has_form("/account/sessions/end-others"));
    let wrong = laptop.submit(&stale, "/account/confirm", &[("password", "wrong")]).await;
    assert_eq!(wrong.status, 403);
    assert!(wrong.has("The password is not right."));
    let confirmed = laptop.submit(&wrong, "/account/confirm", &[("password", PASSWORD)]).await;
    assert_eq!(confirmed.location(), "/account/sessions");
    let fresh = laptop.follow(&confirmed).await;
    let answer = laptop.submit(&fresh, "/account/sessions/end", &[]).await;
    assert_eq!(answer.location(), "/account/sessions?done=ended");
}
