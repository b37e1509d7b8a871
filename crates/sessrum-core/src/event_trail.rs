//! Checking the audit trail against its seals.

use std::collections::HashMap;
use std::fmt;

use crate::event_seal::{EventSealer, Predecessor, SealedEvent};
use crate::identity::UserId;
use crate::store::{EventStore, StoreError, StoreErrorKind};
use crate::token::equal_in_constant_time;

/// Events that are read at once.
const PAGE: usize = 500;

/// Something in the audit trail that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrailFault {
    /// The event is not what was sealed.
    Altered {
        /// The event.
        id: i64,
    },
    /// There is no event with any of these keys.
    Missing {
        /// The first of them.
        first: i64,
        /// The last of them.
        last: i64,
    },
    /// The event does not follow the one before it of the same user.
    OutOfChain {
        /// The event.
        id: i64,
        /// The one it was written after; `None` when it was the first.
        follows: Option<i64>,
    },
    /// The event was sealed under a key that is not configured.
    UnknownKey {
        /// The event.
        id: i64,
        /// The key's name.
        key_id: String,
    },
    /// The event after this one cannot be read, and neither can those behind it be checked.
    Unreadable {
        /// The last that could be read; 0 when none could.
        after: i64,
    },
}

impl fmt::Display for TrailFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { id } => write!(f, "event {id} was altered"),
            Self::Missing { first, last } if first == last => write!(f, "event {first} is missing"),
            Self::Missing { first, last } => write!(f, "events {first} to {last} are missing"),
            Self::OutOfChain { id, follows: Some(follows) } => {
                write!(f, "event {id} was written after event {follows}, which is not before it")
            }
            Self::OutOfChain { id, follows: None } => {
                write!(f, "event {id} was the first of its chain, but is not")
            }
            Self::UnknownKey { id, key_id } => {
                write!(f, "event {id} is sealed under the key {key_id}, which is not configured")
            }
            Self::Unreadable { after } => {
                write!(f, "what follows event {after} cannot be read: it was altered")
            }
        }
    }
}

/// What became of checking a trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailReport {
    /// Events that were read.
    pub events: u64,
    /// What is wrong.
    pub faults: Vec<TrailFault>,
}

/// Checks every event of a store; `progress` is told after each page how many were read.
///
/// # Errors
/// [`StoreError`] when the database fails. Events that are damaged are a fault, not an error.
pub async fn verify_trail<S: EventStore + ?Sized>(
    store: &S,
    mut progress: impl FnMut(u64) + Send,
) -> Result<TrailReport, StoreError> {
    let mut verifier = TrailVerifier::new(store.sealer(), store.numbers_events_without_gaps());
    // Taken first: whatever is recorded meanwhile comes after it.
    let last_given = store.last_event_id().await?;
    let mut report = TrailReport::default();
    let (mut after, mut limit) = (i64::MIN, PAGE);
    loop {
        let page = match store.sealed_events(after, limit).await {
            Err(error) if error.kind() == StoreErrorKind::Corrupt && limit == 1 => {
                report.faults.push(TrailFault::Unreadable { after });
                return Ok(report);
            }
            Err(error) if error.kind() == StoreErrorKind::Corrupt => {
                // One at a time finds out which it is.
                limit = 1;
                continue;
            }
            page => page?,
        };
        let Some(last) = page.last() else {
            report.faults.extend(verifier.finish(last_given));
            return Ok(report);
        };
        after = last.event.id;
        for sealed in &page {
            report.faults.extend(verifier.check(sealed));
        }
        report.events += page.len() as u64;
        progress(report.events);
    }
}

/// Whether what is recorded next is sealed under a secret that goes with the newest event: its own,
/// or one that knows it as an earlier one. An event that is damaged is left to [`verify_trail`].
///
/// # Errors
/// [`StoreError`] when the database fails.
pub async fn knows_newest_seal<S: EventStore + ?Sized>(store: &S) -> Result<bool, StoreError> {
    let newest = store.last_event_id().await?;
    match store.sealed_events(newest.saturating_sub(1), 1).await {
        Ok(events) => Ok(events.iter().all(|newest| store.sealer().knows(&newest.seal.key_id))),
        Err(error) if error.kind() == StoreErrorKind::Corrupt => Ok(true),
        Err(error) => Err(error),
    }
}

/// Checks events one after the other, by ascending keys. Keeps the last seal of each user, some
/// hundred bytes.
#[derive(Debug)]
pub struct TrailVerifier<'a> {
    sealer: &'a EventSealer,
    without_gaps: bool,
    last_id: i64,
    heads: HashMap<Option<UserId>, Head>,
}

/// The last event of a chain.
#[derive(Debug)]
struct Head {
    id: i64,
    /// The MAC that stands there, and the one that should: whichever of the two was altered, the
    /// next event is good if it follows the other.
    macs: [[u8; 32]; 2],
}

impl Head {
    fn predecessors(&self) -> [Option<Predecessor>; 2] {
        self.macs.map(|mac| Some(Predecessor { id: self.id, mac }))
    }
}

