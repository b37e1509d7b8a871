use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use sessrum_core::store::{SessionStore as _, StoreErrorKind};
use sessrum_core::{EndReason, Random as _, SeededRandom, SystemClock};
use sessrum_postgres::PostgresStore;
use sessrum_testbed::{TcpProxy, Way, until};

use crate::support::{LEASE, Site, now, sealer, time};

/// An event of a newer program.
const MADE_UP: &str = "WITH event AS (UPDATE event_counter SET last_id = last_id + 1 RETURNING last_id)
    INSERT INTO session_events (id, at, kind, actor, detail, seal_key_id, mac)
    SELECT last_id, 0, 'session_painted', 'system', '', 'a', decode(repeat('00', 32), 'hex') FROM event";

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
    // By itself it would not ask for a quarter of that.
    let there = site.instance(|options| options.lease = Duration::from_mins(1)).await;
    let browser = here.sign_in(&site.user).await;
    let mut watch = there.watch(&browser);
    here.store.switch_platform_if(browser.session.id, None, None, &now()).await.unwrap();
    let heard_after = time(async { assert!(watch.changed().await) }).await;
    assert!(heard_after < Duration::from_secs(10), "{heard_after:?}");
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
    let (mut proxy, here, there) = site.one_behind_a_proxy().await;
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
    let (mut proxy, here, there) = site.one_behind_a_proxy().await;
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
    site.execute(MADE_UP).await;
    assert!(watch.changed().await);
}

/// Looking is reading: only what is heard, and that an instance is there, is written.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_with_nothing_to_hear_writes_now_and_then() {
    let site = Site::start().await;
    let idle = site
        .instance(|options| {
            options.notifications = false;
            options.poll = Duration::from_millis(1);
        })
        .await;
    let renewals = async || site.count("SELECT renewals FROM instances").await;
    let before = renewals().await;
    let took = time(until(async || renewals().await >= before + 4)).await;
    assert!(took > LEASE / 2, "{took:?}");
    assert!(idle.hears());
}

/// Nobody knows whether it was committed. If it was, or is later, this instance hears of it too.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_hears_of_what_it_may_have_committed_itself() {
    let site = Site::start().await;
    let proxy = TcpProxy::start(site.database.address()).await;
    let here = site
        .instance(|options| {
            options.direct_url = Some(options.url.clone());
            options.url = site.database.url_through(proxy.address());
            // By itself it would not ask for a quarter of that.
            options.lease = Duration::from_mins(1);
        })
        .await;
    let browser = here.sign_in(&site.user).await;
    here.remembers(&browser).await;
    let lock = site.connect().await;
    lock.batch_execute("BEGIN; LOCK session_events IN SHARE MODE").await.unwrap();
    let cutting = async {
        // The events and the commit are with the server.
        let waits = "SELECT count(*) FROM pg_stat_activity \
                     WHERE datname = current_database() AND wait_event_type = 'Lock'";
        until(async || site.count(waits).await > 0).await;
        proxy.stall(Way::ToClient);
        lock.batch_execute("COMMIT").await.unwrap();
        let ended = "SELECT count(*) FROM user_sessions WHERE ended_at IS NOT NULL";
        until(async || site.count(ended).await > 0).await;
        proxy.held(Way::ToClient).await;
        proxy.cut().await;
        proxy.resume(Way::ToClient);
    };
    let (ended, ()) = tokio::join!(here.try_to_end(&browser), cutting);
    assert_eq!(ended, Err(StoreErrorKind::Unavailable));
    let soon = Duration::from_secs(10);
    let heard_after = time(until(async || !here.lets_in(&browser).await)).await;
    assert!(heard_after < soon, "{heard_after:?}");
    // Another that was on its way comes later.
    let mut watch = here.watch(&browser);
    let id = site.count("SELECT id FROM instances").await;
    site.execute(&format!("BEGIN; {MADE_UP}; NOTIFY sessrum_events, '{id} 0'; COMMIT")).await;
    let heard_after = time(async { assert!(watch.changed().await) }).await;
    assert!(heard_after < soon, "{heard_after:?}");
}

/// An instance is known by a number that no other has had, not before nor in a copy of the database.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_draws_its_number() {
    let site = Site::start().await;
    let random = SeededRandom::new(7);
    let (clock, seeded) = (Arc::new(SystemClock), Arc::new(SeededRandom::new(7)));
    let store = PostgresStore::open_with(&site.options(), sealer(), clock, seeded).await.unwrap();
    until(async || site.listed().await == 1).await;
    let mut drawn = [0; 8];
    random.fill(&mut drawn).unwrap();
    assert_eq!(site.count("SELECT id FROM instances").await, i64::from_le_bytes(drawn));
    store.close().await;
}

