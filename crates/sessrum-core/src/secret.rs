//! The server's secret and what is derived from it.
//!
//! A secret is replaced by putting a new one in force and naming the one before as an earlier one:
//! open pages, fingerprints and sealed credentials stay good.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::random::{Random, RandomError};

/// HMAC-SHA-256 of `parts`, joined.
pub(crate) fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A key of 32 bytes is a block or less, which HMAC takes as it is.
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    block.zeroize();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// What a key is called where it has been used.
pub(crate) fn key_id(key: &[u8; 32]) -> String {
    let [a, b, c, d, ..] = mac(key, &[b"key id"]);
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}

/// The secret of one installation: 32 bytes from a random source. Each use has a key of its own,
/// derived with HMAC-SHA-256 over the use's name, so that none tells anything about another.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// A new secret.
    ///
    /// # Errors
    /// [`RandomError`] when there is no randomness to be had.
    pub fn generate(random: &dyn Random) -> Result<Self, RandomError> {
        let mut bytes = [0; 32];
        random.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// A secret that was kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to keep them in a file that only the server can read.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        mac(&self.0, &[b"sessrum/", purpose.as_bytes()])
    }

    /// The key under which CSRF tokens are made.
    #[must_use]
    pub fn csrf_key(&self) -> CsrfKey {
        CsrfKey(Keys::of(self.derive("csrf")))
    }

    /// The key under which fingerprints are hashed.
    #[must_use]
    pub fn fingerprint_key(&self) -> FingerprintKey {
        FingerprintKey(Keys::of(self.derive("fingerprint")))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// A key in force, and those of earlier secrets: what was made under them is still known.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Keys {
    pub(crate) in_force: [u8; 32],
    earlier: Vec<[u8; 32]>,
}

impl Keys {
    const fn of(key: [u8; 32]) -> Self {
        Self { in_force: key, earlier: Vec::new() }
    }

    fn with_earlier(mut self, earlier: &[SecretKey], purpose: &str) -> Self {
        self.earlier.extend(earlier.iter().map(|secret| secret.derive(purpose)));
        self
    }

    /// The key in force, then the earlier ones.
    pub(crate) fn all(&self) -> impl Iterator<Item = &[u8; 32]> {
        std::iter::once(&self.in_force).chain(&self.earlier)
    }
}

/// Makes CSRF tokens; see [`csrf`](crate::csrf).
#[derive(Clone)]
pub struct CsrfKey(pub(crate) Keys);

impl CsrfKey {
    /// Also knows the tokens made under earlier secrets.
    #[must_use]
    pub fn with_earlier_secrets(self, earlier: &[SecretKey]) -> Self {
        Self(self.0.with_earlier(earlier, "csrf"))
    }
}

/// Hashes the facts of a fingerprint; see [`fingerprint`](crate::fingerprint).
#[derive(Clone)]
pub struct FingerprintKey(pub(crate) Keys);

impl FingerprintKey {
    /// Also knows the fingerprints taken under earlier secrets.
    #[must_use]
    pub fn with_earlier_secrets(self, earlier: &[SecretKey]) -> Self {
        Self(self.0.with_earlier(earlier, "fingerprint"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mac_is_rfc_4231_hmac_sha_256() {
        // Test case 2 of RFC 4231 has the key "Jefe", padded with zeros as HMAC does.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let tag = mac(&key, &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(tag[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    }
}