impl<'a> TrailVerifier<'a> {
    /// From the beginning. `without_gaps`: the store's events are numbered from 1 without gaps.
    #[must_use]
    pub fn new(sealer: &'a EventSealer, without_gaps: bool) -> Self {
        Self { sealer, without_gaps, last_id: 0, heads: HashMap::new() }
    }

    /// Checks the next event; what is wrong with it and before it.
    pub fn check(&mut self, sealed: &SealedEvent) -> Vec<TrailFault> {
        let mut faults = Vec::new();
        let id = sealed.event.id;
        if self.without_gaps && id > self.last_id.saturating_add(1) {
            faults.push(TrailFault::Missing { first: self.last_id + 1, last: id - 1 });
        }
        self.last_id = id.max(0);
        let head = self.heads.get(&sealed.event.user_id);
        let follows = sealed.seal.previous_id;
        let in_chain = follows == head.map(|head| head.id);
        let candidates = match head {
            Some(head) if in_chain => head.predecessors(),
            _ => [None, None],
        };
        let stored = sealed.seal.mac;
        let mut expected = None;
        if !in_chain {
            faults.push(TrailFault::OutOfChain { id, follows });
        }
        // The first of a chain can be checked wherever it stands; what follows a missing one cannot.
        if in_chain || follows.is_none() {
            for previous in candidates {
                let mac = self.sealer.expected(sealed, previous);
                if mac.is_some_and(|mac| equal_in_constant_time(&mac, &stored))
                    || expected.is_none()
                {
                    expected = mac;
                }
            }
            match expected {
                None => {
                    let key_id = sealed.seal.key_id.clone();
                    faults.push(TrailFault::UnknownKey { id, key_id });
                }
                Some(mac) => {
                    let holds = equal_in_constant_time(&mac, &stored);
                    if !holds || !self.sealer.client_holds(sealed) {
                        faults.push(TrailFault::Altered { id });
                    }
                }
            }
        }
        let head = Head { id, macs: [stored, expected.unwrap_or(stored)] };
        self.heads.insert(sealed.event.user_id.clone(), head);
        faults
    }

    /// After the last event that is there: whether events up to `last_given`, the key that the
    /// store gave last, are missing.
    #[must_use]
    pub fn finish(self, last_given: i64) -> Option<TrailFault> {
        let is_short = self.without_gaps && self.last_id < last_given;
        is_short.then(|| TrailFault::Missing { first: self.last_id + 1, last: last_given })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Change, EventKind};
    use crate::secret::SecretKey;
    use crate::store::NewEvent;
    use crate::{SeededRandom, Timestamp};

    fn sealer() -> EventSealer {
        EventSealer::new(&SecretKey::from_bytes([1; 32]), &SeededRandom::new(1)).unwrap()
    }

    fn sealed(
        sealer: &EventSealer,
        id: i64,
        detail: &str,
        previous: Option<&SealedEvent>,
    ) -> SealedEvent {
        let (kind, user_id) = (EventKind::SignInFailed, None);
        let event = NewEvent { kind, user_id, session: None, detail: detail.to_owned() };
        let event = event.recorded(id, &Change::by_system(Timestamp::from_micros(id)));
        let previous = previous.map(|it| Predecessor { id: it.event.id, mac: it.seal.mac });
        SealedEvent { seal: sealer.seal(&event, previous), event }
    }

    fn check(sealer: &EventSealer, events: &[&SealedEvent]) -> Vec<TrailFault> {
        let mut verifier = TrailVerifier::new(sealer, true);
        events.iter().flat_map(|event| verifier.check(event)).collect()
    }

    /// After a backup was restored the program seals other events under the same numbers.
    #[test]
    fn a_genuine_event_of_another_history_is_found() {
        let sealer = sealer();
        let first = sealed(&sealer, 1, "", None);
        let here = sealed(&sealer, 2, "here", Some(&first));
        let there = sealed(&sealer, 2, "there", Some(&first));
        let after = sealed(&sealer, 3, "", Some(&here));
        assert_eq!(check(&sealer, &[&first, &here, &after]), []);
        assert_eq!(check(&sealer, &[&first, &there, &after]), [TrailFault::Altered { id: 3 }]);
    }

    #[test]
    fn numbers_that_may_have_gaps_show_no_missing_end() {
        let sealer = sealer();
        let end = |without_gaps| TrailVerifier::new(&sealer, without_gaps).finish(2);
        assert_eq!(end(true), Some(TrailFault::Missing { first: 1, last: 2 }));
        assert_eq!(end(false), None);
    }

    #[test]
    fn faults_are_told_in_words() {
        let told = |fault: TrailFault| fault.to_string();
        assert_eq!(told(TrailFault::Altered { id: 3 }), "event 3 was altered");
        assert_eq!(told(TrailFault::Missing { first: 3, last: 3 }), "event 3 is missing");
        assert_eq!(told(TrailFault::Missing { first: 3, last: 5 }), "events 3 to 5 are missing");
    }
}
