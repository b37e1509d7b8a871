//! The secret that the browser holds, and the two public things that stand for it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::digits::hex;
use crate::random::{Random, RandomError};

/// The secret in the session cookie: 32 random bytes, 43 characters of base64url without padding.
///
/// It exists in the browser and in one `Set-Cookie` line. It has no `Display`, its `Debug` shows
/// nothing, and it is wiped from memory when dropped.
///
/// ```
/// use sessrum_core::{OsRandom, SessionToken};
///
/// let token = SessionToken::generate(&OsRandom)?;
/// assert_eq!(SessionToken::parse(&token.expose()).unwrap().hash(), token.hash());
/// assert!(SessionToken::parse("").is_none());
/// # Ok::<(), sessrum_core::RandomError>(())
/// ```
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SessionToken([u8; 32]);

impl SessionToken {
    /// A new token.
    ///
    /// # Errors
    /// [`RandomError`] when there is no randomness to be had.
    pub fn generate(random: &dyn Random) -> Result<Self, RandomError> {
        let mut bytes = [0; 32];
        random.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads a cookie's value. Anything but exactly 43 canonical base64url characters is `None`,
    /// so garbage never reaches a database.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 43 {
            return None;
        }
        let mut bytes = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(32) => Some(Self(bytes)),
            _ => None,
        }
    }

    /// The text for the one `Set-Cookie` line.
    #[must_use]
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What the database knows the token by: its SHA-256.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

/// SHA-256 of a [`SessionToken`]: the key of its row. Sent as a cookie it opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash as a store holds it.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash as a store holds it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// The public name of a session, for lists, URLs, command lines and logs: 16 random bytes, 32
/// lower-case hexadecimal digits. It grants nothing and has nothing to do with the token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionHandle([u8; 16]);

impl SessionHandle {
    /// A new handle.
    ///
    /// # Errors
    /// [`RandomError`] when there is no randomness to be had.
    pub fn generate(random: &dyn Random) -> Result<Self, RandomError> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads a handle from a URL or an argument.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() != 32 || !digits {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|number| Self(number.to_be_bytes()))
    }

    /// The handle as a store holds it.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The handle as a store holds it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for SessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for SessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionHandle({self})")
    }
}

impl serde::Serialize for SessionHandle {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

/// Compares secrets without telling by the time taken where they differ.
pub(crate) fn equal_in_constant_time(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededRandom;
    use crate::sealing::SealingKey;
    use crate::secret::{CsrfKey, FingerprintKey, SecretKey};

    /// Security: 7.2.1, abuse 10, abuse 12, parameter token
    #[test]
    fn strict_parsing_refuses_all_but_the_canonical_text_7_2_1() {
        let token = SessionToken::generate(&SeededRandom::new(1)).unwrap();
        let text = token.expose();
        assert_eq!(text.len(), 43);
        assert!(SessionToken::parse(&text).is_some());
        assert!(SessionToken::parse(&text[..42]).is_none());
        assert!(SessionToken::parse(&format!("{text}=")).is_none());
        assert!(SessionToken::parse(&format!("{}+", &text[..42])).is_none());
        assert!(SessionToken::parse("").is_none());
        assert!(SessionToken::parse(&"é".repeat(43)).is_none());
        // 43 characters carry 258 bits: the two spare ones must be zero.
        assert!(SessionToken::parse(&format!("{}B", "A".repeat(42))).is_none());
    }

    #[test]
    fn a_handle_is_read_as_it_is_written() {
        let handle = SessionHandle::generate(&SeededRandom::new(1)).unwrap();
        let text = handle.to_string();
        assert_eq!(text.len(), 32);
        assert_eq!(SessionHandle::parse(&text), Some(handle));
        assert_eq!(SessionHandle::from_bytes([0; 16]).to_string(), "0".repeat(32));
        for bad in ["", &text[1..], &text.to_uppercase(), &format!("+{}", &text[1..])] {
            assert_eq!(SessionHandle::parse(bad), None, "{bad}");
        }
    }

    /// Security: 11.2.4
    #[test]
    fn secrets_are_compared_whole_and_have_no_equality() {
        let secret = [7; 32];
        assert!(equal_in_constant_time(&secret, &secret));
        assert!(!equal_in_constant_time(&secret, &secret[..31]));
        assert!(!equal_in_constant_time(&secret, &[]));
        for bit in 0..256 {
            let mut other = secret;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!equal_in_constant_time(&secret, &other), "{bit}");
        }
        // Without `==` nobody compares them byte by byte by mistake.
        const {
            assert!(Probe::<u8>::HAS_EQUALITY);
            assert!(!Probe::<SessionToken>::HAS_EQUALITY && !Probe::<SecretKey>::HAS_EQUALITY);
            assert!(!Probe::<CsrfKey>::HAS_EQUALITY && !Probe::<FingerprintKey>::HAS_EQUALITY);
            assert!(!Probe::<SealingKey>::HAS_EQUALITY);
        }
    }

    /// Whether a type has `==`: its own constant is found before that of the trait.
    struct Probe<T>(std::marker::PhantomData<T>);

    impl<T: PartialEq> Probe<T> {
        const HAS_EQUALITY: bool = true;
    }

    trait Otherwise {
        const HAS_EQUALITY: bool = false;
    }

    impl<T> Otherwise for Probe<T> {}

    /// Security: 16.2.5
    #[test]
    fn debug_shows_no_secret() {
        let token = SessionToken::generate(&SeededRandom::new(1)).unwrap();
        assert_eq!(format!("{token:?} {:?}", token.hash()), "SessionToken(…) TokenHash(…)");
    }
}
