//! Proof that an unsafe request comes from a page of this site, as far as the token goes.
//!
//! One system, two uses. A **session's token** is an HMAC over the session's handle: it needs no
//! storage, changes with each sign-in, survives the rotation of the cookie, and says nothing about
//! it. A **sign-in form's token** (there is no session yet) is an HMAC over the moment it was made.
//!
//! What is sent is masked with fresh random bytes each time, so that a compressed answer does not
//! give the token away byte by byte. The token is one half of the defence; the origin check of the
//! web layer is the other.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random::{Random, RandomError};
use crate::secret::{CsrfKey, mac};
use crate::time::Timestamp;
use crate::token::{SessionHandle, equal_in_constant_time};

/// How long a sign-in form stays good.
pub const FORM_LIFETIME: Duration = Duration::from_hours(24);

impl CsrfKey {
    /// A fresh masked token for the session: 86 characters.
    ///
    /// # Errors
    /// [`RandomError`] when there is no randomness to be had.
    pub fn session_token(
        &self,
        session: &SessionHandle,
        random: &dyn Random,
    ) -> Result<String, RandomError> {
        let token = session_mac(&self.0.in_force, session);
        let mut mask = [0; 32];
        random.fill(&mut mask)?;
        let mut bytes = [0; 64];
        for (to, from) in bytes.iter_mut().zip(mask.iter().copied().chain(xor(token, mask))) {
            *to = from;
        }
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Whether `text` is a token of this session.
    #[must_use]
    pub fn verify_session_token(&self, session: &SessionHandle, text: &str) -> bool {
        if text.len() != 86 {
            return false;
        }
        let mut bytes = [0; 64];
        let Ok(64) = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) else { return false };
        let Some((mask, rest)) = bytes.split_first_chunk::<32>() else { return false };
        let Ok(masked) = <[u8; 32]>::try_from(rest) else { return false };
        let token = xor(masked, *mask);
        self.0.all().any(|key| equal_in_constant_time(&token, &session_mac(key, session)))
    }

    /// A token for the sign-in form, good for [`FORM_LIFETIME`].
    #[must_use]
    pub fn form_token(&self, now: Timestamp) -> String {
        let moment = now.as_micros().to_be_bytes();
        URL_SAFE_NO_PAD.encode([&moment[..], &form_mac(&self.0.in_force, moment)].concat())
    }

    /// Whether `text` was made by [`form_token`](Self::form_token) not too long ago.
    #[must_use]
    pub fn verify_form_token(&self, text: &str, now: Timestamp) -> bool {
        let mut bytes = [0; 40];
        let Ok(40) = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) else { return false };
        let Some((moment, tag)) = bytes.split_first_chunk::<8>() else { return false };
        let made = Timestamp::from_micros(i64::from_be_bytes(*moment));
        self.0.all().any(|key| equal_in_constant_time(tag, &form_mac(key, *moment)))
            && now.since(made) <= FORM_LIFETIME
    }
}

fn session_mac(key: &[u8; 32], session: &SessionHandle) -> [u8; 32] {
    mac(key, &[b"session", session.as_bytes()])
}

fn form_mac(key: &[u8; 32], moment: [u8; 8]) -> [u8; 32] {
    mac(key, &[b"form", &moment])
}

fn xor(mut left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
    for (to, from) in left.iter_mut().zip(right) {
        *to ^= from;
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SecretKey, SeededRandom};

    /// Security: abuse 31, parameter CSRF
    #[test]
    fn a_token_is_masked_and_belongs_to_one_session_31() {
        let random = SeededRandom::new(3);
        let key = SecretKey::from_bytes([1; 32]).csrf_key();
        let (mine, other) =
            (SessionHandle::from_bytes([1; 16]), SessionHandle::from_bytes([2; 16]));
        let (first, second) = (
            key.session_token(&mine, &random).unwrap(),
            key.session_token(&mine, &random).unwrap(),
        );
        assert_ne!(first, second);
        assert!(key.verify_session_token(&mine, &first));
        assert!(key.verify_session_token(&mine, &second));
        assert!(!key.verify_session_token(&other, &first));
        for bad in ["", "x", &first[1..], &"A".repeat(100_000), &"é".repeat(43)] {
            assert!(!key.verify_session_token(&mine, bad));
        }
    }

    /// Security: parameter CSRF
    #[test]
    fn a_sign_in_form_goes_stale() {
        let key = SecretKey::from_bytes([1; 32]).csrf_key();
        let then = Timestamp::from_micros(1_700_000_000_000_000);
        let token = key.form_token(then);
        assert!(key.verify_form_token(&token, then + FORM_LIFETIME));
        assert!(!key.verify_form_token(&token, then + FORM_LIFETIME + Duration::from_micros(1)));
        assert!(!key.verify_form_token("A", then));
        let other = SecretKey::from_bytes([2; 32]).csrf_key();
        assert!(!other.verify_form_token(&token, then));
    }

    #[test]
    fn tokens_of_an_earlier_secret_stay_good() {
        let then = Timestamp::from_micros(1_700_000_000_000_000);
        let session = SessionHandle::from_bytes([1; 16]);
        let before = SecretKey::from_bytes([1; 32]);
        let token = before.csrf_key().session_token(&session, &SeededRandom::new(3)).unwrap();
        let form = before.csrf_key().form_token(then);
        let now = SecretKey::from_bytes([2; 32]).csrf_key();
        assert!(!now.verify_session_token(&session, &token) && !now.verify_form_token(&form, then));
        let now = now.with_earlier_secrets(&[before]);
        assert!(now.verify_session_token(&session, &token) && now.verify_form_token(&form, then));
    }
}