/// What an older copy of the database has is put in the place of what there is, while instances are at
/// work on it: more has happened there than they have heard of here, and nobody tells them.
const COPY: &str = "CREATE SCHEMA copy;
    CREATE TABLE copy.instances AS TABLE instances;
    CREATE TABLE copy.events AS TABLE session_events";
const PUT_BACK: &str = "BEGIN; LOCK TABLE instances;
    DELETE FROM instances; INSERT INTO instances TABLE copy.instances;
    DELETE FROM session_events; INSERT INTO session_events TABLE copy.events;
    UPDATE event_counter SET last_id = last_id + 1;
    INSERT INTO session_events (id, at, kind, actor, detail, seal_key_id, mac)
        SELECT last_id, 0, 'damage_found', 'system', '', 'a', decode(repeat('00', 32), 'hex')
        FROM event_counter;
    UPDATE user_sessions SET ended_at = 0, end_reason = 'logout';
    COMMIT";

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_of_the_database_is_noticed() {
    let site = Site::start().await;
    let (here, there) = (site.instance(|_| {}).await, site.instance(|_| {}).await);
    site.execute(COPY).await;
    let browser = here.sign_in(&site.user).await;
    site.until_others_have_heard().await;
    there.remembers(&browser).await;
    site.execute(PUT_BACK).await;
    let seen_after = time(until(async || !there.lets_in(&browser).await)).await;
    assert!(seen_after < LEASE * 2, "{seen_after:?}");
    there.until_it_hears().await;
    until(async || site.listed().await == 2).await;
}

/// As when the server was stopped for it, or another took its place.
#[tokio::test(flavor = "multi_thread")]
async fn so_it_is_when_nothing_was_heard_meanwhile() {
    let site = Site::start().await;
    let (mut proxy, here, there) = site.one_behind_a_proxy().await;
    let browser = here.sign_in(&site.user).await;
    site.until_others_have_heard().await;
    there.remembers(&browser).await;
    proxy.refuse().await;
    proxy.cut().await;
    // Nothing that could be counted has changed but for this.
    site.execute("UPDATE user_sessions SET ended_at = 0, end_reason = 'logout'").await;
    proxy.accept().await;
    until(async || !there.lets_in(&browser).await).await;
}

/// Else there would be one more with each lease.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_waits_in_vain_leaves_nothing_behind() {
    let site = Site::start().await;
    let there = site.instance(|options| options.lease = LEASE / 4).await;
    let (list, eye) = (site.connect().await, site.connect().await);
    list.batch_execute("BEGIN; LOCK TABLE instances").await.unwrap();
    let waiting = async || {
        let sql = "SELECT pid FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let rows = eye.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect::<Vec<i32>>()
    };
    let mut seen = HashSet::new();
    while seen.len() < 5 {
        seen.extend(waiting().await);
    }
    let left = waiting().await;
    assert!(left.len() < 3, "{left:?}");
    list.batch_execute("COMMIT").await.unwrap();
    there.until_it_hears().await;
}

/// Nobody who looks for it would find it there, nor would it hear of anything.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_listens_to_another_database_goes_by_nothing_it_has_read() {
    let (site, other) = (Site::start().await, Site::start().await);
    let here = site.instance(|_| {}).await;
    let there = site.opened(|options| options.direct_url = Some(other.database.url())).await;
    let place = "SELECT coalesce(min(id), 0) FROM instances";
    let first = other.count(place).await;
    // It enters that list again and again.
    until(async || there.hears() || ![0, first].contains(&other.count(place).await)).await;
    let browser = here.sign_in(&site.user).await;
    there.remembers(&browser).await;
    here.end(&browser).await;
    assert!(!there.lets_in(&browser).await && !there.hears());
}

/// From then on others take it for one that has heard, and it may never be told that it has entered.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_enters_anew_goes_by_nothing_until_it_has() {
    let site = Site::start().await;
    let proxy = TcpProxy::start(site.database.address()).await;
    let url = site.database.url_through(proxy.address());
    let there = site
        .instance(|options| {
            options.direct_url = Some(url);
            options.lease = Duration::from_mins(1);
        })
        .await;
    let list = site.connect().await;
    list.batch_execute("BEGIN; LOCK TABLE instances").await.unwrap();
    proxy.cut().await;
    until(async || !there.hears()).await;
    list.batch_execute("COMMIT").await.unwrap();
    there.until_it_hears().await;
}
