//! A cookie that turns up in quite another browser.

use sessrum_core::{
    Client, EndReason, EventKind, FingerprintMode, SessionError, SessionPolicy, SignedIn,
};

use super::ManagerFixture;
use super::fixture::{address, ended, home, refusal};
use crate::proxy::ProxyStore;

fn noticing(app: &ManagerFixture, fingerprint: FingerprintMode) -> ManagerFixture {
    app.with_policy(SessionPolicy { fingerprint, ..SessionPolicy::default() })
}

/// The browser at home after an update.
fn updated() -> Client {
    let agent = home().user_agent.unwrap().replace("Chrome/140", "Chrome/141");
    Client { user_agent: Some(agent.into()), ..home() }
}

/// The browser at home, in another network and another language.
fn moved() -> Client {
    Client {
        ip_address: Some("2001:db8::1".parse().unwrap()),
        language: Some("sv".into()),
        ..home()
    }
}

/// The same browser on another system, in another network and another language.
fn reinstalled() -> Client {
    let agent = home().user_agent.unwrap();
    let agent = agent.replace("Windows NT 10.0; Win64; x64", "X11; Linux x86_64");
    Client { user_agent: Some(agent.into()), platform_hint: Some("Linux".into()), ..moved() }
}

/// Another browser on another system.
fn elsewhere() -> Client {
    Client {
        ip_address: Some([203, 0, 113, 9].into()),
        user_agent: Some(
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into(),
        ),
        language: Some("de".into()),
        platform_hint: None,
    }
}

async fn from(
    app: &ManagerFixture,
    signed_in: &SignedIn,
    client: &Client,
) -> Result<(), SessionError> {
    app.validate_session(&signed_in.token, client).await
}

async fn noticed(app: &ManagerFixture) -> usize {
    app.events_of(EventKind::FingerprintChanged).await.len()
}

pub async fn off_keeps_and_notices_nothing(app: ManagerFixture) {
    let app = noticing(&app, FingerprintMode::Off);
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    assert_eq!(signed_in.context.session.fingerprint, None);
    from(&app, &signed_in, &elsewhere()).await.unwrap();
    assert_eq!(noticed(&app).await, 0);
    let enforcing = noticing(&app, FingerprintMode::Enforce);
    from(&enforcing, &signed_in, &elsewhere()).await.unwrap();
}

pub async fn switched_off_it_forgives_sessions_that_have_one(app: ManagerFixture) {
    let user = app.user("ada").await;
    let signed_in = noticing(&app, FingerprintMode::Enforce).signed_in(&user).await;
    assert!(signed_in.context.session.fingerprint.is_some());
    let off = noticing(&app, FingerprintMode::Off);
    from(&off, &signed_in, &elsewhere()).await.unwrap();
    assert_eq!(noticed(&app).await, 0);
}

pub async fn an_update_of_the_browser_and_a_phone_that_moves_pass(app: ManagerFixture) {
    let user = app.user("ada").await;
    for mode in [FingerprintMode::Observe, FingerprintMode::Enforce] {
        let app = noticing(&app, mode);
        let signed_in = app.signed_in(&user).await;
        for client in [updated(), moved(), reinstalled(), Client::default(), home()] {
            from(&app, &signed_in, &client).await.unwrap();
        }
        assert_eq!(noticed(&app).await, 0);
    }
}

pub async fn observing_records_another_machine_once_until_the_clean_up(app: ManagerFixture) {
    let app = noticing(&app, FingerprintMode::Observe);
    let user = app.user("ada").await;
    let (one, other) = (app.signed_in(&user).await, app.signed_in(&user).await);
    for _ in 0..3 {
        from(&app, &one, &elsewhere()).await.unwrap();
    }
    let [event] = app.events_of(EventKind::FingerprintChanged).await.try_into().unwrap();
    assert_eq!(event.session, Some(one.context.session.handle));
    assert_eq!(event.user_id, Some(user.id));
    assert_eq!(event.ip_address, address(&elsewhere()));
    assert_eq!(event.detail, "6");
    from(&app, &other, &elsewhere()).await.unwrap();
    assert_eq!(noticed(&app).await, 2);
    app.cleanup_expired_sessions().await.unwrap();
    from(&app, &one, &elsewhere()).await.unwrap();
    from(&app, &one, &elsewhere()).await.unwrap();
    assert_eq!(noticed(&app).await, 3);
}

pub async fn concurrent_requests_from_another_machine_are_recorded_once(app: ManagerFixture) {
    let user = app.user("ada").await;
    let token = app.signed_in(&user).await.token;
    app.race(12, |app, _| {
        let token = token.clone();
        async move { app.validate_session(&token, &elsewhere()).await.unwrap() }
    })
    .await;
    assert_eq!(noticed(&app).await, 1);
}

pub async fn enforcing_ends_the_session_of_another_machine(app: ManagerFixture) {
    let app = noticing(&app, FingerprintMode::Enforce);
    let user = app.user("ada").await;
    let (one, other) = (app.signed_in(&user).await, app.signed_in(&user).await);
    let told = ended(EndReason::FingerprintMismatch, app.now());
    assert_eq!(refusal(from(&app, &one, &elsewhere()).await.unwrap_err()), told);
    assert_eq!(app.refusal(&one.token).await, told);
    app.context(&other.token).await;
    let [event] = app.events_of(EventKind::SessionEnded).await.try_into().unwrap();
    assert_eq!(event.detail, "fingerprint_mismatch");
    assert_eq!(event.ip_address, address(&elsewhere()));
    assert_eq!(noticed(&app).await, 0);
}

pub async fn an_observation_that_could_not_be_recorded_is_recorded_later(app: ManagerFixture) {
    let proxy = ProxyStore::of(app.store.shared());
    let app = app.over(proxy.clone(), |manager| manager);
    let user = app.user("ada").await;
    let signed_in = app.signed_in(&user).await;
    proxy.fail_at("record_of_bundled");
    let error = from(&app, &signed_in, &elsewhere()).await.unwrap_err();
    assert!(matches!(error, SessionError::Store(_)), "{error:?}");
    proxy.recover();
    from(&app, &signed_in, &elsewhere()).await.unwrap();
    from(&app, &signed_in, &elsewhere()).await.unwrap();
    assert_eq!(noticed(&app).await, 1);
}
