use axum::http::StatusCode;
use sessrum_server::pages::problem_page;
use sessrum_web::{Code, Problem};

use crate::site::Site;

#[tokio::test]
async fn a_problem_is_told_with_its_status_its_id_and_a_way_on() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get("/nothing-here").await;
    assert_eq!(page.status, 404);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.has("<h1>Not found</h1>") && page.has("There is nothing at this address."));
    assert!(page.has(&format!("<code>{}</code>", page.header("x-request-id"))));
    assert!(page.has("<a class=\"button\" href=\"/\">"));
}

#[tokio::test]
async fn the_address_of_a_form_leads_to_its_page() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let of_page = [
        ("/", &["/logout"][..]),
        ("/account/sessions", &["/account/sessions/end", "/account/sessions/end-others"]),
        (
            "/account/platforms",
            &[
                "/account/platforms/switch",
                "/account/platforms/1/default",
                "/account/platforms/1/activate",
                "/account/platforms/1/deactivate",
                "/account/platforms/1/remove",
            ],
        ),
    ];
    for (page, forms) in of_page {
        for form in forms {
            assert_eq!(browser.get(form).await.location(), page, "{form}");
            let way_in = browser.get(&format!("/login?next={form}")).await;
            let led_on = browser.follow(&way_in).await;
            assert_eq!(browser.follow(&led_on).await.status, 200, "{form}");
        }
    }
}

/// Security: 7.4.4
#[tokio::test]
async fn who_is_refused_keeps_the_navigation_and_can_sign_out() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get("/account/platforms").await;
    let stale = [("csrf_token", "stale")];
    let refused = browser.submit(&page, "/account/platforms/1/deactivate", &stale).await;
    assert_eq!(refused.status, 403);
    assert!(refused.has("othing has been changed yet"));
    assert!(refused.has("href=\"/account/sessions\""));
    let out = browser.submit(&refused, "/logout", &[]).await;
    assert_eq!(out.location(), "/login?reason=logout");
}

#[tokio::test]
async fn a_page_that_is_not_there_opens_no_session() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let page = browser.get("/nothing-here").await;
    assert!(page.status == 404 && !page.has_form("/logout"));
}

/// Security: 16.5.3, abuse 27
#[tokio::test]
async fn a_database_that_is_down_is_503_and_no_reason_to_sign_in_27() {
    let site = Site::new().await;
    let mut browser = site.signed_in("ada").await;
    let cookies = browser.cookies.clone();
    site.set_down(true);
    for path in ["/", "/login", "/account/sessions", "/account/platforms", "/account/security"] {
        let page = browser.get(path).await;
        assert_eq!((page.status, page.header("retry-after")), (503, "1"), "{path}");
        assert!(page.has("Temporarily unavailable"));
    }
    assert_eq!(browser.cookies, cookies);
    site.set_down(false);
    assert_eq!(browser.get("/").await.status, 200);
}

#[test]
fn every_code_has_a_way_on_and_keeps_its_status() {
    for (code, way_on) in [
        (Code::SessionExpired, "/login"),
        (Code::ReauthenticationRequired, "/account/confirm?next=%2Faccount%2Fsessions"),
        (Code::PlatformRequired, "/account/platforms"),
        (Code::Forbidden, "/"),
        (Code::CsrfFailed, "/"),
        (Code::StoreUnavailable, "/account/sessions"),
    ] {
        let problem = Problem::new(code).with_status(StatusCode::IM_A_TEAPOT);
        let html = axum_body(&problem);
        assert_eq!(problem_page(&problem, None, None).status(), StatusCode::IM_A_TEAPOT);
        assert!(html.contains(&format!("href=\"{way_on}\">")), "{html}");
    }
}

#[test]
fn details_are_escaped_and_people_are_not_told_of_headers() {
    let problem = Problem::new(Code::NotFound).with_detail("<script>");
    assert!(!axum_body(&problem).contains("<script"));
    assert!(!axum_body(&Problem::new(Code::CsrfFailed)).contains("X-CSRF-Token"));
}

fn axum_body(problem: &Problem) -> String {
    use http_body_util::BodyExt as _;
    let body = problem_page(problem, Some("/account/sessions"), None).into_body();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let bytes = runtime.block_on(body.collect()).unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}
