//! What a body says it is: JSON for the API, a form for pages, and nothing that another site's page
//! could send without asking first.

use sessrum_core::Role;

use crate::support::{Browser, Call, Mutation, Site, mutations};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A site, a signed-in administrator, and a route with a body that is not what it takes.
async fn site() -> Site {
    let site = Site::new().await;
    site.add_user("root", Role::Admin, &["Art", "Films"]).await;
    site
}

fn call(browser: &Browser, route: &Mutation, media_type: &'static str) -> Call {
    browser.call(&route.method, &route.path).body(media_type, "{\"a\":1}")
}

/// Security: 3.5.2, N5.1
#[tokio::test]
async fn every_route_takes_one_kind_of_body_alone() {
    let site = site().await;
    let browser = site.signed_in("root").await;
    let before = site.trail().await;
    for route in mutations(&site) {
        let (own, other) = if route.is_page { (FORM, JSON) } else { (JSON, FORM) };
        for media_type in [
            other,
            "text/plain",
            "text/plain; charset=application/json",
            "multipart/form-data; boundary=x",
            "application/json-seq",
            "application/jsonx",
            "text/json",
            "json",
            "*/*",
            "",
            "é",
        ] {
            let answer = call(&browser, &route, media_type).send().await;
            answer.problem(415, "unsupported_media_type").keeps_cookie();
        }
        let untyped = call(&browser, &route, own).without("content-type");
        let twice = call(&browser, &route, own).also("content-type", own);
        let both = call(&browser, &route, own).also("content-type", "text/plain");
        for wrong in [untyped, twice, both] {
            wrong.send().await.problem(415, "unsupported_media_type").keeps_cookie();
        }
    }
    assert_eq!(site.trail().await, before);
    assert_eq!(browser.state_of().await.ok().at("/session/revision"), "1");
}

/// Security: 3.5.2
#[tokio::test]
async fn its_name_has_any_case_and_parameters() {
    let site = site().await;
    for route in mutations(&site) {
        let names = if route.is_page {
            ["Application/X-WWW-Form-urlencoded", "application/x-www-form-urlencoded;charset=UTF-8"]
        } else {
            ["APPLICATION/json", "application/json ; charset=utf-8"]
        };
        for name in names {
            let browser = site.signed_in("root").await;
            let answer = call(&browser, &route, name).send().await;
            assert_ne!(answer.status, 415, "{route:?}: {answer:?}");
        }
    }
}

/// A form's token opens no route of the API.
///
/// Security: 3.5.2, N5.1
#[tokio::test]
async fn a_form_with_the_token_gets_no_further() {
    let site = site().await;
    let browser = site.signed_in("ada").await;
    let form = format!("platform_id=2&csrf_token={}", browser.csrf());
    let call = browser.call("POST", "/api/session/platform").without("x-csrf-token");
    call.body(FORM, form).send().await.problem(415, "unsupported_media_type");
    assert_eq!(browser.state_of().await.at("/platform/id"), "1");
}
