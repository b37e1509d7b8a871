//! What is known of a session from what was acknowledged.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use super::answers::lock;
use crate::process::SignedIn;

pub(super) struct Known {
    pub(super) client: SignedIn,
    facts: Mutex<Facts>,
}

#[derive(Clone)]
pub(super) struct Facts {
    /// The platform that was acknowledged last, and those that were asked for since.
    pub(super) platforms: Vec<Value>,
    pub(super) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nobody has asked for it.
    None,
    /// It was asked for.
    Asked,
    /// It was acknowledged, and holds after so long at most.
    Acknowledged { at: Duration, bound: Duration },
}

impl Known {
    pub(super) fn new(client: SignedIn) -> Self {
        let platforms = vec![client.state["platform"]["id"].clone()];
        Self { client, facts: Mutex::new(Facts { platforms, end: End::None }) }
    }

    pub(super) fn facts(&self) -> Facts {
        lock(&self.facts).clone()
    }

    pub(super) fn asks_for(&self, platform: &Value) {
        lock(&self.facts).platforms.push(platform.clone());
    }

    pub(super) fn is_in(&self, platform: Value) {
        lock(&self.facts).platforms = vec![platform];
    }

    pub(super) fn set_end(&self, end: End) {
        lock(&self.facts).end = end;
    }
}
