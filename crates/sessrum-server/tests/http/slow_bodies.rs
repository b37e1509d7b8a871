//! Bodies that take their time: the session is looked at once more when they have arrived.

use axum::body::{Body, Bytes};
use http_body_util::channel::Channel;
use sessrum_core::Role;

use crate::support::{Answer, Browser, Site};

/// Sends a request's body in two parts, with something in between.
pub(crate) async fn parked(
    browser: &Browser,
    (method, path): (&str, &str),
    (media_type, body): (&'static str, &str),
    meanwhile: impl Future<Output = ()>,
) -> Answer {
    let (mut sender, channel) = Channel::<Bytes>::new(1);
    let mut request = browser.call(method, path).body(media_type, Body::new(channel));
    if media_type != JSON {
        request = request.without("x-csrf-token");
    }
    let (first, rest) = body.split_at(2);
    let parts = async {
        // The second one waits until the first is taken: by then the request is under way.
        sender.send_data(Bytes::copy_from_slice(first.as_bytes())).await.unwrap();
        sender.send_data(Bytes::new()).await.unwrap();
        meanwhile.await;
        let _ = sender.send_data(Bytes::copy_from_slice(rest.as_bytes())).await;
        drop(sender);
    };
    tokio::join!(request.send(), parts).0
}

const PLATFORM: &str = r#"{"name": "New", "platform_type": "pixelfed",
    "instance_url": "https://new.example", "username": "ada"}"#;
const JSON: &str = "application/json";

/// Security: 15.4.2, abuse 2, parameter row
#[tokio::test]
async fn a_session_that_ended_meanwhile_changes_nothing_2() {
    let site = Site::new().await;
    for (call, body) in [
        (("POST", "/api/platforms"), PLATFORM),
        (("PATCH", "/api/platforms/1"), r#"{"name": "Mine"}"#),
        (("PUT", "/api/session/data/draft"), r#""text""#),
        (("POST", "/api/session/platform"), r#"{"platform_id": 2}"#),
    ] {
        let (browser, elsewhere) = {
            let browser = site.signed_in("ada").await;
            (browser.clone(), browser.copied())
        };
        let before = site.signed_in("ada").await.get("/api/platforms").await.ok().text();
        let signed_out = async { drop(elsewhere.log_out().await.is(204)) };
        parked(&browser, call, (JSON, body), signed_out).await.ended("logout");
        let after = site.signed_in("ada").await.get("/api/platforms").await.ok().text();
        assert_eq!(before, after, "{call:?}");
    }
}

/// Security: 7.4.2, 15.4.2
#[tokio::test]
async fn a_user_who_was_disabled_meanwhile_changes_nothing_7_4_2() {
    let site = Site::new().await;
    let eve = site.add_user("eve", Role::Viewer, &[]).await;
    let browser = site.signed_in("eve").await;
    let disabled = async {
        site.manager().store().set_user_active(&eve, false, &site.change()).await.unwrap();
    };
    let answer = parked(&browser, ("POST", "/api/platforms"), (JSON, PLATFORM), disabled).await;
    answer.ended("user_disabled");
    assert!(site.manager().store().platform_connections(&eve).await.unwrap().is_empty());
}

/// Security: 15.4.2, abuse 2
#[tokio::test]
async fn a_form_of_a_session_that_ended_meanwhile_changes_nothing() {
    let site = Site::new().await;
    let (browser, other) = (site.signed_in("ada").await, site.signed_in("ada").await);
    let form = format!("csrf_token={}", browser.csrf());
    let elsewhere = browser.copied();
    let call = ("POST", "/account/sessions/end-others");
    let signed_out = async { drop(elsewhere.log_out().await.is(204)) };
    parked(&browser, call, ("application/x-www-form-urlencoded", &form), signed_out).await.is(401);
    other.state_of().await.ok();
}
