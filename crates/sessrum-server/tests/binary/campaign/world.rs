//! What visitors, doubters and disturbances share.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::header::HeaderName;
use sessrum_testbed::until;

use super::answers::{Answer, Answers, lock};
use super::known::{End, Known};
use super::site::{Instance, Site, name};
use crate::process::SignedIn;

pub(super) struct World {
    pub(super) http: reqwest::Client,
    /// Where nginx is.
    pub(super) url: String,
    /// Where each server is.
    pub(super) instances: Vec<String>,
    /// Somebody who stays, and is asked after by whoever waits for a server.
    pub(super) canary: SignedIn,
    /// How long after its acknowledgement an end may not hold yet.
    pub(super) bound: Duration,
    pub(super) answers: Answers,
    pub(super) sessions: Mutex<Vec<Arc<Known>>>,
    pub(super) counts: Counts,
    /// The longest that a session was let in after its end was acknowledged.
    worst: Mutex<Duration>,
    over: AtomicBool,
}

/// How much was acknowledged, and of how much it is not known.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) sign_ins: AtomicUsize,
    pub(super) sign_ins_in_doubt: AtomicUsize,
    /// Attempts that an outage cut short count as failures.
    pub(super) sign_ins_slowed_down: AtomicUsize,
    pub(super) switches: AtomicUsize,
    pub(super) ends: AtomicUsize,
    pub(super) ends_asked_again: AtomicUsize,
}

impl World {
    /// The user of this number is its canary.
    pub(super) async fn new(site: &Site, bound: Duration, user: usize) -> Self {
        let (http, url) = (client(user), format!("http://{}", site.nginx.address()));
        let answers = Answers::default();
        let answer = answers.of(SignedIn::ask(&http, &url, &name(user))).await;
        let canary = SignedIn::of(&http, &url, &answer.set_cookie.unwrap(), answer.body);
        Self {
            http,
            url,
            canary,
            answers,
            instances: site.instances.iter().map(Instance::url).collect(),
            bound,
            sessions: Mutex::default(),
            counts: Counts::default(),
            worst: Mutex::default(),
            over: AtomicBool::new(false),
        }
    }

    /// A platform of the user who stays.
    pub(super) fn canarys_platform(&self) -> i64 {
        self.canary.state["platform"]["id"].as_i64().unwrap()
    }

    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Waits until so many more changes have been acknowledged.
    pub(super) async fn until_more_changes(&self, more: usize) {
        let Counts { sign_ins, switches, ends, .. } = &self.counts;
        let changes = || [sign_ins, switches, ends].map(get).iter().sum::<usize>();
        let enough = changes() + more;
        until(async || changes() >= enough).await;
    }

    /// Waits until so many more requests have been refused.
    pub(super) async fn until_more_are_refused(&self, more: usize) {
        let enough = self.refusals() + more;
        until(async || self.refusals() >= enough).await;
    }

    pub(super) fn refusals(&self) -> usize {
        self.answers.counts().range(500..).map(|(_, count)| count).sum()
    }

    pub(super) fn worst(&self) -> Duration {
        *lock(&self.worst)
    }

    /// Asks for the state of a session, of one of the servers or whomever nginx asks, and compares the
    /// answer with what is known.
    pub(super) async fn state(&self, known: &Known, of: &str) -> Answer {
        let before = known.facts().end;
        let answer = self.answers.of(known.client.at(of).get("/api/session/state")).await;
        match (answer.status, before, known.facts().end) {
            (200, End::Acknowledged { at, bound }, _) => {
                let late = answer.begun_at.saturating_sub(at);
                if bound == self.bound {
                    let mut worst = lock(&self.worst);
                    *worst = worst.max(late);
                }
                if late > bound {
                    let handle = known.client.handle();
                    self.answers.fault(format!("{handle} was let in {late:?} after its end"));
                }
            }
            (401, _, End::None) => {
                self.answers.fault(format!("an acknowledged session is gone: {}", answer.body));
            }
            (200 | 401 | 0 | 502 | 503, ..) => {}
            (other, ..) => self.answers.fault(format!("{other} for a state: {}", answer.body)),
        }
        answer
    }
}

/// A client at an address of its own.
pub(super) fn client(number: usize) -> reqwest::Client {
    let address = format!("192.0.2.{}", number + 1).parse().unwrap();
    let headers = [(HeaderName::from_static("x-forwarded-for"), address)].into_iter().collect();
    reqwest::Client::builder().default_headers(headers).build().unwrap()
}

/// What a counter says.
pub(super) fn get(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::Relaxed)
}
