//! Passwords: Argon2id, a bounded number at a time, off the request threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::directory::PasswordHash;
use crate::password_rule::{PasswordRule, check_guesses, check_length};
use crate::random::{Random, RandomError};

/// How much work a password costs. The default is the floor that OWASP gives for Argon2id:
/// 19 MiB, two passes, one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2 }
    }
}

impl PasswordCost {
    /// Whether Argon2 can work at this cost.
    ///
    /// # Errors
    /// [`PasswordError`] when it is out of Argon2's range.
    pub fn check(self) -> Result<(), PasswordError> {
        self.params().map(|_| ())
    }

    fn params(self) -> Result<Params, PasswordError> {
        Params::new(self.memory_kib, self.passes, 1, None).map_err(failed)
    }
}

/// Hashing did not get through.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// There is no randomness to be had.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The cost is out of Argon2's range, the stored hash is no PHC string, or memory ran out.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
}

/// What came of checking a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// It is another.
    Wrong,
    /// It is the one.
    Right {
        /// Whether its hash was made at a lower cost than today's and should be made anew.
        outdated: bool,
    },
}

/// Hashes and checks passwords. A semaphore bounds how many are hashed at once, so that a storm of
/// sign-ins neither takes all memory nor starves those who are signed in.
pub struct PasswordHasher {
    cost: Params,
    turns: Arc<Semaphore>,
    at_once: usize,
    random: Arc<dyn Random>,
    /// Checked when there is no user, so that it takes as long as when there is one.
    decoy: PasswordHash,
    hashed: AtomicU64,
}

impl PasswordHasher {
    /// A hasher that does at most `at_once` at a time.
    ///
    /// # Errors
    /// [`PasswordError`] when the cost is out of Argon2's range or there is no randomness.
    pub fn new(
        cost: PasswordCost,
        at_once: usize,
        random: Arc<dyn Random>,
    ) -> Result<Self, PasswordError> {
        let cost = cost.params()?;
        let mut secret = [0; 32];
        random.fill(&mut secret)?;
        let decoy = hash(&cost, &secret, random.as_ref())?;
        let at_once = at_once.max(1);
        let turns = Arc::new(Semaphore::new(at_once));
        Ok(Self { cost, turns, at_once, random, decoy, hashed: AtomicU64::new(0) })
    }

    /// How many passwords it hashes at once.
    #[must_use]
    pub const fn at_once(&self) -> usize {
        self.at_once
    }

    /// How many passwords it has hashed or checked: the work that sign-ins have cost so far.
    #[must_use]
    pub fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    /// Hashes a password.
    ///
    /// # Errors
    /// [`PasswordError`] when there is no randomness or memory.
    pub async fn hash(&self, password: &str) -> Result<PasswordHash, PasswordError> {
        let (cost, random) = (self.cost.clone(), Arc::clone(&self.random));
        let password = Zeroizing::new(password.to_owned());
        self.hash_in_turn(move || hash(&cost, password.as_bytes(), random.as_ref())).await
    }

    /// Whether a password may be chosen by somebody whose names and whose site's name are `words`.
    ///
    /// # Errors
    /// [`PasswordError`] when the check breaks down.
    pub async fn check_new(
        &self,
        password: &str,
        words: &[&str],
    ) -> Result<Result<(), PasswordRule>, PasswordError> {
        if let Err(rule) = check_length(password) {
            return Ok(Err(rule));
        }
        let password = Zeroizing::new(password.to_owned());
        let words: Vec<String> = words.iter().copied().map(str::to_owned).collect();
        self.in_turn(move || Ok(check_guesses(&password, words.iter().map(String::as_str)))).await
    }

    /// Checks a password. Without a stored hash it takes the same work and is always wrong.
    ///
    /// # Errors
    /// [`PasswordError`] when the stored hash is no PHC string of Argon2 or memory runs out.
    pub async fn verify(
        &self,
        password: &str,
        stored: Option<&PasswordHash>,
    ) -> Result<Verification, PasswordError> {
        let (real, stored) = (stored.is_some(), stored.unwrap_or(&self.decoy).clone());
        let (cost, password) = (self.cost.clone(), Zeroizing::new(password.to_owned()));
        self.hash_in_turn(move || {
            let parsed = phc::PasswordHash::new(stored.expose()).map_err(failed)?;
            let used = Params::try_from(&parsed).map_err(failed)?;
            let outdated = used.m_cost() < cost.m_cost() || used.t_cost() < cost.t_cost();
            match Argon2::default().verify_password(password.as_bytes(), &parsed) {
                Ok(()) if real => Ok(Verification::Right { outdated }),
                Ok(()) | Err(argon2::password_hash::Error::PasswordInvalid) => {
                    if outdated {
                        // A cheap old hash would tell by its time that there is such a user.
                        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost);
                        argon2
                            .hash_password_into(password.as_bytes(), &[0; 16], &mut [0; 32])
                            .map_err(failed)?;
                    }
                    Ok(Verification::Wrong)
                }
                Err(error) => Err(failed(error)),
            }
        })
        .await
    }

    async fn hash_in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        self.hashed.fetch_add(1, Ordering::Relaxed);
        self.in_turn(work).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        // The permit goes into the work: a caller that goes away does not free its turn early.
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(failed)?;
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        })
        .await
        .map_err(failed)?
    }
}

