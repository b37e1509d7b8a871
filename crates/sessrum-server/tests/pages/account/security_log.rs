use sessrum_core::store::{NewEvent, PasswordChange};
use sessrum_core::{Actor, Change, Client, EndReason, EventKind, PasswordHash, Role};

use crate::browser::Page;
use crate::site::{PASSWORD, Site};

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                     (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

/// The titles of the log, with their badges.
fn titles(page: &Page) -> Vec<String> {
    let log = page.body.split("id=\"log\"").nth(1).unwrap();
    let entries = log.split("<p class=\"name\">").skip(1);
    let text = |entry: &str| {
        let name = entry.split("</p>").next().unwrap();
        name.replace(" <span class=\"badge warning\">", " [").replace("</span>", "]")
    };
    entries.map(text).collect()
}

/// Security: 6.3.5, 6.3.7
#[tokio::test]
async fn the_log_tells_a_new_device_a_failure_and_a_changed_password() {
    let site = Site::new().await;
    let mut laptop = site.signed_in("ada").await;
    site.advance(3);
    let mut phone = site.browser();
    phone.user_agent = PHONE;
    let form = phone.get("/login").await;
    let typed = |password| [("username", "ada"), ("password", password)];
    phone.submit(&form, "/login", &typed("wrong")).await;
    phone.submit(&form, "/login", &typed(PASSWORD)).await;
    let page = laptop.get("/account/security").await;
    assert_eq!(
        titles(&page)[..3],
        ["Signed in on a new device [New device]", "Wrong password typed", "Signed in"]
    );
    assert!(page.has("<p class=\"muted\">Safari on iOS · 192.0.2.1</p>"));
    assert!(page.has("3 minutes ago</time><span>23 November 2026, 21:00 UTC</span>"));

    let new = [
        ("current_password", PASSWORD),
        ("new_password", "battery staple"),
        ("new_password_again", "battery staple"),
    ];
    let done = laptop.submit(&page, "/account/security", &new).await;
    let page = laptop.follow(&done).await;
    assert_eq!(
        titles(&page)[..2],
        ["Safari on iOS was signed out, because the password changed", "Password changed"]
    );
}

#[tokio::test]
async fn the_log_tells_who_did_it() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let ada = site.store().user_by_name("ada").await.unwrap().unwrap().info.id;
    let client = Client { ip_address: Some([198, 51, 100, 9].into()), ..Client::default() };
    let by = |by: Actor| Change { by, client: client.clone(), ..site.by_system() };
    let admin = by(Actor::User(99.into()));
    site.store().set_role(&ada, Role::Moderator, &admin).await.unwrap();
    let hash = PasswordHash::from_phc("$argon2id$x".to_owned());
    let rows = site.store().list_for_user(&ada).await.unwrap();
    let event = NewEvent {
        kind: EventKind::FingerprintChanged,
        user_id: Some(ada.clone()),
        session: Some(rows[0].handle),
        detail: "5".into(),
    };
    site.store().record(event, &by(Actor::System)).await.unwrap();
    let other = site.signed_in("ada").await;
    let other_row = site.store().list_for_user(&ada).await.unwrap()[0].id;
    site.store().end(other_row, EndReason::TokenReuse, &by(Actor::System)).await.unwrap();
    drop(other);
    let page = browser.get("/account/security").await;
    let titles = titles(&page);
    assert!(titles[0].contains("for safety") && titles[0].ends_with("[Suspicious]"), "{titles:?}");
    assert_eq!(titles[2], "A session was used from another machine [Suspicious]");
    assert_eq!(titles[3], "Role changed to moderator");
    assert!(page.has("<p class=\"muted\">by an administrator</p>"));
    assert!(page.has("<p class=\"muted\">198.51.100.9</p>"));

    let change = PasswordChange { hash, keep: None, checked_against: None };
    site.store().change_password(&ada, change, &site.by_system()).await.unwrap();
    assert!(browser.get("/account/security").await.location().starts_with("/login"));
}

#[tokio::test]
async fn platforms_have_their_names_as_long_as_they_are_there() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get("/account/security").await;
    let found = titles(&page);
    assert!(found.contains(&"Platform connected: Landscapes".to_owned()), "{found:?}");
    let ada = site.store().user_by_name("ada").await.unwrap().unwrap().info.id;
    let landscapes = site.platforms_of("ada").await[0].info.id.clone();
    site.store().remove_platform(&ada, &landscapes, &site.by_system()).await.unwrap();
    let found = titles(&browser.get("/account/security").await);
    assert_eq!(found[0], "Platform removed");
    assert!(!found.contains(&"Platform connected: Landscapes".to_owned()), "{found:?}");
}

#[tokio::test]
async fn the_log_goes_on_in_pages_and_leaves_out_routine() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let ada = site.store().user_by_name("ada").await.unwrap().unwrap().info.id;
    for (number, kind) in
        [EventKind::SignInFailed, EventKind::TokenRotated].into_iter().cycle().take(80).enumerate()
    {
        let detail = number.to_string();
        let event = NewEvent { kind, user_id: Some(ada.clone()), session: None, detail };
        site.store().record(event, &site.by_system()).await.unwrap();
    }
    let first = browser.get("/account/security").await;
    assert_eq!(titles(&first), ["Wrong password typed, 30 times"]);
    assert!(!first.has(">Newest</a>"));
    let link = first.body.split("href=\"/account/security?before=").nth(1).unwrap();
    let before = link.split('#').next().unwrap();
    let second = browser.get(&format!("/account/security?before={before}")).await;
    assert_eq!(titles(&second)[..2], ["Wrong password typed, 10 times", "Signed in"]);
    assert!(second.has("href=\"/account/security#log\">Newest</a>") && !second.has(">Older</a>"));
    // What is no number is no page.
    assert_eq!(titles(&browser.get("/account/security?before=x").await), titles(&first));
    assert!(titles(&browser.get("/account/security?before=1").await).is_empty());
}
