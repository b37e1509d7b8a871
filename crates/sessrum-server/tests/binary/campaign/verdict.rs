//! What must be so when the storm is over.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use sessrum_core::{Clock as _, SystemClock};
use sessrum_testbed::until;
use tokio_postgres::{Client, NoTls};

use super::answers::lock;
use super::known::{End, Known};
use super::site::{LEASE, POOL, Site};
use super::world::{World, get};
use crate::process::run;

pub(super) async fn pass(mut site: Site, world: &World) {
    let over_at = SystemClock.uptime();
    until(async || SystemClock.uptime() > over_at + LEASE).await;
    let sessions = lock(&world.sessions).clone();
    for known in &sessions {
        for instance in &world.instances {
            is_as_acknowledged(world, known, instance).await;
        }
    }
    let counts = &world.counts;
    println!("{counts:?}\nanswers by status: {:?}", world.answers.counts());
    println!("an end held no later than {:.1?} after its acknowledgement", world.worst());
    let (client, connection) = tokio_postgres::connect(&site.database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    trail_is_whole(&site, world, &sessions, &client).await;
    connections_are_given_back(&site, &client).await;
    for instance in &mut site.instances {
        let (stopped_well, log) = tokio::task::block_in_place(|| instance.stop());
        assert!(stopped_well && !log.contains("panicked"), "{log}");
    }
    let faults = world.answers.faults();
    assert!(faults.is_empty(), "{} faults: {:#?}", faults.len(), &faults[..faults.len().min(10)]);
    for (name, counter) in [("sign-ins", &counts.sign_ins), ("ends", &counts.ends)] {
        assert!(get(counter) > 50, "the storm was too short: {} {name}", get(counter));
    }
}

/// Whether a server tells of a session what was acknowledged last.
async fn is_as_acknowledged(world: &World, known: &Arc<Known>, instance: &str) {
    let (answer, facts) = (world.state(known, instance).await, known.facts());
    let platform = &answer.body["platform"]["id"];
    let is_so = match facts.end {
        End::None => answer.status == 200 && facts.platforms.contains(platform),
        End::Acknowledged { .. } => answer.status == 401,
        End::Asked => false,
    };
    if !is_so {
        let (handle, status) = (known.client.handle(), answer.status);
        let known = format!("{:?} {:?}", facts.platforms, facts.end);
        world.answers.fault(format!("{handle}: {status} {platform}, and not {known}"));
    }
}

/// Nothing is missing in the audit trail, and nothing is there that nobody asked for.
async fn trail_is_whole(site: &Site, world: &World, sessions: &[Arc<Known>], client: &Client) {
    let doctor: Value =
        serde_json::from_str(&run(&["doctor", "--json"], site.directory())).unwrap();
    let failed = doctor.as_array().unwrap().iter().find(|check| check["state"] == "failed");
    assert_eq!(failed, None);
    let sql = "SELECT encode(session_handle, 'hex'), count(*) FILTER (WHERE kind = 'signed_in'), \
               count(*) FILTER (WHERE kind = 'session_ended') FROM session_events \
               WHERE session_handle IS NOT NULL GROUP BY session_handle";
    let rows = client.query(sql, &[]).await.unwrap();
    let mut recorded: HashMap<String, (i64, i64)> =
        rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect();
    for known in sessions {
        let wanted = (1, i64::from(known.facts().end != End::None));
        let (handle, found) = (known.client.handle(), recorded.remove(known.client.handle()));
        if found != Some(wanted) {
            world
                .answers
                .fault(format!("{handle} began and ended {found:?} times, not {wanted:?}"));
        }
    }
    // The canary's, and those of sign-ins in doubt, which end with all others of their user.
    let most = 1 + get(&world.counts.sign_ins_in_doubt);
    let is_once = |times: &(i64, i64)| matches!(times, (1, 0 | 1));
    if recorded.len() > most || !recorded.values().all(is_once) {
        world.answers.fault(format!("of {most} at most: {recorded:?}"));
    }
}

/// Waits until nobody has a connection but whoever needs it.
async fn connections_are_given_back(site: &Site, client: &Client) {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sessrum'";
    // Beside those that read one writes, one listens, and one may clean up.
    let most = site.instances.len() * (POOL + 3);
    until(async || {
        let count: i64 = client.query_one(sql, &[]).await.unwrap().get(0);
        usize::try_from(count).unwrap() <= most
    })
    .await;
}
