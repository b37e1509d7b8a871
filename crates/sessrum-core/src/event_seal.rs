//! Seals on events, so that whoever changes the audit trail behind the program's back is found out.
//!
//! A seal is a keyed hash over an event and over the seal of the event before it of the same user.
//! Events that concern nobody form a chain of their own. What is personal goes in through two digests,
//! each with a random salt of its own: one of address, user agent and device, one of what shortening
//! leaves of them. When they are shortened the first salt goes, when they are removed both; the
//! digests stay, and the chain still holds. Nobody can guess from a digest without its salt what was
//! there, not even who has the key.
//!
//! What a seal cannot show is that the newest events of a chain were cut off: there is nothing after
//! them that would miss them. Where a store numbers its events without gaps, its count and younger
//! events of anyone show it. Who removes the newest of all, however many, and sets the count back as
//! well leaves a trail that is good, and goes on. Nor does a seal show whether address and device were
//! shortened or removed before their time.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::event::SessionEvent;
use crate::identity::{Key, UserId};
use crate::random::{Random, RandomError};
use crate::secret::{SecretKey, key_id, mac};
use crate::token::equal_in_constant_time;

/// Seals events and checks seals.
pub struct EventSealer {
    key: EventKey,
    /// Keys that sealed events before.
    earlier: Vec<EventKey>,
    /// Makes salts, and is never kept: a salt that was deleted is gone for good.
    salt_key: Zeroizing<[u8; 32]>,
    salts: AtomicU64,
}

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct EventKey {
    key: [u8; 32],
    #[zeroize(skip)]
    id: String,
}

/// The seal of an event, as a store holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSeal {
    /// Names the key it was made with.
    pub key_id: String,
    /// The event before this one of the same user; `None` for the first.
    pub previous_id: Option<i64>,
    /// The digest of address, user agent and device; `None` when the event never had any.
    pub client_digest: Option<[u8; 32]>,
    /// The salt of that digest; `None` once they are shortened or removed.
    pub client_salt: Option<[u8; 16]>,
    /// The digest of what [shortening](SessionEvent::shortened) leaves of them.
    pub short_digest: Option<[u8; 32]>,
    /// The salt of that digest; `None` once they are removed.
    pub short_salt: Option<[u8; 16]>,
    /// HMAC-SHA-256 over all of this, the event, and the MAC of the one before.
    pub mac: [u8; 32],
}

/// An event with its seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEvent {
    /// The event.
    pub event: SessionEvent,
    /// Its seal.
    pub seal: EventSeal,
}

impl SealedEvent {
    /// Shortens what it tells of the client, and takes away the salt of the rest.
    pub(crate) fn shorten_client(&mut self) {
        self.event = self.event.shortened();
        self.seal.client_salt = None;
    }

    /// Removes what it tells of the client, and the salts.
    pub(crate) fn forget_client(&mut self) {
        self.event.forget_client();
        self.seal.client_salt = None;
        self.seal.short_salt = None;
    }
}

/// The last event of a chain, which the next one follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Predecessor {
    /// The event's key.
    pub id: i64,
    /// The MAC of its seal.
    pub mac: [u8; 32],
}

impl EventSealer {
    /// Seals under a key of this secret.
    ///
    /// # Errors
    /// [`RandomError`] when there is no randomness to be had.
    pub fn new(secret: &SecretKey, random: &dyn Random) -> Result<Self, RandomError> {
        let mut salt_key = Zeroizing::new([0; 32]);
        random.fill(&mut *salt_key)?;
        Ok(Self::of(secret, salt_key))
    }

    /// For a store that lives in memory: nobody else changes it, and it keeps nothing.
    pub(crate) fn in_memory() -> Self {
        Self::of(&SecretKey::from_bytes([0; 32]), Zeroizing::new([0; 32]))
    }

    fn of(secret: &SecretKey, salt_key: Zeroizing<[u8; 32]>) -> Self {
        let key = EventKey::of(secret);
        Self { key, earlier: Vec::new(), salt_key, salts: AtomicU64::new(0) }
    }

