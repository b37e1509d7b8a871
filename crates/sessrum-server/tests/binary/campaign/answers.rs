//! Every answer, and whether it may have been given then.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderValue, SET_COOKIE};
use reqwest::{Response, Result};
use serde_json::Value;
use sessrum_core::{Clock as _, SystemClock};

/// An answer, and when it was asked for.
pub(super) struct Answer {
    pub(super) begun_at: Duration,
    /// 0 when there was none.
    pub(super) status: u16,
    pub(super) set_cookie: Option<HeaderValue>,
    pub(super) body: Value,
}

/// What may not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Away {
    /// Servers answer 503.
    Database,
    /// nginx answers 502 to what it cannot ask another server, too.
    Server,
}

struct Window {
    away: Away,
    from: Duration,
    until: Option<Duration>,
}

#[derive(Default)]
pub(super) struct Answers {
    counts: Mutex<BTreeMap<u16, usize>>,
    windows: Mutex<Vec<Window>>,
    faults: Mutex<Vec<String>>,
}

impl Answers {
    /// Waits for an answer and judges it.
    pub(super) async fn of(&self, asked: impl Future<Output = Result<Response>>) -> Answer {
        let begun_at = SystemClock.uptime();
        let (status, set_cookie, body) = match asked.await {
            Err(_) => (0, None, Value::Null),
            Ok(answer) => {
                let set_cookie = answer.headers().get(SET_COOKIE).cloned();
                (answer.status().as_u16(), set_cookie, answer.json().await.unwrap_or_default())
            }
        };
        let may_be = match status {
            1..500 => true,
            503 => self.was_away(Away::Database, begun_at),
            0 | 502 => self.was_away(Away::Server, begun_at),
            _ => false,
        };
        if !may_be {
            self.fault(format!("{status} while everything was there: {body}"));
        }
        *lock(&self.counts).entry(status).or_default() += 1;
        Answer { begun_at, status, set_cookie, body }
    }

    /// Whether something was away at any moment since this one.
    pub(super) fn was_away(&self, away: Away, since: Duration) -> bool {
        lock(&self.windows)
            .iter()
            .any(|window| window.away == away && window.until.is_none_or(|until| since <= until))
    }

    /// From now on something may be away.
    pub(super) fn goes_away(&self, away: Away) {
        let window = Window { away, from: SystemClock.uptime(), until: None };
        lock(&self.windows).push(window);
    }

    /// What was away is back; for how long it was away.
    pub(super) fn is_back(&self) -> Duration {
        let mut windows = lock(&self.windows);
        let window = windows.last_mut().unwrap();
        let now = SystemClock.uptime();
        window.until = Some(now);
        now.saturating_sub(window.from)
    }

    pub(super) fn fault(&self, what: String) {
        lock(&self.faults).push(what);
    }

    pub(super) fn faults(&self) -> Vec<String> {
        lock(&self.faults).clone()
    }

    /// How often each status was answered.
    pub(super) fn counts(&self) -> BTreeMap<u16, usize> {
        lock(&self.counts).clone()
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
