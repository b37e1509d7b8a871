//! What must be so when the storm is over.

use std::sync::Arc;

use serde_json::Value;
use sessrum_core::{Clock as _, SystemClock};
use sessrum_testbed::until;
use tokio_postgres::NoTls;

use super::answers::lock;
use super::known::{End, Known};
use super::site::{LEASE, Site};
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
    trail_is_whole(&site, world).await;
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
async fn trail_is_whole(site: &Site, world: &World) {
    let doctor: Value =
        serde_json::from_str(&run(&["doctor", "--json"], site.directory())).unwrap();
    let failed = doctor.as_array().unwrap().iter().find(|check| check["state"] == "failed");
    assert_eq!(failed, None);
    let (client, connection) = tokio_postgres::connect(&site.database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let recorded = async |kind: &str| {
        let sql = "SELECT count(*) FROM session_events WHERE kind = $1";
        let count: i64 = client.query_one(sql, &[&kind]).await.unwrap().get(0);
        usize::try_from(count).unwrap()
    };
    let counts = &world.counts;
    // The canary's is one.
    let (sign_ins, ends) = (get(&counts.sign_ins) + 1, get(&counts.ends));
    let in_doubt = get(&counts.sign_ins_in_doubt);
    // Of sign-ins in doubt there may be sessions, which end with all others of their user.
    for (kind, acknowledged) in [("signed_in", sign_ins), ("session_ended", ends)] {
        let recorded = recorded(kind).await;
        if !(acknowledged..=acknowledged + in_doubt).contains(&recorded) {
            let of = format!("of {acknowledged} and {in_doubt} in doubt");
            world.answers.fault(format!("{recorded} times {kind} {of}"));
        }
    }
}
