use std::collections::BTreeMap;

use super::*;

/// 2026-11-23T21:00:00Z.
const START: Timestamp = Timestamp::from_micros(1_795_467_600_000_000);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// Counters of one account and what it is tried from, with a clock.
struct World {
    rules: ThrottleRules,
    now: Timestamp,
    places: BTreeMap<CounterKey, Counter>,
}

const ACCOUNT: u8 = 1;
const HOME: u8 = 2;

fn from(address: u8) -> Attempt {
    attempt(ACCOUNT, Place::Address(Mark([address; 16])))
}

fn attempt(account: u8, place: Place) -> Attempt {
    Attempt { account: Mark([account; 16]), place }
}

impl World {
    fn new() -> Self {
        Self { rules: ThrottleRules::default(), now: START, places: BTreeMap::new() }
    }

    /// With addresses that may fail as often as they like.
    fn with_patient_addresses() -> Self {
        let rules = ThrottleRules { address_burst: u32::MAX, ..ThrottleRules::default() };
        Self { rules, ..Self::new() }
    }

    fn ask<T>(
        &mut self,
        attempt: Attempt,
        verb: impl FnOnce(&ThrottleRules, &Attempt, &mut Counters, Timestamp) -> T,
    ) -> T {
        let mut counters = Counters::default();
        for (key, counter) in attempt.keyed(&mut counters) {
            *counter = self.places.get(&key).copied().unwrap_or_default();
        }
        let answer = verb(&self.rules, &attempt, &mut counters, self.now);
        self.places.extend(attempt.keyed(&mut counters).map(|(key, counter)| (key, *counter)));
        answer
    }

    /// How long to wait; nothing when a failure is counted.
    fn fail(&mut self, attempt: Attempt) -> Duration {
        match self.ask(attempt, ThrottleRules::admit) {
            Admission::Admitted => Duration::ZERO,
            Admission::Refused { retry_at } => {
                assert!(retry_at > self.now, "a refusal that nobody has to wait for");
                retry_at.since(self.now)
            }
        }
    }

    fn succeed(&mut self, attempt: Attempt) {
        assert_eq!(self.fail(attempt), Duration::ZERO, "it is not admitted");
        self.ask(attempt, ThrottleRules::succeed);
    }

    /// Fails as soon and as often as it is let; how much time that took.
    fn hammer(&mut self, attempt: Attempt, failures: u32) -> Duration {
        let start = self.now;
        for _ in 0..failures {
            let wait = self.fail(attempt);
            if wait > Duration::ZERO {
                assert!(wait <= HOUR, "it is over after {:?}", self.now.since(start));
                self.now = self.now + wait - Duration::from_micros(1);
                assert_eq!(self.fail(attempt), Duration::from_micros(1), "it lied");
                self.now = self.now + Duration::from_micros(1);
                assert_eq!(self.fail(attempt), Duration::ZERO, "it lied");
            }
        }
        self.now.since(start)
    }
}

/// Security: 6.1.1, 6.3.1, parameter throttle
#[test]
fn after_five_failures_each_wait_is_twice_the_one_before_up_to_a_quarter_of_an_hour() {
    let mut world = World::new();
    for _ in 0..5 {
        assert_eq!(world.fail(from(HOME)), Duration::ZERO);
    }
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        let wait = world.fail(from(HOME));
        assert_eq!(wait, Duration::from_secs(seconds));
        // Asking meanwhile neither helps nor harms.
        world.now = world.now + wait - SECOND;
        assert_eq!(world.fail(from(HOME)), SECOND);
        world.now = world.now + SECOND;
        assert_eq!(world.fail(from(HOME)), Duration::ZERO);
    }
}

/// Security: 6.3.1, parameter throttle
#[test]
fn a_success_is_no_failure_and_ends_those_before_it() {
    let mut world = World::new();
    for _ in 0..100 {
        world.succeed(from(HOME));
    }
    world.hammer(from(HOME), 7);
    world.now = world.now + MINUTE;
    world.succeed(from(HOME));
    assert_eq!(world.hammer(from(HOME), 5), Duration::ZERO);
    assert_eq!(world.fail(from(HOME)), SECOND);
}

