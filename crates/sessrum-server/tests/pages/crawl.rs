//! What holds for every page.

use std::collections::{BTreeMap, BTreeSet};

use sessrum_core::Role;

use crate::browser::{Browser, Page};
use crate::html::{Form, attribute, forms, tags};
use crate::site::{PASSWORD, Site};

/// Every page that can be reached from `start` by links.
async fn crawl(browser: &mut Browser, start: &str) -> BTreeMap<String, Page> {
    let mut waiting = vec![start.to_owned()];
    let mut found = BTreeMap::new();
    while let Some(path) = waiting.pop() {
        if found.contains_key(&path) {
            continue;
        }
        let page = browser.get(&path).await;
        for tag in tags(&page.body).into_iter().filter(|tag| tag.starts_with("a ")) {
            let link = attribute(tag, "href").unwrap();
            waiting.extend(Some(link).filter(|link| link.starts_with('/')));
        }
        found.insert(path, page);
    }
    found
}

fn check_page(path: &str, page: &Page) {
    let lower = page.body.to_lowercase();
    let tags = tags(&page.body);
    let count =
        |name: &str| tags.iter().filter(|tag| tag.split_whitespace().next() == Some(name)).count();
    assert_eq!((count("h1"), count("main")), (1, 1), "{path}");
    assert!(page.body.starts_with("<!doctype html>") && lower.contains("<html lang=\"en\">"));
    assert!(lower.contains("class=\"skip\" href=\"#content\"") && lower.contains("id=\"content\""));
    assert_eq!((count("style"), count("iframe")), (0, 0), "{path}");
    assert_eq!(page.header("cache-control"), "no-store");
    check_policy(path, page, &tags);
    let mut ids = BTreeSet::new();
    for tag in &tags {
        assert_eq!(attribute(tag, "style"), None, "{path}: {tag}");
        for piece in tag.split_whitespace().skip(1) {
            assert!(!(piece.starts_with("on") && piece.contains('=')), "{path}: {tag}");
        }
        for name in ["src", "href", "action", "srcset"] {
            if let Some(link) = attribute(tag, name) {
                assert!(link.starts_with('/') && !link.starts_with("//") || link == "#content");
            }
        }
        if let Some(id) = attribute(tag, "id") {
            assert!(ids.insert(id.clone()), "{path}: {id} twice");
        }
    }
    check_fields(path, &tags);
}

/// The content security policy, and that the page asks for nothing that it forbids.
fn check_policy(path: &str, page: &Page, tags: &[&str]) {
    let policy: Vec<_> = page.header("content-security-policy").split("; ").collect();
    for directive in [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(&directive), "{path}: {policy:?}");
    }
    assert!(!policy.iter().any(|directive| directive.contains("unsafe")), "{path}: {policy:?}");
    check_scripts(path, page, &policy, tags);
    for tag in tags {
        let name = tag.split_whitespace().next().unwrap_or_default();
        // What needs `object-src`, `media-src`, `font-src` or `base-uri`.
        let forbidden = ["object", "embed", "applet", "video", "audio", "base", "portal"];
        assert!(!forbidden.contains(&name), "{path}: {tag}");
        assert!(!tag.to_lowercase().contains("javascript:"), "{path}: {tag}");
        if name == "link" {
            let rel = attribute(tag, "rel").unwrap();
            assert!(matches!(rel.as_str(), "stylesheet" | "icon"), "{path}: {tag}");
        }
        if name == "meta" {
            assert_eq!(attribute(tag, "http-equiv"), None, "{path}: {tag}");
        }
    }
}

/// One script, which names the nonce; none on pages that are the same for everybody.
fn check_scripts(path: &str, page: &Page, policy: &[&str], tags: &[&str]) {
    let scripts: Vec<_> = tags.iter().filter(|tag| tag.starts_with("script")).collect();
    if policy.contains(&"script-src 'none'") {
        assert!(scripts.is_empty(), "{path}: {scripts:?}");
        return;
    }
    let nonce = page.nonce();
    assert!(policy.contains(&&*format!("script-src 'nonce-{nonce}'")), "{path}: {policy:?}");
    assert!(policy.contains(&"connect-src 'self'"), "{path}: {policy:?}");
    assert_eq!((scripts.len(), page.body.matches("<script").count()), (1, 1), "{path}");
    for (name, value) in [("type", "module"), ("nonce", &nonce)] {
        assert_eq!(attribute(scripts[0], name).as_deref(), Some(value), "{path}");
    }
    assert!(attribute(scripts[0], "src").unwrap().ends_with("/session-page.js"), "{path}");
    assert!(page.has("></script>"), "{path}: nothing stands in it");
}

/// Every field that one sees has a label, and every description is there.
fn check_fields(path: &str, tags: &[&str]) {
    let labels: Vec<_> = tags.iter().filter_map(|tag| attribute(tag, "for")).collect();
    for (index, tag) in tags.iter().enumerate().filter(|(_, tag)| tag.starts_with("input")) {
        let hidden = attribute(tag, "type").as_deref() == Some("hidden")
            || attribute(tag, "hidden").is_some();
        let labelled = attribute(tag, "id").is_some_and(|id| labels.contains(&id))
            || tags[index - 1].starts_with("label");
        assert!(hidden || labelled, "{path}: {tag}");
        if let Some(described) = attribute(tag, "aria-describedby") {
            for id in described.split(' ') {
                let is_it = |tag: &&str| attribute(tag, "id").as_deref() == Some(id);
                assert!(tags.iter().any(is_it), "{path}: {tag}");
            }
        }
    }
}

