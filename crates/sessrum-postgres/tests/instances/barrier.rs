use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use sessrum_core::EndReason::Logout;
use sessrum_core::store::{SessionStore as _, StoreErrorKind};
use sessrum_postgres::{PostgresOptions, Revocation};
use sessrum_testbed::{TcpProxy, Way, until};
use tokio::task::JoinSet;

use crate::support::{Browser, Instance, LEASE, Site, now, time};

fn waits(options: &mut PostgresOptions) {
    options.revocation = Revocation::Barrier;
}

const ENDED: &str = "SELECT count(*) FROM user_sessions WHERE ended_at IS NOT NULL";

/// An instance that has a browser's session in its cache, and hears nothing any more.
struct Deaf {
    instance: Instance,
    browser: Browser,
    network: TcpProxy,
}

impl Deaf {
    async fn of(site: &Site, here: &Instance, lease: Duration) -> Self {
        let network = TcpProxy::start(site.database.address()).await;
        let url = site.database.url_through(network.address());
        let instance = site
            .instance(|options| {
                options.direct_url = Some(url);
                options.lease = lease;
            })
            .await;
        let browser = here.sign_in(&site.user).await;
        site.until_others_have_heard().await;
        instance.remembers(&browser).await;
        network.stall(Way::ToServer);
        network.stall(Way::ToClient);
        Self { instance, browser, network }
    }

    async fn lets_in(&self) -> bool {
        self.instance.lets_in(&self.browser).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_an_end_is_acknowledged_no_instance_lets_anybody_in() {
    let site = Site::start().await;
    let here = site.instance(waits).await;
    // If they did not say that they have heard, each end would take a minute.
    let long = |options: &mut PostgresOptions| options.lease = Duration::from_mins(1);
    let others = [site.instance(long).await, site.instance(long).await];
    for _ in 0..50 {
        let browser = here.sign_in(&site.user).await;
        for other in &others {
            other.remembers(&browser).await;
        }
        let took = time(here.end(&browser)).await;
        assert!(took < Duration::from_secs(10), "{took:?}");
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

/// Who asks again finds nothing to end, perhaps because the first was never answered.
///
/// Security: 7.4.1, abuse 23
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_again_is_answered_no_sooner() {
    let site = Site::start().await;
    let (here, there) = (site.instance(waits).await, site.instance(waits).await);
    for way in 0..4 {
        let deaf = Deaf::of(&site, &here, LEASE).await;
        let again = async {
            until(async || site.count(ENDED).await > way).await;
            match way {
                0 => assert_eq!(here.try_to_end(&deaf.browser).await, Ok(false)),
                1 => assert_eq!(there.try_to_end(&deaf.browser).await, Ok(false)),
                2 => {
                    let ended = there.store.end_for_user(&site.user, None, Logout, &now()).await;
                    assert_eq!(ended.unwrap(), []);
                }
                _ => there.store.until_ends_hold().await.unwrap(),
            }
            assert!(!deaf.lets_in().await, "{way}");
        };
        tokio::join!(here.end(&deaf.browser), again);
        deaf.instance.store.close().await;
    }
}

/// Whoever asks it may look there next.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_asked_again_waits_for_itself_as_well() {
    let site = Site::start().await;
    let here = site.instance(|_| {}).await;
    let deaf = Deaf::of(&site, &here, LEASE).await;
    here.end(&deaf.browser).await;
    assert!(deaf.lets_in().await);
    deaf.instance.store.until_heard().await.unwrap();
    assert!(!deaf.lets_in().await);
}

/// How long others may go by what they have read is theirs to say.
#[tokio::test(flavor = "multi_thread")]
async fn when_it_cannot_be_known_who_is_there_nobody_is_told_that_an_end_holds() {
    let site = Site::start().await;
    let impatient = |options: &mut PostgresOptions| {
        waits(options);
        options.statement_timeout = LEASE;
    };
    let here = site.instance(impatient).await;
    let deaf = Deaf::of(&site, &here, Duration::from_mins(1)).await;
    let list = site.connect().await;
    list.batch_execute("BEGIN; LOCK TABLE instances").await.unwrap();
    assert_eq!(here.try_to_end(&deaf.browser).await, Err(StoreErrorKind::Unavailable));
    assert!(deaf.lets_in().await);
    list.batch_execute("COMMIT").await.unwrap();
    deaf.network.resume(Way::ToServer);
    deaf.network.resume(Way::ToClient);
    assert_eq!(here.try_to_end(&deaf.browser).await, Ok(false));
    assert!(!deaf.lets_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_wait_take_one_connection() {
    let site = Site::start().await;
    let named = |options: &mut PostgresOptions| {
        waits(options);
        options.url += "?application_name=named";
        options.direct_url = Some(site.database.url());
    };
    let here = Arc::new(site.instance(named).await);
    let other = site.instance(|_| {}).await;
    let deaf = Deaf::of(&site, &other, LEASE).await;
    let browsers = join_all((0..20).map(|_| other.sign_in(&site.user))).await;
    let mut ends = JoinSet::new();
    for (browser, before) in browsers.into_iter().zip(0..) {
        let here = Arc::clone(&here);
        ends.spawn(async move { here.end(&browser).await });
        // So that each waits by itself.
        until(async || site.count(ENDED).await > before).await;
    }
    ends.join_all().await;
    drop(deaf);
    let connections = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'named'";
    // One writes, and by one the instance may have looked whether it is on the list.
    let connections = site.count(connections).await;
    assert!((2..=3).contains(&connections), "{connections}");
}
