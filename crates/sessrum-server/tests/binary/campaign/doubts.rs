//! Whoever has an old cookie tries it.

use std::sync::Arc;
use std::time::Duration;

use sessrum_core::SeededRandom;

use super::answers::lock;
use super::below;
use super::known::Known;
use super::world::World;

/// Of so many sessions, those signed in last, one is tried.
const RECENT: usize = 60;

/// Asks for the state of sessions, whether they live or not, until the storm is over.
pub(super) async fn doubt(world: Arc<World>, random: SeededRandom) {
    while !world.is_over() {
        let chosen = {
            let sessions = lock(&world.sessions);
            let recent = sessions.len().min(RECENT);
            let chosen = sessions.len() - recent + below(&random, recent.max(1));
            sessions.get(chosen).cloned()
        };
        match chosen {
            Some(known) => drop(world.state(&known, &world.url).await),
            None => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

/// Tries a session that has ended on one of the servers until that refuses it.
pub(super) async fn until_refused(world: Arc<World>, known: Arc<Known>, instance: usize) {
    let lets_in = async {
        loop {
            match world.state(&known, &world.instances[instance]).await.status {
                200 => tokio::time::sleep(Duration::from_millis(1)).await,
                503 => tokio::time::sleep(Duration::from_millis(10)).await,
                _ => return,
            }
        }
    };
    if tokio::time::timeout(Duration::from_secs(30), lets_in).await.is_err() {
        world.answers.fault("a session is let in for half a minute after its end".to_owned());
    }
}
