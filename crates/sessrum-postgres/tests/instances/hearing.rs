use std::time::Duration;

use sessrum_core::EndReason;
use sessrum_core::store::SessionStore as _;
use sessrum_testbed::TcpProxy;

use crate::support::{LEASE, Site, now, time, until};

#[tokio::test(flavor = "multi_thread")]
async fn an_end_on_one_instance_is_heard_by_the_others() {
    let site = Site::start().await;
    let (here, there) = (site.instance(|_| {}).await, site.instance(|_| {}).await);
    let browser = here.sign_in(&site.user).await;
    here.remembers(&browser).await;
    there.remembers(&browser).await;
    here.end(&browser).await;
    assert!(!here.lets_in(&browser).await);
    until(async || !there.lets_in(&browser).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_pages_hear_of_what_happens_on_another_instance() {
    let site = Site::start().await;
    let here = site.instance(|_| {}).await;
    // By itself it would not ask for minutes.
    let there = site.instance(|options| options.lease = Duration::from_hours(1)).await;
    let browser = here.sign_in(&site.user).await;
    let mut watch = there.watch(&browser);
    here.store.switch_platform_if(browser.session.id, None, None, &now()).await.unwrap();
    assert!(watch.changed().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn so_they_do_where_nothing_is_notified() {
    let site = Site::start().await;
    let here = site.instance(|options| options.notifications = false).await;
    let there = site
        .instance(|options| {
            options.notifications = false;
            options.poll = Duration::from_millis(5);
        })
        .await;
    let browser = here.sign_in(&site.user).await;
    let mut watch = there.watch(&browser);
    there.remembers(&browser).await;
    here.end(&browser).await;
    assert!(watch.changed().await);
    assert!(!there.lets_in(&browser).await);
}

/// What happened while nothing was heard is told when something is again.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_the_listener_is_cut() {
    let site = Site::start().await;
    let mut proxy = TcpProxy::start(site.database.address()).await;
    let (here, there) =
        (site.instance(|_| {}).await, site.listening_through(proxy.address()).await);
    let browsers = [here.sign_in(&site.user).await, here.sign_in(&site.user).await];
    let mut watch = there.watch(&browsers[0]);
    proxy.refuse().await;
    proxy.cut().await;
    here.end(&browsers[0]).await;
    proxy.accept().await;
    assert!(watch.changed().await);
    until(async || there.hears()).await;
    // It has the place on the list that it had.
    assert_eq!(site.listed().await, 2);
    let mut watch = there.watch(&browsers[1]);
    here.store.end(browsers[1].session.id, EndReason::Logout, &now()).await.unwrap();
    assert!(watch.changed().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_hears_nothing_goes_by_nothing_it_has_read() {
    let site = Site::start().await;
    let mut proxy = TcpProxy::start(site.database.address()).await;
    let (here, there) =
        (site.instance(|_| {}).await, site.listening_through(proxy.address()).await);
    let browser = here.sign_in(&site.user).await;
    site.until_others_have_heard().await;
    there.remembers(&browser).await;
    proxy.refuse().await;
    proxy.cut().await;
    here.end(&browser).await;
    let seen_after = time(until(async || !there.lets_in(&browser).await)).await;
    assert!(seen_after < LEASE * 2, "{seen_after:?}");
    assert!(!there.hears());
    proxy.accept().await;
    there.until_it_hears().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_programs_events_wake_everyone() {
    let site = Site::start().await;
    let (here, there) = (site.instance(|_| {}).await, site.instance(|_| {}).await);
    let browser = here.sign_in(&site.user).await;
    let mut watch = there.watch(&browser);
    let made_up = "WITH event AS (UPDATE event_counter SET last_id = last_id + 1 RETURNING last_id) \
        INSERT INTO session_events (id, at, kind, actor, detail, seal_key_id, mac) \
        SELECT last_id, 0, 'session_painted', 'system', '', 'a', decode(repeat('00', 32), 'hex') \
        FROM event RETURNING id";
    site.count(made_up).await;
    assert!(watch.changed().await);
}
