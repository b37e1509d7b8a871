use serde::{Deserialize, Serialize};
use sessrum_core::{PasswordCost, ThrottleRules};

use super::error::ConfigError;
use super::values::Period;

/// The cost of a password, for Argon2id.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordSettings {
    /// Memory in KiB. Existing hashes are raised at the next sign-in.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
    /// How many are hashed at once.
    pub at_once: usize,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        let cost = PasswordCost::default();
        // Half of the cores hash at most, so that the others serve who is signed in.
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { memory_kib: cost.memory_kib, passes: cost.passes, at_once: (cores / 2).max(1) }
    }
}

/// How often passwords may be tried. Accounts have fixed limits: five failures at a place are free.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThrottleSettings {
    /// The longest wait between attempts on an account; it doubles from one second.
    pub longest_wait: Period,
    /// Failures from one address at once, over all accounts.
    pub address_burst: u32,
    /// How long it takes until an address may fail once more.
    pub address_refill: Period,
}

impl Default for ThrottleSettings {
    fn default() -> Self {
        let rules = ThrottleRules::default();
        Self {
            longest_wait: Period(rules.longest_wait),
            address_burst: rules.address_burst,
            address_refill: Period(rules.address_refill),
        }
    }
}

impl ThrottleSettings {
    pub(super) fn rules(&self) -> Result<ThrottleRules, ConfigError> {
        if self.address_burst == 0 {
            return Err(ConfigError::value("throttle.address_burst", "must be at least 1"));
        }
        Ok(ThrottleRules {
            longest_wait: self.longest_wait.positive("throttle.longest_wait")?,
            address_burst: self.address_burst,
            address_refill: self.address_refill.positive("throttle.address_refill")?,
            ..ThrottleRules::default()
        })
    }
}
