use std::time::Duration;

use sessrum_postgres::{PostgresOptions, Revocation};
use sessrum_testbed::{TcpProxy, Way};

use crate::support::{LEASE, Site, time, until};

fn waits(options: &mut PostgresOptions) {
    options.revocation = Revocation::Barrier;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_an_end_is_acknowledged_no_instance_lets_anybody_in() {
    let site = Site::start().await;
    let here = site.instance(waits).await;
    // If they did not say that they have heard, it would take an hour.
    let long = |options: &mut PostgresOptions| options.lease = Duration::from_hours(1);
    let others = [site.instance(long).await, site.instance(long).await];
    for _ in 0..50 {
        let browser = here.sign_in(&site.user).await;
        for other in &others {
            other.remembers(&browser).await;
        }
        here.end(&browser).await;
        for other in &others {
            assert!(!other.lets_in(&browser).await);
        }
    }
    assert_eq!(site.listed().await, 3);
}

/// An instance that cannot be told is waited for until it goes by nothing any more.
#[tokio::test(flavor = "multi_thread")]
async fn so_it_is_when_one_of_them_hears_nothing() {
    let site = Site::start().await;
    let proxy = TcpProxy::start(site.database.address()).await;
    let here = site.instance(waits).await;
    let deaf = site.listening_through(proxy.address()).await;
    let browser = here.sign_in(&site.user).await;
    site.until_others_have_heard().await;
    deaf.remembers(&browser).await;
    proxy.stall(Way::ToServer);
    proxy.stall(Way::ToClient);
    let took = time(here.end(&browser)).await;
    assert!(!deaf.lets_in(&browser).await);
    assert!(took >= LEASE, "{took:?}");
    // Nobody waits for it again.
    until(async || site.listed().await == 1).await;
    let another = here.sign_in(&site.user).await;
    assert!(time(here.end(&another)).await < LEASE);
    proxy.resume(Way::ToServer);
    proxy.resume(Way::ToClient);
    // It is there after all.
    until(async || site.listed().await == 2).await;
    deaf.until_it_hears().await;
    assert!(!deaf.lets_in(&browser).await);
    let browser = here.sign_in(&site.user).await;
    deaf.remembers(&browser).await;
    here.end(&browser).await;
    assert!(!deaf.lets_in(&browser).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_closed_is_not_waited_for_and_one_that_crashed_but_once() {
    let site = Site::start().await;
    let here = site.instance(waits).await;
    let (closed, crashed) = (site.instance(|_| {}).await, site.instance(|_| {}).await);
    closed.store.close().await;
    drop(crashed);
    assert_eq!(site.listed().await, 2);
    let browser = here.sign_in(&site.user).await;
    here.end(&browser).await;
    assert_eq!(site.listed().await, 1);
}
