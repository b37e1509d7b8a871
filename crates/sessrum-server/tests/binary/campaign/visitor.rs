//! Somebody with several devices: signs in, switches platforms, signs out of one or all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::{Response, Result};
use serde_json::json;
use sessrum_core::{Clock as _, SeededRandom, SystemClock};
use tokio::task::JoinSet;

use super::answers::{Away, lock};
use super::below;
use super::doubts::until_refused;
use super::known::{End, Known};
use super::site::{LEASE, PLATFORMS, name};
use super::world::{World, client};
use crate::process::SignedIn;

const DEVICES: usize = 4;

/// A little rest, so that whoever is refused does not ask all the time.
const REST: Duration = Duration::from_millis(10);

pub(super) async fn visit(world: Arc<World>, user: usize, random: SeededRandom) {
    let (http, devices, doubts) = (client(user), Vec::new(), JoinSet::new());
    let mut visitor = Visitor { world, user, http, random, devices, doubts };
    while !visitor.world.is_over() {
        visitor.step().await;
    }
    while let Some(doubt) = visitor.doubts.join_next().await {
        doubt.unwrap();
    }
}

struct Visitor {
    world: Arc<World>,
    user: usize,
    http: reqwest::Client,
    random: SeededRandom,
    devices: Vec<Arc<Known>>,
    /// Whether ends hold on every server.
    doubts: JoinSet<()>,
}

impl Visitor {
    async fn step(&mut self) {
        while self.doubts.try_join_next().is_some() {}
        let choice = below(&self.random, 12);
        if self.devices.is_empty() || (choice < 4 && self.devices.len() < DEVICES) {
            return self.sign_in().await;
        }
        let device = Arc::clone(&self.devices[below(&self.random, self.devices.len())]);
        let client = device.client.clone();
        match choice {
            0..8 => self.switch(&device).await,
            8 => {
                let ending = self.end([Arc::clone(&device)], Asking::SignsOut(client));
                tokio::join!(self.switch(&device), ending);
            }
            9 => {
                self.every_server_reads(&device).await;
                self.end([device], Asking::SignsOut(client)).await;
            }
            10 => {
                self.every_server_reads(&device).await;
                let other = self.devices.iter().find(|other| !Arc::ptr_eq(other, &device));
                let by = other.unwrap_or(&device).client.clone();
                self.end([device], Asking::Revokes(by, client)).await;
            }
            _ => {
                let others = self.devices.iter().filter(|other| !Arc::ptr_eq(other, &device));
                self.end(others.cloned(), Asking::RevokesOthers(client)).await;
            }
        }
        self.forget_ended();
    }

    async fn sign_in(&mut self) {
        let (http, World { url, answers, counts, sessions, .. }) = (&self.http, &*self.world);
        let answer = answers.of(SignedIn::ask(http, url, &name(self.user))).await;
        match (answer.status, answer.set_cookie) {
            (200, Some(set_cookie)) => {
                let client = SignedIn::of(http, url, &set_cookie, answer.body);
                let device = Arc::new(Known::new(client));
                lock(sessions).push(Arc::clone(&device));
                self.devices.push(device);
                count(&counts.sign_ins);
            }
            (502 | 503, _) => {
                count(&counts.sign_ins_in_doubt);
                tokio::time::sleep(REST).await;
            }
            (429, _) => {
                count(&counts.sign_ins_slowed_down);
                tokio::time::sleep(10 * REST).await;
            }
            (other, _) => answers.fault(format!("{other} for a sign-in: {}", answer.body)),
        }
    }

    async fn switch(&self, device: &Known) {
        let World { answers, counts, .. } = &*self.world;
        let platform = json!(self.user * PLATFORMS + below(&self.random, PLATFORMS) + 1);
        device.asks_for(&platform);
        let asked = device.client.post("/api/session/platform", json!({"platform_id": platform}));
        let answer = answers.of(asked).await;
        match (answer.status, device.facts().end) {
            (200, _) if answer.body["platform"]["id"] == platform => {
                device.is_in(platform);
                count(&counts.switches);
            }
            (502 | 503, _) => tokio::time::sleep(REST).await,
            (401, End::Asked | End::Acknowledged { .. }) => {}
            (other, _) => answers.fault(format!("{other} for a switch: {}", answer.body)),
        }
    }

    /// Asks for the end of devices until that is acknowledged.
    async fn end(&self, devices: impl IntoIterator<Item = Arc<Known>>, asking: Asking) {
        let devices: Vec<_> = devices.into_iter().collect();
        let World { answers, counts, bound, .. } = &*self.world;
        for device in &devices {
            device.set_end(End::Asked);
        }
        let (mut bound, mut asks_again) = (*bound, false);
        loop {
            let answer = answers.of(asking.once()).await;
            // When a server is killed nginx itself asks the next one for what may be asked for twice.
            asks_again |= asking.is_idempotent() && answers.was_away(Away::Server, answer.begun_at);
            match answer.status {
                200 | 204 => break,
                // Whoever asks again may find nothing to end, and has waited.
                404 if asks_again => break,
                // Nobody who may ask is not told of an end.
                401 if asks_again => {
                    bound = LEASE;
                    break;
                }
                502 | 503 => {
                    asks_again = true;
                    count(&counts.ends_asked_again);
                    tokio::time::sleep(REST).await;
                }
                other => {
                    return answers.fault(format!("{other} for an end: {}", answer.body));
                }
            }
        }
        let end = End::Acknowledged { at: SystemClock.uptime(), bound };
        for device in &devices {
            device.set_end(end);
        }
        counts.ends.fetch_add(devices.len(), Ordering::Relaxed);
    }

    /// So that every server has it in its memory.
    async fn every_server_reads(&self, device: &Known) {
        for instance in &self.world.instances {
            self.world.state(device, instance).await;
        }
    }

    /// Leaves devices whose end was asked for, and doubts that it holds.
    fn forget_ended(&mut self) {
        let ended = self.devices.extract_if(.., |device| device.facts().end != End::None);
        for device in ended {
            for number in 0..self.world.instances.len() {
                let (world, device) = (Arc::clone(&self.world), Arc::clone(&device));
                self.doubts.spawn(until_refused(world, device, number));
            }
        }
    }
}

/// Who asks for an end, and of what.
enum Asking {
    SignsOut(SignedIn),
    Revokes(SignedIn, SignedIn),
    RevokesOthers(SignedIn),
}

impl Asking {
    const fn is_idempotent(&self) -> bool {
        matches!(self, Self::Revokes(..))
    }

    async fn once(&self) -> Result<Response> {
        match self {
            Self::SignsOut(client) => client.post("/api/logout", json!({})).await,
            Self::Revokes(client, other) => {
                client.delete(&format!("/api/sessions/{}", other.handle())).await
            }
            Self::RevokesOthers(client) => {
                client.post("/api/sessions/revoke-others", json!({})).await
            }
        }
    }
}

fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}
