use crate::html::{attribute, tags};
use crate::site::Site;

#[tokio::test]
async fn what_pages_load_is_served_from_here_and_kept_for_good() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let page = browser.get("/login").await;
    let mut links: Vec<_> = tags(&page.body)
        .into_iter()
        .filter_map(|tag| attribute(tag, if tag.starts_with("script") { "src" } else { "href" }))
        .filter(|link| link.starts_with("/assets/"))
        .collect();
    links.sort();
    let directory = links[0].rsplit_once('/').unwrap().0.to_owned();
    assert_eq!(directory.len(), "/assets/0123456789abcdef".len());
    // The page's script imports the other one by its name.
    links.push(format!("{directory}/session-sync.js"));
    let script = "text/javascript; charset=utf-8";
    let media_types = ["image/svg+xml", script, "text/css; charset=utf-8", script];
    assert_eq!(links.len(), media_types.len());
    for (link, media_type) in links.iter().zip(media_types) {
        let asset = browser.get(link).await;
        assert_eq!((asset.status, asset.header("content-type")), (200, media_type), "{link}");
        assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(!asset.has("http://") || asset.has("http://www.w3.org/2000/svg"));
        assert!(!asset.has("https://"));
        // `style-src` and `img-src` allow the site's own files alone.
        assert!(!asset.has("url(") && !asset.has("@import"));
        assert!(media_type == script || !asset.has("data:"));
        assert!(!asset.has("style=") && !asset.has("<style") && !asset.has("<script"));
        // Nor does a script make markup or code of text.
        assert!(!asset.has("innerHTML") && !asset.has("eval(") && !asset.has("Function("));
    }
}

#[tokio::test]
async fn assets_open_no_database_and_unknown_ones_are_not_found() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get("/").await;
    let link = page.body.split('"').find(|text| text.starts_with("/assets/")).unwrap().to_owned();
    site.set_down(true);
    assert_eq!(browser.get("/").await.status, 503);
    assert_eq!(browser.get(&link).await.status, 200);
    for path in ["none.css", "sessrum.css", "0123456789abcdef/sessrum.css", "%FF/sessrum.css"] {
        assert_eq!(browser.get(&format!("/assets/{path}")).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn applications_find_the_module_at_an_address_that_stays() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let module = browser.get("/assets/session-sync.js").await;
    assert_eq!(module.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(module.header("cache-control"), "no-cache");
    assert_eq!(module.body, sessrum_web::SESSION_SYNC);
    assert!(!module.header("etag").is_empty());
}
