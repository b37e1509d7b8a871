//! Platform credentials at rest: sealed, so that the database alone does not give them away.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::identity::UserId;
use crate::random::{Random, RandomError};
use crate::secret::{SecretKey, key_id};

/// Seals platform credentials: XChaCha20-Poly1305 under a random nonce, bound to the user they
/// belong to. Opens what was sealed under earlier secrets, too.
#[derive(Clone)]
pub struct SealingKey {
    in_force: NamedKey,
    earlier: Vec<NamedKey>,
}

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct NamedKey {
    key: [u8; 32],
    #[zeroize(skip)]
    id: String,
}

impl NamedKey {
    fn of(secret: &SecretKey) -> Self {
        let key = secret.derive("sealing");
        Self { id: key_id(&key), key }
    }
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
    /// The key of this secret.
    #[must_use]
    pub fn of(secret: &SecretKey) -> Self {
        Self { in_force: NamedKey::of(secret), earlier: Vec::new() }
    }

    /// Also opens what was sealed under earlier secrets.
    #[must_use]
    pub fn with_earlier_secrets(mut self, earlier: &[SecretKey]) -> Self {
        self.earlier.extend(earlier.iter().map(NamedKey::of));
        self
    }

    /// Names the key in force, as [`SealedCredentials::key_id`] does: 8 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.in_force.id
    }

    /// Whether credentials sealed under the key of this name can be opened.
    #[must_use]
    pub fn knows(&self, key_id: &str) -> bool {
        self.find(key_id).is_some()
    }

    /// Seals `credentials` for `owner`: whoever opens them must name the same owner.
    ///
    /// # Errors
    /// [`SealError::Random`] when there is no randomness to be had.
    pub fn seal(
        &self,
        credentials: &str,
        owner: &UserId,
        random: &dyn Random,
    ) -> Result<SealedCredentials, SealError> {
        let mut nonce = [0; 24];
        random.fill(&mut nonce)?;
        let bound_to = bound_to(owner);
        let payload = Payload { msg: credentials.as_bytes(), aad: bound_to.as_bytes() };
        let ciphertext = XChaCha20Poly1305::new(&self.in_force.key.into())
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealError::Altered)?;
        Ok(SealedCredentials {
            key_id: self.in_force.id.clone(),
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
        owner: &UserId,
    ) -> Result<Zeroizing<String>, SealError> {
        let unknown = || SealError::UnknownKey(credentials.key_id.clone());
        let key = self.find(&credentials.key_id).ok_or_else(unknown)?;
        let (nonce, ciphertext) =
            credentials.sealed.split_first_chunk::<24>().ok_or(SealError::Altered)?;
        let bound_to = bound_to(owner);
        let payload = Payload { msg: ciphertext, aad: bound_to.as_bytes() };
        let opened = XChaCha20Poly1305::new(&key.key.into())
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| SealError::Altered)?;
        String::from_utf8(opened).map(Zeroizing::new).map_err(|_| SealError::Altered)
    }

    fn find(&self, key_id: &str) -> Option<&NamedKey> {
        std::iter::once(&self.in_force).chain(&self.earlier).find(|key| key.id == key_id)
    }
}

/// What the seal is bound to, beside the key.
fn bound_to(owner: &UserId) -> String {
    format!("user {owner}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededRandom;

    fn secret(byte: u8) -> SecretKey {
        SecretKey::from_bytes([byte; 32])
    }

    fn key(byte: u8) -> SealingKey {
        SealingKey::of(&secret(byte))
    }

    #[test]
    fn credentials_open_for_their_owner_under_their_key_alone() {
        let random = SeededRandom::new(1);
        let (one, two) = (UserId::from(1), UserId::from(2));
        let right = key(1);
        let sealed = right.seal("token-123", &one, &random).unwrap();
        assert_eq!(*right.open(&sealed, &one).unwrap(), "token-123");
        assert!(matches!(right.open(&sealed, &two), Err(SealError::Altered)));
        let other = key(2);
        assert!(matches!(other.open(&sealed, &one), Err(SealError::UnknownKey(_))));
        let mut cut = sealed;
        cut.sealed.truncate(10);
        assert!(matches!(right.open(&cut, &one), Err(SealError::Altered)));
    }

    #[test]
    fn what_an_earlier_secret_sealed_opens_and_nothing_new_is_sealed_under_it() {
        let (random, owner) = (SeededRandom::new(1), UserId::from(1));
        let before = key(1);
        let sealed = before.seal("token-123", &owner, &random).unwrap();
        let now = key(2).with_earlier_secrets(&[secret(3), secret(1)]);
        assert_eq!(*now.open(&sealed, &owner).unwrap(), "token-123");
        assert!(now.knows(before.id()) && !before.knows(now.id()));
        let again = now.seal("token-123", &owner, &random).unwrap();
        assert_eq!(again.key_id, key(2).id());
    }
}