    /// With secrets that the installation had before: what was sealed under them still checks.
    #[must_use]
    pub fn with_earlier_secrets(mut self, secrets: &[SecretKey]) -> Self {
        self.earlier.extend(secrets.iter().map(EventKey::of));
        self
    }

    /// Seals an event that follows `previous`, the last one of the same user.
    #[must_use]
    pub fn seal(&self, event: &SessionEvent, previous: Option<Predecessor>) -> EventSeal {
        let salts = event.tells_of_client().then(|| (self.salt(), self.salt()));
        let (client_salt, short_salt) = salts.unzip();
        let short = event.shortened();
        let mut seal = EventSeal {
            key_id: self.key.id.clone(),
            previous_id: previous.map(|previous| previous.id),
            client_digest: client_salt.map(|salt| self.key.client_digest(event, &salt)),
            client_salt,
            short_digest: short_salt.map(|salt| self.key.client_digest(&short, &salt)),
            short_salt,
            mac: [0; 32],
        };
        seal.mac = self.key.mac(event, &seal, previous);
        seal
    }

    /// The MAC that belongs to a sealed event after `previous`, or `None` when the key that it
    /// names is not at hand.
    pub(crate) fn expected(
        &self,
        sealed: &SealedEvent,
        previous: Option<Predecessor>,
    ) -> Option<[u8; 32]> {
        let key = self.find(&sealed.seal.key_id)?;
        Some(key.mac(&sealed.event, &sealed.seal, previous))
    }

    /// Whether address, user agent and device are what was sealed, or what shortening or removing
    /// leaves of them.
    pub(crate) fn client_holds(&self, sealed: &SealedEvent) -> bool {
        let SealedEvent { event, seal } = sealed;
        let Some(key) = self.find(&seal.key_id) else { return false };
        let is = |event: &SessionEvent, digest: &Option<[u8; 32]>, salt: &[u8; 16]| {
            digest.is_some_and(|digest| {
                equal_in_constant_time(&key.client_digest(event, salt), &digest)
            })
        };
        match (&seal.client_salt, &seal.short_salt) {
            (Some(salt), Some(short_salt)) => {
                is(event, &seal.client_digest, salt)
                    && is(&event.shortened(), &seal.short_digest, short_salt)
            }
            (None, Some(short_salt)) => is(event, &seal.short_digest, short_salt),
            (Some(_), None) => false,
            (None, None) => !event.tells_of_client(),
        }
    }

    /// Whether a key is at hand.
    pub(crate) fn knows(&self, key_id: &str) -> bool {
        self.find(key_id).is_some()
    }

    fn find(&self, id: &str) -> Option<&EventKey> {
        std::iter::once(&self.key).chain(&self.earlier).find(|key| key.id == id)
    }

    /// Never the same twice, and unknown to anyone without the key.
    fn salt(&self) -> [u8; 16] {
        let number = self.salts.fetch_add(1, Ordering::Relaxed);
        let salt = mac(&self.salt_key, &[&number.to_be_bytes()]);
        salt.first_chunk().copied().unwrap_or_default()
    }
}

impl EventKey {
    fn of(secret: &SecretKey) -> Self {
        let key = secret.derive("events");
        Self { id: key_id(&key), key }
    }

    fn client_digest(&self, event: &SessionEvent, salt: &[u8; 16]) -> [u8; 32] {
        let mut covered = Encoding::of("client");
        covered.bytes(salt);
        for text in [&event.ip_address, &event.user_agent, &event.device] {
            covered.option(text.as_deref(), |covered, text| covered.bytes(text.as_bytes()));
        }
        mac(&self.key, &[&covered.0])
    }

