//! What this instance hears of the others, and they of it.
//!
//! The audit trail is the feed: events are numbered in the order of their commits, so those after the
//! last one told are what is new. An instance looks for them when PostgreSQL notifies it, and several
//! times in each lease. It renews its place on the list of instances, and says there what it has heard,
//! when it has told something, and several times in each lease as well. That alone begins the lease
//! anew, at the moment of the question: whatever was committed before that is told first.

mod announcer;
mod barrier;
mod hearing;
mod instance;
mod listener;
mod others;

use std::sync::Arc;
use std::time::Duration;

use sessrum_core::{ChangeFeed, Random};
use tokio::time::sleep;

pub(crate) use announcer::{Announcer, Committed};
pub(crate) use barrier::Barrier;
use hearing::Hearing;
pub(crate) use instance::Instance;
use listener::Listener;
use others::Others;

use crate::connection::Connections;
use crate::options::PostgresOptions;
use crate::server::Server;
use crate::task::Task;

/// PostgreSQL notifies here of every commit that has events.
const CHANNEL: &str = "sessrum_events";

/// Renewals in a lease: some may be late or lost.
const RENEWALS_IN_A_LEASE: u32 = 4;

/// How long after a connection broke another is made: at first, and at most.
const AGAIN: Duration = Duration::from_millis(100);
const LONGEST_AGAIN: Duration = Duration::from_secs(1);

/// Hears, in a task.
pub(crate) fn start_to_hear(
    server: Server,
    options: &PostgresOptions,
    feed: Arc<ChangeFeed>,
    instance: Arc<Instance>,
    other_way: Option<Connections>,
    random: Arc<dyn Random>,
) -> Task {
    let renew_every = options.lease / RENEWALS_IN_A_LEASE;
    let look_every = if options.notifications { renew_every } else { options.poll };
    let channel = options.notifications.then_some(CHANNEL);
    let patience = options.lease;
    let hearing =
        Hearing { feed, instance, other_way, random, look_every, renew_every, patience, channel };
    Task::start(async move {
        let (mut deaf, mut again) = (None, AGAIN);
        loop {
            if let Err(error) = hearing.hear(&server, &mut deaf).await {
                let why = error.to_string();
                if deaf.is_none() {
                    again = AGAIN;
                }
                // At first, and when something else is in the way.
                if deaf.as_ref() != Some(&why) {
                    tracing::warn!("hears of no other instance and uses no cache: {why}");
                    deaf = Some(why);
                }
            }
            sleep(again).await;
            again = again.saturating_mul(2).min(LONGEST_AGAIN);
        }
    })
}
