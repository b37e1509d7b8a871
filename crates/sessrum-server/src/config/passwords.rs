use std::time::Duration;

use serde::{Deserialize, Serialize};
use sessrum_core::{PasswordCost, ThrottleRules};

use super::error::ConfigError;
use super::values::Period;

/// 4 GiB: more is a slip of the keys.
const MOST_MEMORY_KIB: u32 = 4 * 1024 * 1024;
/// A password takes seconds then.
const MOST_PASSES: u32 = 64;
/// More than a machine has cores.
const MOST_AT_ONCE: usize = 1024;

const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// The cost of a password, for Argon2id.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordSettings {
    /// Memory in KiB; at least 19456 where others can reach the site. Existing hashes are raised at
    /// the next sign-in.
    pub memory_kib: u32,
    /// Passes; at least 2 where others can reach the site.
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

impl PasswordSettings {
    /// The cost, of a site that only this machine can reach (`closed`) or that others can.
    pub(super) fn cost(&self, closed: bool) -> Result<PasswordCost, ConfigError> {
        const COST: &str = "password.memory_kib and password.passes";
        let cost = PasswordCost { memory_kib: self.memory_kib, passes: self.passes };
        cost.check().map_err(|_| {
            ConfigError::value(COST, "must be in Argon2's range: at least 8 KiB and one pass")
        })?;
        if cost.memory_kib > MOST_MEMORY_KIB || cost.passes > MOST_PASSES {
            let message = format!("must be at most {MOST_MEMORY_KIB} and {MOST_PASSES}");
            return Err(ConfigError::value(COST, &message));
        }
        let floor = PasswordCost::default();
        if !closed && (cost.memory_kib < floor.memory_kib || cost.passes < floor.passes) {
            let message = format!(
                "must be at least {} and {} when the site can be reached from other machines: \
                 less makes stolen hashes cheap to guess",
                floor.memory_kib, floor.passes
            );
            return Err(ConfigError::value(COST, &message));
        }
        if !(1..=MOST_AT_ONCE).contains(&self.at_once) {
            let message = format!("must be 1 to {MOST_AT_ONCE}");
            return Err(ConfigError::value("password.at_once", &message));
        }
        Ok(cost)
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
        // Longer ones are told apart: they are of accounts that need somebody's help.
        let longest_wait = self.longest_wait.positive("throttle.longest_wait")?;
        if longest_wait > LONGEST_WAIT {
            return Err(ConfigError::value("throttle.longest_wait", "must be an hour at most"));
        }
        Ok(ThrottleRules {
            longest_wait,
            address_burst: self.address_burst,
            address_refill: self.address_refill.positive("throttle.address_refill")?,
            ..ThrottleRules::default()
        })
    }
}
