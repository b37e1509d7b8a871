//! `POST /api/admin/cleanup`.

use super::administered;
use crate::support::{HOUR, MINUTE};

/// Security: 16.3.1, abuse 17
#[tokio::test]
async fn what_is_over_ends_what_ended_long_ago_goes_and_the_trail_stays() {
    let (site, root) = administered().await;
    site.signed_in("ada").await.log_out().await.ok();
    site.pass(8 * 24 * HOUR);
    site.signed_in("bob").await;
    site.pass(31 * MINUTE);
    root.sign_in("root").await.ok();
    let before = site.trail().await;
    let report = root.press("/api/admin/cleanup").await.is(200).keeps_cookie();
    // Bob's and the administrator's first one are over; ada's ended more than a week ago.
    assert_eq!((report.at("/expired"), report.at("/purged")), ("2".into(), "1".into()));
    assert_eq!(site.live().await, 1);
    root.state_of().await.ok();
    let trail = site.trail().await;
    assert_eq!(trail[..before.len()], before);
    let asked = &trail[before.len()];
    assert_eq!((asked.kind.as_str(), asked.actor.as_str()), ("clean_up_started", "user 3"));
    let again = root.press("/api/admin/cleanup").await.is(200);
    assert_eq!((again.at("/expired"), again.at("/purged")), ("0".into(), "0".into()));
}

#[tokio::test]
async fn without_its_event_nothing_is_removed() {
    let (site, root) = administered().await;
    site.signed_in("ada").await;
    site.pass(31 * MINUTE);
    root.sign_in("root").await.ok();
    site.store().fail_at("record");
    root.press("/api/admin/cleanup").await.problem(503, "store_unavailable").keeps_cookie();
    site.store().recover();
    assert_eq!(site.live().await, 3);
}
