use sessrum_core::Role;

use crate::site::Site;

const HERE: &str = "/account/platforms";
const MINE: [(&str, &str); 4] = [
    ("name", "Mine"),
    ("platform_type", "mastodon"),
    ("instance_url", "https://social.example/"),
    ("username", "ada.social"),
];

#[tokio::test]
async fn platforms_are_listed_with_how_they_stand() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get(HERE).await;
    assert!(page.has("Landscapes") && page.has("Portraits"));
    assert!(page.has("ada.portraits@pixelfed.example"));
    assert_eq!(page.body.matches("data-when-here>You are here").count(), 1);
    assert_eq!(page.body.matches(">Default<").count(), 1);
    let required = browser.get("/account/platforms?reason=platform_required").await;
    assert!(required.has("That page needs a platform."));
}

#[tokio::test]
async fn connecting_adds_a_platform_whose_token_never_comes_back() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get(HERE).await;
    let mut typed = MINE.to_vec();
    typed.extend([("access_token", "canary-token"), ("is_default", "on")]);
    let answer = browser.submit(&page, HERE, &typed).await;
    assert_eq!(answer.location(), "/account/platforms?done=added");
    let after = browser.follow(&answer).await;
    assert!(after.has("The platform is connected.") && after.has("ada.social@social.example"));
    assert!(!after.has("canary-token"));
    let first = site.platforms_of("ada").await.remove(0);
    assert!(first.info.name == "Mine" && first.info.is_default);
    assert_eq!(first.info.instance_url, "https://social.example");
    let user = site.store().user_by_name("ada").await.unwrap().unwrap().info.id;
    let sealed = site.store().platform_credentials(&user, &first.info.id).await.unwrap();
    assert!(sealed.is_some());
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get(HERE).await;
    for (wrong, value, id, status, text) in [
        ("name", " ", "name", 422, "This must have 1 to 200 characters."),
        ("name", "Portraits", "name", 409, "This is the name of another of your platforms."),
        ("platform_type", "", "platform-type", 422, "This must have 1 to 200 characters."),
        ("instance_url", "javascript:x", "instance-url", 422, "This must be the address of a site"),
        ("username", "", "platform-username", 422, "This must have 1 to 200 characters."),
    ] {
        let mut typed = MINE.to_vec();
        typed.retain(|(name, _)| *name != wrong);
        typed.extend([(wrong, value), ("access_token", "canary-token")]);
        let again = browser.submit(&page, HERE, &typed).await;
        assert_eq!(again.status, status, "{wrong}");
        let error = again.body.split(&format!("id=\"{id}-error\">")).nth(1).unwrap();
        assert!(error.starts_with(text), "{wrong}");
        assert!(again.has("<details class=\"card fold\" open>"));
        assert!(!again.has("canary-token") && again.has("Please type this again"));
        let fields = again.form(HERE).fields;
        for (name, value) in typed.iter().filter(|(name, _)| *name != "access_token") {
            let kept = ((*name).to_owned(), (*value).to_owned());
            assert!(fields.contains(&kept), "{wrong}: {kept:?} in {fields:?}");
        }
    }
    assert_eq!(site.platforms_of("ada").await.len(), 2);
}

#[tokio::test]
async fn the_same_account_is_connected_once() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get(HERE).await;
    browser.submit(&page, HERE, &MINE).await;
    let mut typed = MINE.to_vec();
    typed[0] = ("name", "Another name");
    let again = browser.submit(&page, HERE, &typed).await;
    assert_eq!(again.status, 409);
    assert!(again.has("This is connected already.") && !again.has("Please type this again"));
}

#[tokio::test]
async fn the_default_is_chosen() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get(HERE).await;
    assert!(!page.has_form("/account/platforms/1/default"));
    let answer = browser.submit(&page, "/account/platforms/2/default", &[]).await;
    assert_eq!(answer.location(), "/account/platforms?done=default");
    let mut later = site.signed_in("ada").await;
    assert!(later.get("/").await.has("<p class=\"big\" data-of-platform=\"name\">Portraits</p>"));
}

#[tokio::test]
async fn deactivating_leaves_the_platform_and_activating_brings_it_back() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get(HERE).await;
    let answer = browser.submit(&page, "/account/platforms/1/deactivate", &[]).await;
    let page = browser.follow(&answer).await;
    assert!(page.has("The platform is deactivated.") && page.has(">Inactive<"));
    assert!(page.has("<body data-platform-id=\"\" data-revision=\"2\">"));
    assert!(browser.get("/").await.has("You are not in a platform."));
    let answer = browser.submit(&page, "/account/platforms/1/activate", &[]).await;
    let page = browser.follow(&answer).await;
    assert!(page.has("The platform can be chosen again.") && !page.has(">Inactive<"));
}

#[tokio::test]
async fn removing_takes_a_second_step() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get(HERE).await;
    let remove = page.body.find("/account/platforms/2/remove").unwrap();
    let before = &page.body[..remove];
    let details = before.rfind("<details class=\"removal\" name=\"removal\">");
    assert!(details > before.rfind("</details>"));
    assert!(page.body[remove..].split("</form>").next().unwrap().contains("Remove Portraits?"));
    let answer = browser.submit(&page, "/account/platforms/2/remove", &[]).await;
    assert_eq!(answer.location(), "/account/platforms?done=removed");
    assert!(!browser.follow(&answer).await.has("Portraits"));
    let gone = browser.submit(&page, "/account/platforms/2/remove", &[]).await;
    assert!(browser.follow(&gone).await.has("Nothing has changed"));
}

/// Security: 8.2.2
#[tokio::test]
async fn nobody_changes_a_platform_of_someone_else_8_2_2() {
    let site = Site::new().await;
    let other = site.add_user("someone", Role::Viewer).await;
    site.add_platform(&other, "Theirs", "someone").await;
    let mut browser = site.signed_in("ada").await;
    let token = browser.get(HERE).await.form("/logout").fields;
    for action in ["default", "activate", "deactivate", "remove"] {
        let answer = browser.post(&format!("/account/platforms/3/{action}"), &token).await;
        assert_eq!(answer.location(), "/account/platforms?failed=platform_not_found", "{action}");
    }
    assert!(site.platforms_of("someone").await[0].is_active);
}

#[tokio::test]
async fn the_first_platform_is_set_up_with_care() {
    let site = Site::new().await;
    let mut browser = site.signed_in("new").await;
    let page = browser.get(HERE).await;
    assert!(page.has("<h1>Connect a platform</h1>"));
    assert!(!page.has("<details") && !page.has("Make it the default"));
    let answer = browser.submit(&page, HERE, &MINE).await;
    let page = browser.follow(&answer).await;
    assert!(page.has("You are here") && page.has(">Default<"));
}
