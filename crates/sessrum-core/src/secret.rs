//! The server's secret and what is derived from it.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

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
        CsrfKey(self.derive("csrf"))
    }

    /// The key under which fingerprints are hashed.
    #[must_use]
    pub fn fingerprint_key(&self) -> FingerprintKey {
        FingerprintKey(self.derive("fingerprint"))
    }

    /// The key under which platform credentials are sealed.
    #[must_use]
    pub fn sealing_key(&self) -> SealingKey {
        let key = self.derive("sealing");
        SealingKey { id: key_id(&key), key }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// Makes CSRF tokens; see [`csrf`](crate::csrf).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct CsrfKey(pub(crate) [u8; 32]);

/// Hashes the facts of a fingerprint; see [`fingerprint`](crate::fingerprint).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct FingerprintKey([u8; 32]);

impl FingerprintKey {
    pub(crate) fn hash(&self, index: usize, fact: &str) -> [u8; 8] {
        let tag = mac(&self.0, &[&index.to_le_bytes(), fact.as_bytes()]);
        tag.first_chunk().copied().unwrap_or_default()
    }
}

/// Seals platform credentials: XChaCha20-Poly1305 under a random nonce, bound to the user they
/// belong to.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SealingKey {
    key: [u8; 32],
    #[zeroize(skip)]
    id: String,
}

/// Credentials as a store holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedCredentials {
    /// Names the key they are sealed under.
    pub key_id: String,
    /// Nonce (24 bytes), then ciphertext and tag.
    pub sealed: Vec<u8>,
}

/// Sealed credentials could not be opened or made.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// They were sealed under a key that is not configured.
    #[error("the credentials are sealed under the key {0}, which is not configured")]
    UnknownKey(String),
    /// They were changed, or belong to another owner.
    #[error("the sealed credentials were altered or belong to another account")]
    Altered,
    /// There was no nonce to be had.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl SealingKey {
    /// Seals `credentials` for `owner`: whoever opens them must name the same owner.
    ///
    /// # Errors
    /// [`SealError::Random`] when there is no randomness to be had.
    pub fn seal(
        &self,
        credentials: &str,
        owner: &str,
        random: &dyn Random,
    ) -> Result<SealedCredentials, SealError> {
        let mut nonce = [0; 24];
        random.fill(&mut nonce)?;
        let payload = Payload { msg: credentials.as_bytes(), aad: owner.as_bytes() };
        let ciphertext = XChaCha20Poly1305::new(&self.key.into())
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealError::Altered)?;
        Ok(SealedCredentials {
            key_id: self.id.clone(),
            sealed: [&nonce[..], &ciphertext].concat(),
        })
    }

    /// Opens what [`seal`](Self::seal) made.
    ///
    /// # Errors
    /// [`SealError::UnknownKey`] when another key sealed it, [`SealError::Altered`] when it is not
    /// what was sealed for this owner.
    pub fn open(
        &self,
        credentials: &SealedCredentials,
        owner: &str,
    ) -> Result<Zeroizing<String>, SealError> {
        if credentials.key_id != self.id {
            return Err(SealError::UnknownKey(credentials.key_id.clone()));
        }
        let (nonce, ciphertext) =
            credentials.sealed.split_first_chunk::<24>().ok_or(SealError::Altered)?;
        let payload = Payload { msg: ciphertext, aad: owner.as_bytes() };
        let opened = XChaCha20Poly1305::new(&self.key.into())
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| SealError::Altered)?;
        String::from_utf8(opened).map(Zeroizing::new).map_err(|_| SealError::Altered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededRandom;

    #[test]
    fn credentials_open_for_their_owner_under_their_key_alone() {
        let random = SeededRandom::new(1);
        let key = SecretKey::from_bytes([1; 32]).sealing_key();
        let sealed = key.seal("token-123", "user 1", &random).unwrap();
        assert_eq!(*key.open(&sealed, "user 1").unwrap(), "token-123");
        assert!(matches!(key.open(&sealed, "user 2"), Err(SealError::Altered)));
        let other = SecretKey::from_bytes([2; 32]).sealing_key();
        assert!(matches!(other.open(&sealed, "user 1"), Err(SealError::UnknownKey(_))));
        let mut cut = sealed;
        cut.sealed.truncate(10);
        assert!(matches!(key.open(&cut, "user 1"), Err(SealError::Altered)));
    }

    #[test]
    fn the_mac_is_rfc_4231_hmac_sha_256() {
        // Test case 2 of RFC 4231 has the key "Jefe", padded with zeros as HMAC does.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let tag = mac(&key, &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(tag[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    }
}
