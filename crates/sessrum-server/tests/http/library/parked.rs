//! A request that spans a logout does not bring the session back: it waits in its handler while
//! the logout happens, and then does what it came for.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use sessrum_core::store::{DataWrite, Precondition, PutOutcome};
use sessrum_web::access::update_session_platform;
use sessrum_web::{CurrentSession, Problem, RequestSession};
use tokio::sync::{Notify, oneshot};

use super::application;
use crate::support::{Answer, Browser, MINUTE, Site};

/// Where requests wait.
#[derive(Default)]
struct Gate {
    arrived: Notify,
    go_on: Notify,
}

impl Gate {
    async fn pass(&self) {
        self.arrived.notify_one();
        self.go_on.notified().await;
    }
}

async fn touch(_: CurrentSession, State(gate): State<Arc<Gate>>, session: RequestSession) {
    gate.pass().await;
    let context = session.context().await.unwrap();
    session.manager().update_session_activity(&mut (*context).clone());
}

async fn write(
    CurrentSession(context): CurrentSession,
    State(gate): State<Arc<Gate>>,
    session: RequestSession,
) -> Result<StatusCode, Problem> {
    gate.pass().await;
    let manager = session.manager();
    let write = DataWrite {
        key: "late",
        value: "1",
        precondition: Precondition::None,
        cap: 1000,
        at: manager.now(),
    };
    let outcome = manager.store().put_data(context.session.id, write).await?;
    assert_eq!(outcome, PutOutcome::Gone);
    Ok(StatusCode::NO_CONTENT)
}

async fn switch(_: CurrentSession, State(gate): State<Arc<Gate>>) -> Result<(), Problem> {
    gate.pass().await;
    update_session_platform(&2.into()).await
}

async fn renew(
    CurrentSession(context): CurrentSession,
    State(gate): State<Arc<Gate>>,
    session: RequestSession,
) -> Result<(), Problem> {
    gate.pass().await;
    let renewed = session.manager().reauthenticate_session(&context, session.client()).await?;
    session.renew(renewed.token, renewed.context);
    Ok(())
}

/// An application that serves on while the session is gone.
async fn ignore(_: CurrentSession, State(gate): State<Arc<Gate>>) -> &'static str {
    gate.pass().await;
    "done"
}

async fn site() -> (Site, Arc<Gate>) {
    let gate = Arc::new(Gate::default());
    let routes = Router::new()
        .route("/touch", post(touch))
        .route("/write", post(write))
        .route("/switch", post(switch))
        .route("/renew", post(renew))
        .route("/ignore", post(ignore))
        .with_state(Arc::clone(&gate));
    (application(routes).await, gate)
}

/// Sends a request, signs out while it waits, lets it go on; its answer.
async fn spanning_a_logout(browser: &Browser, gate: &Gate, path: &str) -> Answer {
    let (answered, answer) = oneshot::channel();
    let parked = browser.call("POST", path);
    let sending = tokio::spawn(async move {
        let _ = answered.send(parked.send_and_lose_the_answer().await);
    });
    gate.arrived.notified().await;
    browser.log_out().await.is(204).clears_cookie();
    gate.go_on.notify_one();
    sending.await.unwrap();
    answer.await.unwrap()
}

/// Security: 7.4.1, abuse 1, abuse 2, abuse 3, abuse 4, parameter row
#[tokio::test]
async fn whatever_it_does_the_session_stays_ended() {
    let (site, gate) = site().await;
    for (path, status) in
        [("/touch", 200), ("/write", 204), ("/switch", 401), ("/renew", 401), ("/ignore", 200)]
    {
        let browser = site.signed_in("ada").await;
        let kept = browser.copied();
        let answer = spanning_a_logout(&browser, &gate, path).await.is(status).keeps_cookie();
        if status == 401 {
            answer.ended("logout");
        }
        site.run_jobs().await;
        kept.state_of().await.ended("logout").keeps_cookie();
        assert_eq!(site.live().await, 0, "{path}");
        let kind = site.trail().await.pop().unwrap().kind;
        assert_eq!(kind.as_str(), "session_ended", "{path}");
    }
}

/// The token was due when the request came in.
///
/// Security: abuse 2, abuse 6
#[tokio::test]
async fn it_gets_no_new_token_either() {
    let (site, gate) = site().await;
    let browser = site.signed_in("ada").await;
    for _ in 0..2 {
        site.pass(25 * MINUTE);
        browser.heartbeat().await.ok();
    }
    site.pass(25 * MINUTE);
    spanning_a_logout(&browser, &gate, "/ignore").await.is(200).keeps_cookie();
}

/// The row is gone altogether.
///
/// Security: abuse 3
#[tokio::test]
async fn nor_when_the_row_was_removed() {
    let (site, gate) = site().await;
    for (path, status) in [("/touch", 200), ("/write", 204), ("/switch", 401), ("/renew", 401)] {
        let browser = site.signed_in("ada").await;
        let sending = tokio::spawn(browser.call("POST", path).send_and_lose_the_answer());
        gate.arrived.notified().await;
        browser.log_out().await.is(204);
        let later = site.manager().now() + MINUTE;
        assert_eq!(site.manager().store().delete_ended_before(later, 10).await.unwrap(), 1);
        gate.go_on.notify_one();
        sending.await.unwrap().is(status).keeps_cookie();
        site.run_jobs().await;
        assert_eq!(site.live().await, 0);
    }
}

/// Two requests at once and a sign-in between them: the slow one's answer does not disturb the new
/// session.
///
/// Security: abuse 2
#[tokio::test]
async fn a_late_answer_does_not_touch_a_newer_sign_in() {
    let (site, gate) = site().await;
    let browser = site.signed_in("ada").await;
    let slow = tokio::spawn(browser.call("POST", "/switch").send());
    gate.arrived.notified().await;
    browser.sign_in("ada").await.ok();
    let token = browser.token();
    gate.go_on.notify_one();
    slow.await.unwrap().ended("logout").keeps_cookie();
    assert_eq!(browser.token(), token);
    browser.state_of().await.ok();
}
