//! The one source of randomness.

use std::sync::Mutex;

use sha2::{Digest, Sha256};

/// Fills buffers with unpredictable bytes.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`RandomError`] when the source has nothing to give. Nothing may be issued then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError>;
}

/// The source of randomness failed.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct RandomError(#[source] getrandom::Error);

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(bytes).map_err(RandomError)
    }
}

/// A repeatable sequence from a seed, for tests. Never for production: anyone who knows the seed
/// knows every token.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    block: Mutex<u64>,
}

impl SeededRandom {
    /// The sequence that belongs to `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, block: Mutex::new(0) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        let mut block = self.block.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for chunk in bytes.chunks_mut(32) {
            *block += 1;
            let digest = Sha256::new()
                .chain_update(self.seed.to_le_bytes())
                .chain_update(block.to_le_bytes())
                .finalize();
            for (to, from) in chunk.iter_mut().zip(digest) {
                *to = from;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;
    use crate::{
        EventSealer, PasswordCost, PasswordHasher, SecretKey, SessionHandle, SessionToken,
    };

    /// Notes how much is asked for, and gives it if it may.
    #[derive(Default)]
    struct Noted {
        asked: Mutex<Vec<usize>>,
        is_empty: bool,
    }

    impl Random for Noted {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
            self.asked.lock().unwrap().push(bytes.len());
            if self.is_empty {
                return Err(RandomError(getrandom::Error::UNSUPPORTED));
            }
            OsRandom.fill(bytes)
        }
    }

    const CHEAP: PasswordCost = PasswordCost { memory_kib: 64, passes: 1 };

    /// Security: 7.2.3, 11.5.1, parameter token
    #[tokio::test]
    async fn every_secret_takes_128_bits_or_more() {
        let source = Arc::new(Noted::default());
        let asked = || std::mem::take(&mut *source.asked.lock().unwrap());
        let secret = SecretKey::generate(source.as_ref()).unwrap();
        let token = SessionToken::generate(source.as_ref()).unwrap();
        let handle = SessionHandle::generate(source.as_ref()).unwrap();
        assert_eq!(asked(), [32, 32, 16]);
        let csrf = secret.csrf_key().session_token(&handle, source.as_ref()).unwrap();
        assert_eq!((token.expose().len(), csrf.len(), asked()), (43, 86, vec![32]));
        EventSealer::new(&secret, source.as_ref()).unwrap();
        assert_eq!(asked(), [32]);
        let hasher = PasswordHasher::new(CHEAP, 1, Arc::clone(&source) as _).unwrap();
        hasher.hash("correct horse").await.unwrap();
        // The decoy's password and salt, and the salt.
        assert_eq!(asked(), [32, 16, 16]);
    }

    /// Security: 11.5.1, 16.5.3
    #[tokio::test]
    async fn without_randomness_nothing_is_issued() {
        let source = Arc::new(Noted { is_empty: true, ..Noted::default() });
        assert!(SecretKey::generate(source.as_ref()).is_err());
        assert!(SessionToken::generate(source.as_ref()).is_err());
        assert!(SessionHandle::generate(source.as_ref()).is_err());
        let secret = SecretKey::from_bytes([1; 32]);
        let handle = SessionHandle::from_bytes([1; 16]);
        assert!(secret.csrf_key().session_token(&handle, source.as_ref()).is_err());
        assert!(EventSealer::new(&secret, source.as_ref()).is_err());
        assert!(PasswordHasher::new(CHEAP, 1, source).is_err());
    }

    /// Security: 11.5.1
    #[test]
    fn the_system_gives_other_bytes_each_time_and_all_of_them() {
        let mut given = BTreeSet::new();
        let (mut set, mut clear) = ([0_u8; 32], [0xff_u8; 32]);
        for _ in 0..100 {
            let mut bytes = [0; 32];
            OsRandom.fill(&mut bytes).unwrap();
            assert!(given.insert(bytes));
            for (byte, (set, clear)) in bytes.iter().zip(set.iter_mut().zip(&mut clear)) {
                *set |= byte;
                *clear &= byte;
            }
        }
        assert_eq!((set, clear), ([0xff; 32], [0; 32]));
    }
}