/// A password manager learns whose password a form takes.
fn check_passwords(form: &Form, user: &str) {
    if form.fields.iter().any(|(name, _)| name == "password" || name == "current_password") {
        assert!(form.fields.contains(&("username".to_owned(), user.to_owned())), "{}", form.action);
    }
}

/// Security: 7.4.4, 3.5.8
#[tokio::test]
async fn every_signed_in_page_has_a_sign_out_that_works() {
    let site = Site::new().await;
    for user in ["ada", "new"] {
        let mut browser = site.signed_in(user).await;
        let pages = crawl(&mut browser, "/").await;
        let paths: Vec<_> = pages.keys().map(String::as_str).collect();
        let confirm = "/account/confirm";
        assert_eq!(
            paths,
            ["/", confirm, "/account/platforms", "/account/security", "/account/sessions"]
        );
        for (path, page) in pages.iter().map(|(path, page)| (path.as_str(), page)) {
            assert_eq!(page.status, 200, "{path}");
            check_page(path, page);
            let current = format!("href=\"{path}\" aria-current=\"page\"");
            assert_eq!(page.body.matches("aria-current").count(), usize::from(path != confirm));
            assert!(path == confirm || page.has(&current), "{path}");
            assert!(page.has(user));
            for form in forms(&page.body) {
                assert_eq!(form.method, "post");
                assert_eq!(form.fields[0].0, "csrf_token", "{path}: {}", form.action);
                check_passwords(&form, user);
            }
            let mut again = site.signed_in(user).await;
            let page = again.get(if path.is_empty() { "/account/confirm" } else { path }).await;
            assert_eq!(again.submit(&page, "/logout", &[]).await.status, 303);
            assert!(again.cookies.is_empty());
        }
    }
}

/// Every field that takes a password hides it, is of any length, may be pasted into, and tells a
/// password manager which one it wants. (No page has scripts, nor attributes that hold any.)
///
/// Security: 6.2.6, 6.2.7
#[tokio::test]
async fn password_fields_hide_what_is_typed_and_hinder_no_password_manager() {
    let site = Site::new().await;
    let login = site.browser().get("/login").await;
    let mut browser = site.signed_in("ada").await;
    let mut found = Vec::new();
    for page in
        [login, browser.get("/account/confirm").await, browser.get("/account/security").await]
    {
        for tag in tags(&page.body).into_iter().filter(|tag| tag.starts_with("input")) {
            let name = attribute(tag, "name").unwrap_or_default();
            if !name.contains("password") {
                continue;
            }
            assert_eq!(attribute(tag, "type").as_deref(), Some("password"), "{tag}");
            let wanted = if name.starts_with("new") { "new-password" } else { "current-password" };
            assert_eq!(attribute(tag, "autocomplete").as_deref(), Some(wanted), "{tag}");
            for hindrance in ["maxlength", "pattern", "readonly", "disabled", "value", "onpaste"] {
                assert_eq!(attribute(tag, hindrance), None, "{tag}");
            }
            found.push(name);
        }
    }
    let expected =
        ["password", "password", "current_password", "new_password", "new_password_again"];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn every_signed_out_page_is_sound() {
    let site = Site::new().await;
    let mut browser = site.browser();
    for path in ["/login", "/login?reason=logout", "/nothing-here"] {
        let page = browser.get(path).await;
        check_page(path, &page);
        assert!(page.has("<body data-platform-id=\"\" data-revision=\"\">"), "{path}");
    }
    for path in ["/", "/account/sessions", "/account/platforms", "/account/security"] {
        assert!(browser.get(path).await.location().starts_with("/login?reason=session_not_found"));
    }
}

#[tokio::test]
async fn pages_with_errors_are_as_sound() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    for path in ["/account/platforms", "/account/security", "/account/confirm"] {
        let page = browser.get(path).await;
        let again = browser.submit(&page, path, &[]).await;
        assert!(again.has("aria-invalid"), "{path}");
        check_page(path, &again);
    }
    site.advance(11);
    check_page("stale", &browser.get("/account/sessions").await);
}

/// Security: 3.5.1, N5.1
#[tokio::test]
async fn unsafe_page_requests_need_the_token_n5_1() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    for path in [
        "/logout",
        "/account/confirm",
        "/account/sessions/end",
        "/account/sessions/end-others",
        "/account/platforms",
        "/account/platforms/switch",
        "/account/platforms/1/default",
        "/account/platforms/1/deactivate",
        "/account/platforms/1/remove",
        "/account/security",
    ] {
        let answer = browser.post(path, &[("csrf_token".to_owned(), "A".repeat(86))]).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.has("othing has been changed yet"), "{path}");
        check_page(path, &answer);
    }
    assert_eq!(site.platforms_of("ada").await.len(), 2);
}

/// Security: 16.4.1
#[tokio::test]
async fn hostile_names_are_text() {
    let site = Site::empty();
    let hostile = "\"'><script>alert(1)</script>&lt;";
    let user = site.add_user(hostile, Role::Viewer).await;
    for number in 0..2 {
        site.add_platform(&user, &format!("{hostile}{number}"), &format!("{hostile}{number}"))
            .await;
    }
    let mut browser = site.browser();
    browser.user_agent = "<script>alert(1)</script>";
    for _ in 0..2 {
        browser.cookies.clear();
        let form = browser.get("/login").await;
        let typed = [("username", hostile), ("password", PASSWORD)];
        assert_eq!(browser.submit(&form, "/login", &typed).await.location(), "/");
    }
    let pages = crawl(&mut browser, "/").await;
    assert_eq!(pages.len(), 5);
    for (path, page) in &pages {
        check_page(path, page);
        assert!(page.has("&#60;script&#62;"), "{path}");
    }
    assert!(pages["/account/sessions"].has("&#60;script&#62;"));
}