/// Security: 6.1.1, abuse 25
#[test]
fn one_attacker_never_keeps_others_waiting_and_uses_up_the_hundred_in_a_day() {
    let mut world = World::new();
    let took = world.hammer(from(9), 99);
    assert!(took > 20 * HOUR, "{took:?}");
    assert_eq!(world.fail(from(HOME)), Duration::ZERO, "the owner waits for the attacker");
    assert!(world.fail(from(HOME)) > HOUR, "there were a hundred");
}

/// Security: 6.3.1, abuse 25
#[test]
fn an_owner_who_mistypes_waits_for_their_own_failures_alone() {
    let mut world = World::new();
    world.hammer(from(9), 60);
    assert_eq!(world.hammer(from(HOME), 5), Duration::ZERO);
    assert_eq!(world.fail(from(HOME)), SECOND);
    world.hammer(from(HOME), 3);
    assert_eq!(world.hammer(from(3), 5), Duration::ZERO);
}

/// Security: 6.1.1, 6.3.1, abuse 25, parameter throttle
#[test]
fn at_most_a_hundred_failures_in_a_row_from_wherever() {
    let mut world = World::with_patient_addresses();
    world.succeed(from(HOME));
    let mut failures = 0;
    for address in 10..250 {
        world.now = world.now + HOUR;
        failures += (0..5).filter(|_| world.fail(from(address)) == Duration::ZERO).count();
    }
    assert_eq!(failures, 100);
    assert!(world.fail(attempt(ACCOUNT, Place::Nowhere)) > HOUR);
    // The owner comes in where they have before, and that opens the account to new places.
    world.succeed(from(HOME));
    assert_eq!(world.fail(from(251)), Duration::ZERO);
}

/// Security: 6.1.1
#[test]
fn at_a_known_place_a_hundred_is_the_end_too() {
    let mut world = World::new();
    world.succeed(from(HOME));
    world.hammer(from(HOME), 100);
    let wait = world.fail(from(HOME));
    assert_eq!(wait, world.rules.remembered_for);
    world.now = world.now + wait;
    assert_eq!(world.hammer(from(HOME), 5), Duration::ZERO);
}

/// Security: 6.1.1, 6.3.1, abuse 25
#[test]
fn many_attackers_make_unknown_places_wait_and_known_ones_never() {
    let mut world = World::new();
    world.succeed(from(HOME));
    for address in 10..14 {
        assert_eq!(world.hammer(from(address), 5), Duration::ZERO);
    }
    for seconds in [1, 2, 4, 8] {
        let attacker = from(20 + seconds);
        assert_eq!(world.fail(attacker), Duration::from_secs(seconds.into()));
        assert_eq!(world.fail(from(99)), Duration::from_secs(seconds.into()));
        world.now = world.now + Duration::from_secs(seconds.into());
        assert_eq!(world.fail(attacker), Duration::ZERO);
    }
    assert!(world.fail(from(99)) > Duration::ZERO);
    assert_eq!(world.hammer(from(HOME), 5), Duration::ZERO);
    world.now = world.now + MINUTE;
    world.succeed(from(HOME));
}

/// Security: 6.3.1, abuse 25
#[test]
fn failures_at_a_known_place_are_its_own_alone() {
    let mut world = World::with_patient_addresses();
    world.succeed(from(HOME));
    world.hammer(from(HOME), 60);
    for address in 10..14 {
        assert_eq!(world.hammer(from(address), 5), Duration::ZERO);
    }
}

#[test]
fn a_place_is_known_for_ninety_days_after_a_success_whatever_fails_there_since() {
    let mut world = World::with_patient_addresses();
    world.succeed(from(HOME));
    let (start, known) = (world.now, world.rules.remembered_for);
    world.now = start + known - HOUR;
    assert_eq!(world.fail(from(HOME)), Duration::ZERO);
    for address in 10..16 {
        world.hammer(from(address), 5);
    }
    assert_eq!(world.fail(from(HOME)), Duration::ZERO);
    world.now = start + known;
    for address in 20..26 {
        world.hammer(from(address), 5);
    }
    assert!(world.fail(from(HOME)) > Duration::ZERO);
}