    fn mac(
        &self,
        event: &SessionEvent,
        seal: &EventSeal,
        previous: Option<Predecessor>,
    ) -> [u8; 32] {
        let mut covered = Encoding::of("event");
        covered.number(event.id);
        covered.number(event.at.as_micros());
        covered.bytes(event.kind.as_str().as_bytes());
        covered.option(event.user_id.as_ref(), Encoding::user);
        covered.option(event.session.as_ref(), |covered, session| {
            covered.bytes(session.as_bytes());
        });
        covered.bytes(event.actor.as_bytes());
        covered.bytes(event.detail.as_bytes());
        for digest in [&seal.client_digest, &seal.short_digest] {
            covered.option(digest.as_ref(), |covered, digest| covered.bytes(digest));
        }
        covered.option(previous, |covered, previous| {
            covered.number(previous.id);
            covered.bytes(&previous.mac);
        });
        mac(&self.key, &[&covered.0])
    }
}

/// What a MAC covers: each text with its length before it and each choice with its number, so that
/// no two contents look alike.
struct Encoding(Vec<u8>);

impl Encoding {
    fn of(what: &str) -> Self {
        let mut encoding = Self(Vec::with_capacity(256));
        encoding.bytes(what.as_bytes());
        encoding
    }

    fn number(&mut self, number: i64) {
        self.0.extend(number.to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend((bytes.len() as u64).to_be_bytes());
        self.0.extend(bytes);
    }

    fn option<T>(&mut self, value: Option<T>, encode: impl FnOnce(&mut Self, T)) {
        self.0.push(value.is_some().into());
        if let Some(value) = value {
            encode(self, value);
        }
    }

    fn user(&mut self, user: &UserId) {
        match &user.0 {
            Key::Integer(number) => {
                self.0.push(0);
                self.number(*number);
            }
            Key::Text(text) => {
                self.0.push(1);
                self.bytes(text.as_bytes());
            }
        }
    }
}

impl fmt::Debug for EventSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventSealer(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::event::Change;
    use crate::identity::UserId;
    use crate::sealing::SealingKey;
    use crate::store::NewEvent;
    use crate::{Actor, Client, EventKind, SeededRandom, Timestamp};

    fn sealer(secret: u8, random: u64) -> EventSealer {
        EventSealer::new(&SecretKey::from_bytes([secret; 32]), &SeededRandom::new(random)).unwrap()
    }

    fn event() -> SessionEvent {
        let client = Client { ip_address: Some([192, 0, 2, 7].into()), ..Client::default() };
        let change = Change { at: Timestamp::from_micros(1), by: Actor::Anonymous, client };
        let kind = EventKind::SignInFailed;
        NewEvent { kind, user_id: None, session: None, detail: String::new() }.recorded(1, &change)
    }

    #[test]
    fn no_two_events_share_a_salt() {
        let (one, other) = (sealer(1, 1), sealer(1, 2));
        let sealers = [&one, &other].into_iter().cycle();
        let seals: Vec<_> = sealers.map(|it| it.seal(&event(), None)).take(200).collect();
        let salts: BTreeSet<_> =
            seals.iter().flat_map(|seal| [seal.client_salt, seal.short_salt]).collect();
        let digests: BTreeSet<_> =
            seals.iter().flat_map(|seal| [seal.client_digest, seal.short_digest]).collect();
        assert_eq!((salts.len(), digests.len()), (400, 400));
    }

    #[test]
    fn what_another_secret_seals_is_another_seal() {
        let (one, other) = (sealer(1, 1).seal(&event(), None), sealer(2, 1).seal(&event(), None));
        assert_eq!(one.client_salt, other.client_salt);
        assert_ne!(one.key_id, other.key_id);
        assert_ne!(one.mac, other.mac);
        assert_ne!(one.client_digest, other.client_digest);
    }

    #[test]
    fn the_key_of_the_seals_is_no_other_key() {
        let secret = SecretKey::from_bytes([1; 32]);
        let sealed =
            SealingKey::of(&secret).seal("x", &UserId::from(1), &SeededRandom::new(1)).unwrap();
        assert_ne!(sealed.key_id, sealer(1, 1).key.id);
        assert_eq!(format!("{:?}", sealer(1, 1)), "EventSealer(…)");
    }
}
