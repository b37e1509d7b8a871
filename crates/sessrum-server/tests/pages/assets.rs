use crate::html::{attribute, tags};
use crate::site::Site;

#[tokio::test]
async fn what_pages_load_is_served_from_here_and_kept_for_good() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let page = browser.get("/login").await;
    let links: Vec<_> = tags(&page.body)
        .into_iter()
        .filter(|tag| tag.starts_with("link"))
        .map(|tag| attribute(tag, "href").unwrap())
        .collect();
    assert_eq!(links.len(), 2);
    for (link, media_type) in links.iter().zip(["text/css; charset=utf-8", "image/svg+xml"]) {
        let asset = browser.get(link).await;
        assert_eq!((asset.status, asset.header("content-type")), (200, media_type));
        assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(!asset.has("http://") || asset.has("http://www.w3.org/2000/svg"));
        assert!(!asset.has("https://"));
        // `style-src` and `img-src` allow the site's own files alone.
        assert!(!asset.has("url(") && !asset.has("@import") && !asset.has("data:"));
        assert!(!asset.has("style=") && !asset.has("<style") && !asset.has("<script"));
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
    assert_eq!(browser.get("/assets/none.css").await.status, 404);
}