/// Security: 6.1.1, abuse 25
#[test]
fn an_address_fails_twenty_times_over_all_accounts_and_then_once_in_ten_seconds() {
    let mut world = World::new();
    let guess = |account| attempt(account, Place::Address(Mark([9; 16])));
    for account in 10..30 {
        assert_eq!(world.fail(guess(account)), Duration::ZERO);
    }
    assert_eq!(world.fail(guess(30)), 10 * SECOND);
    world.now = world.now + 4 * SECOND;
    assert_eq!(world.fail(guess(31)), 6 * SECOND);
    world.now = world.now + 6 * SECOND;
    assert_eq!(world.fail(guess(32)), Duration::ZERO);
    assert_eq!(world.fail(guess(33)), 10 * SECOND);
    world.now = world.now + 25 * SECOND;
    assert_eq!((world.fail(guess(34)), world.fail(guess(35))), Default::default());
    assert_eq!(world.fail(guess(36)), 5 * SECOND);
    // Another address is another's business.
    assert_eq!(world.fail(from(HOME)), Duration::ZERO);
}

#[test]
fn of_several_waits_the_longest_is_told() {
    let mut world = World::new();
    world.hammer(from(9), 5);
    for account in 10..25 {
        world.fail(attempt(account, Place::Address(Mark([9; 16]))));
    }
    assert_eq!(world.fail(from(9)), 10 * SECOND);
}

#[test]
fn a_success_gives_an_address_its_own_share_back_and_no_more() {
    let mut world = World::new();
    let guess = |account| attempt(account, Place::Address(Mark([9; 16])));
    for account in 10..29 {
        world.fail(guess(account));
    }
    for _ in 0..50 {
        world.succeed(guess(99));
    }
    assert_eq!(world.fail(guess(30)), Duration::ZERO);
    assert_eq!(world.fail(guess(31)), 10 * SECOND);
}

/// Security: 6.1.1
#[test]
fn a_session_is_a_place_of_its_own_that_nobody_else_can_close() {
    let mut world = World::with_patient_addresses();
    for address in 10..40 {
        world.now = world.now + HOUR;
        world.hammer(from(address), 3);
    }
    world.now = world.now + HOUR;
    let session = attempt(ACCOUNT, Place::Session(Mark([7; 16])));
    assert_eq!(world.hammer(session, 5), Duration::ZERO);
    assert_eq!(world.fail(session), SECOND);
    world.now = world.now + SECOND;
    world.succeed(session);
    assert_eq!(world.hammer(session, 5), Duration::ZERO);
}

#[test]
fn without_an_address_the_account_alone_is_counted() {
    let mut world = World::new();
    let nowhere = attempt(ACCOUNT, Place::Nowhere);
    assert_eq!(world.hammer(nowhere, 20), Duration::ZERO);
    assert_eq!(world.fail(nowhere), SECOND);
    assert_eq!(world.fail(from(HOME)), SECOND);
    assert_eq!(world.fail(attempt(8, Place::Nowhere)), Duration::ZERO);
    world.now = world.now + SECOND;
    world.succeed(nowhere);
    assert_eq!(world.hammer(nowhere, 20), Duration::ZERO);
}

#[test]
fn a_clock_that_goes_back_and_rules_of_nothing_break_nothing() {
    let mut world = World::new();
    world.hammer(from(HOME), 12);
    world.now = Timestamp::from_micros(0);
    world.fail(from(HOME));
    world.rules = ThrottleRules {
        free_at_place: 0,
        free_in_all: 0,
        most_failures: 0,
        longest_wait: Duration::ZERO,
        address_burst: 0,
        address_refill: Duration::ZERO,
        remembered_for: Duration::ZERO,
    };
    world.now = START;
    world.fail(from(9));
    world.rules.address_refill = Duration::MAX;
    world.ask(from(9), ThrottleRules::succeed);
}
