//! What stands for accounts and places while sign-ins are counted: the database learns no names.

use std::net::IpAddr;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::secret::{SecretKey, mac};
use crate::throttle::{Attempt, Mark, Place};
use crate::token::SessionHandle;

/// Makes of names and addresses what sign-ins are counted by; see [`throttle`](crate::throttle).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ThrottleKey([u8; 32]);

impl ThrottleKey {
    /// The key of this secret.
    #[must_use]
    pub fn of(secret: &SecretKey) -> Self {
        Self(secret.derive("throttle"))
    }

    /// An attempt to sign in under the name that was typed, whoever has it. Upper and lower case
    /// are one: a directory may take them so, and each spelling would be counted apart.
    #[must_use]
    pub fn attempt(&self, username: &str, address: Option<IpAddr>) -> Attempt {
        let place = address.map_or(Place::Nowhere, |address| Place::Address(self.address(address)));
        Attempt { account: self.account(username), place }
    }

    /// An attempt to prove again who one is, in a session.
    #[must_use]
    pub fn attempt_in_session(&self, username: &str, session: &SessionHandle) -> Attempt {
        let place = Place::Session(self.mark(b"session", session.as_bytes()));
        Attempt { account: self.account(username), place }
    }

    /// What stands for an account.
    #[must_use]
    pub fn account(&self, username: &str) -> Mark {
        self.mark(b"account", username.to_lowercase().as_bytes())
    }

    /// An IPv4 address whole, an IPv6 address by its /64, which is one customer's.
    fn address(&self, address: IpAddr) -> Mark {
        match address.to_canonical() {
            IpAddr::V4(address) => self.mark(b"address", &address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                self.mark(b"address", &[a, b, c, d].map(u16::to_be_bytes).concat())
            }
        }
    }

    fn mark(&self, kind: &[u8], text: &[u8]) -> Mark {
        let tag = mac(&self.0, &[kind, b":", text]);
        Mark(tag.first_chunk().copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_told_apart_by_account_and_network() {
        let key = ThrottleKey::of(&SecretKey::from_bytes([1; 32]));
        let from = |name, address: &str| key.attempt(name, Some(address.parse().unwrap()));
        let home = from("ada", "2001:db8::1");
        assert_eq!(home, from("ADA", "2001:db8:0:0:ffff::2"), "one account, one /64");
        assert_ne!(home.account, from("bob", "2001:db8::1").account);
        assert_ne!(home.place, from("ada", "2001:db8:0:1::1").place);
        assert_eq!(from("ada", "192.0.2.1"), from("ada", "::ffff:192.0.2.1"));
        assert_ne!(from("ada", "192.0.2.1"), from("ada", "192.0.2.2"));
        let other = ThrottleKey::of(&SecretKey::from_bytes([2; 32]));
        assert_ne!(other.account("ada"), key.account("ada"), "the key plays no part");
    }
}
