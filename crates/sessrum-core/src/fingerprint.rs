//! A cookie that turns up in quite another browser: noticed, and by choice refused.
//!
//! Five facts of the client are kept, each as its own keyed hash, so that the database tells
//! nothing about them and each can be compared alone. The score of a request is the sum of the
//! weights of the facts that differ:
//!
//! | fact | weight | why |
//! | --- | --- | --- |
//! | operating system's family | 3 | does not change under a browser |
//! | browser's family | 2 | an update keeps it |
//! | platform client hint | 1 | repeats the system where it is sent |
//! | first language | 1 | people change it |
//! | address prefix (/24, /48) | 1 | phones move |
//!
//! The score tells how much changed, for the audit trail. The judgement is another: a request comes
//! from another machine exactly when the families of the system and of the browser both differ. A
//! fact that is missing on either side does not differ.

use crate::client::{Client, browser_and_system, network};
use crate::secret::{FingerprintKey, mac};

const FACTS: usize = 5;
const WEIGHTS: [u32; FACTS] = [3, 2, 1, 1, 1];

/// What is done when a session's fingerprint no longer matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FingerprintMode {
    /// Nothing is kept or compared.
    Off,
    /// A mismatch is recorded in the audit trail.
    #[default]
    Observe,
    /// A mismatch ends the session.
    Enforce,
}

/// Keyed hashes of the client's facts, eight bytes each; all zero where a fact is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionFingerprint([[u8; 8]; FACTS]);

impl SessionFingerprint {
    /// Takes the fingerprint of a client.
    #[must_use]
    pub fn of(client: &Client, key: &FingerprintKey) -> Self {
        Self::under(client, &key.0.in_force)
    }

    /// The client's fingerprint under the key that this one was taken under: the one of the keys
    /// in force and before under which the two differ least.
    #[must_use]
    pub fn nearest_of(&self, client: &Client, key: &FingerprintKey) -> Self {
        let taken = key.0.all().map(|key| Self::under(client, key));
        taken.min_by_key(|found| self.difference(found)).unwrap_or_else(|| Self::of(client, key))
    }

    fn under(client: &Client, key: &[u8; 32]) -> Self {
        let (browser, system) = browser_and_system(client.user_agent.as_deref().unwrap_or(""));
        let prefix = client.ip_address.map(network);
        let facts = [
            system,
            browser,
            client.platform_hint.as_deref(),
            client.language.as_deref(),
            prefix.as_deref(),
        ];
        let mut hashes = [[0; 8]; FACTS];
        for ((index, fact), hash) in facts.into_iter().enumerate().zip(&mut hashes) {
            if let Some(fact) = fact {
                let tag = mac(key, &[&index.to_le_bytes(), fact.as_bytes()]);
                *hash = tag.first_chunk().copied().unwrap_or_default();
            }
        }
        Self(hashes)
    }

    /// The sum of the weights of the facts that differ: 0 for the same client, 8 at most.
    #[must_use]
    pub fn difference(&self, other: &Self) -> u32 {
        let differing = self.differing(other).into_iter().zip(WEIGHTS);
        differing.filter(|(differs, _)| *differs).map(|(_, weight)| weight).sum()
    }

    /// Whether they are of two machines: the system and the browser both differ.
    #[must_use]
    pub fn is_another_machine(&self, other: &Self) -> bool {
        let [system, browser, ..] = self.differing(other);
        system && browser
    }

    /// Which facts are known on both sides and differ.
    fn differing(&self, other: &Self) -> [bool; FACTS] {
        let missing = [0; 8];
        let mut differing = [false; FACTS];
        for ((differs, mine), theirs) in differing.iter_mut().zip(self.0).zip(other.0) {
            *differs = mine != missing && theirs != missing && mine != theirs;
        }
        differing
    }

    /// The fingerprint as a store holds it: 40 bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 8 * FACTS] {
        let mut bytes = [0; 8 * FACTS];
        for (to, from) in bytes.iter_mut().zip(self.0.as_flattened()) {
            *to = *from;
        }
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) made; `None` when the length is another.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (chunks, rest) = bytes.as_chunks::<8>();
        if rest.is_empty() { <[[u8; 8]; FACTS]>::try_from(chunks).ok().map(Self) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretKey;

    const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
    const NEWER_CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
    const CHROME_ON_LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
    const FIREFOX_ON_WINDOWS: &str =
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

    fn fingerprint(agent: &str, language: &str, address: &str) -> SessionFingerprint {
        let client = Client {
            user_agent: Some(agent.into()),
            language: Some(language.into()),
            platform_hint: None,
            ip_address: address.parse().ok(),
        };
        SessionFingerprint::of(&client, &SecretKey::from_bytes([7; 32]).fingerprint_key())
    }

    #[test]
    fn updates_and_moves_pass_and_another_machine_does_not() {
        let home = fingerprint(CHROME, "de", "192.0.2.7");
        assert_eq!(home.difference(&fingerprint(NEWER_CHROME, "de", "192.0.2.9")), 0);
        assert_eq!(home.difference(&fingerprint(CHROME, "de", "198.51.100.1")), 1);
        assert!(!home.is_another_machine(&fingerprint(CHROME, "en", "2001:db8::1")));
        assert!(home.is_another_machine(&fingerprint(FIREFOX, "de", "192.0.2.7")));
    }

    #[test]
    fn one_family_alone_is_no_other_machine_whatever_the_score() {
        let home = fingerprint(CHROME, "de", "192.0.2.7");
        let other_system = fingerprint(CHROME_ON_LINUX, "en", "2001:db8::1");
        assert_eq!(home.difference(&other_system), 5);
        assert!(!home.is_another_machine(&other_system));
        let other_browser = fingerprint(FIREFOX_ON_WINDOWS, "en", "2001:db8::1");
        assert_eq!(home.difference(&other_browser), 4);
        assert!(!home.is_another_machine(&other_browser));
    }

    #[test]
    fn it_survives_the_database() {
        let home = fingerprint(CHROME, "de", "192.0.2.7");
        assert_eq!(SessionFingerprint::from_bytes(&home.to_bytes()), Some(home));
        assert_eq!(SessionFingerprint::from_bytes(&[0; 39]), None);
    }

    #[test]
    fn a_fingerprint_of_an_earlier_secret_is_still_compared() {
        let (before, now) = (SecretKey::from_bytes([1; 32]), SecretKey::from_bytes([2; 32]));
        let client = |agent: &str| Client { user_agent: Some(agent.into()), ..Client::default() };
        let known = SessionFingerprint::of(&client(CHROME), &before.fingerprint_key());
        let key = now.fingerprint_key();
        assert!(known.is_another_machine(&known.nearest_of(&client(CHROME), &key)));
        let key = key.with_earlier_secrets(&[before]);
        assert!(!known.is_another_machine(&known.nearest_of(&client(CHROME), &key)));
        assert!(known.is_another_machine(&known.nearest_of(&client(FIREFOX), &key)));
    }
}