fn hash(
    cost: &Params,
    password: &[u8],
    random: &dyn Random,
) -> Result<PasswordHash, PasswordError> {
    let mut salt = [0; 16];
    random.fill(&mut salt)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.clone());
    let hash: phc::PasswordHash =
        argon2.hash_password_with_salt(password, &salt).map_err(failed)?;
    Ok(PasswordHash::from_phc(hash.to_string()))
}

fn failed(error: impl std::fmt::Display) -> PasswordError {
    PasswordError::Hash(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use tokio::task::JoinSet;

    use super::*;
    use crate::SeededRandom;

    const CHEAP: PasswordCost = PasswordCost { memory_kib: 64, passes: 1 };

    fn hasher(cost: PasswordCost) -> PasswordHasher {
        PasswordHasher::new(cost, 2, Arc::new(SeededRandom::new(1))).unwrap()
    }

    /// Security: 6.2.8
    #[tokio::test]
    async fn a_password_is_compared_whole_and_as_it_is_6_2() {
        let hasher = hasher(CHEAP);
        let password = "x".repeat(72) + "y";
        let stored = hasher.hash(&password).await.unwrap();
        let check = async |text: &str| hasher.verify(text, Some(&stored)).await.unwrap();
        assert_eq!(check(&password).await, Verification::Right { outdated: false });
        assert_eq!(check(&("x".repeat(72) + "z")).await, Verification::Wrong);
        assert_eq!(check(&password.to_uppercase()).await, Verification::Wrong);
        assert_eq!(check(&format!("{password} ")).await, Verification::Wrong);
        assert_eq!(hasher.verify(&password, None).await.unwrap(), Verification::Wrong);
    }

    /// Holds up whoever asks for a salt, and counts them.
    #[derive(Default)]
    struct Gate {
        waiting: Mutex<usize>,
        is_open: Mutex<bool>,
        opened: Condvar,
    }

    impl Random for Gate {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
            *self.waiting.lock().unwrap() += 1;
            let shut = |is_open: &mut bool| !*is_open;
            drop(self.opened.wait_while(self.is_open.lock().unwrap(), shut).unwrap());
            SeededRandom::new(1).fill(bytes)
        }
    }

    /// A storm of sign-ins takes its turns, and everything else goes on meanwhile.
    ///
    /// Security: parameter hashing
    #[tokio::test]
    async fn no_more_are_hashed_at_once_than_may_be() {
        let gate = Arc::new(Gate::default());
        *gate.is_open.lock().unwrap() = true;
        let hasher = PasswordHasher::new(CHEAP, 2, Arc::clone(&gate) as _).unwrap();
        *gate.is_open.lock().unwrap() = false;
        *gate.waiting.lock().unwrap() = 0;
        let hasher = Arc::new(hasher);
        let mut storm = JoinSet::new();
        for _ in 0..20 {
            let hasher = Arc::clone(&hasher);
            storm.spawn(async move { hasher.hash("correct horse").await.unwrap() });
        }
        // Other tasks run although all turns are taken.
        let waiting = || *gate.waiting.lock().unwrap();
        while waiting() < 2 {
            tokio::task::yield_now().await;
        }
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        // Whoever gives up waiting gives no turn to others before the work is done.
        storm.abort_all();
        while storm.join_next().await.is_some() {}
        let (held, free) = (waiting(), hasher.turns.available_permits());
        *gate.is_open.lock().unwrap() = true;
        gate.opened.notify_all();
        hasher.hash("correct horse").await.unwrap();
        assert_eq!((held, free, waiting()), (2, 0, 3));
    }

    /// Security: 11.4.2, parameter hashing
    #[tokio::test]
    async fn the_default_cost_is_the_floor_and_a_raised_one_asks_for_a_new_hash_11_4_2() {
        let stored = hasher(PasswordCost::default()).hash("correct horse").await.unwrap();
        assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let raised = hasher(PasswordCost { memory_kib: 19_456, passes: 3 });
        assert_eq!(
            raised.verify("correct horse", Some(&stored)).await.unwrap(),
            Verification::Right { outdated: true }
        );
    }
}
