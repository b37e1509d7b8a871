use stateright::{Checker as _, HasDiscoveries, Model as _};

use crate::{Fault, Installation, Revocation};

const DEAD: &str = "dead stays dead";
const ACKNOWLEDGED: &str = "an acknowledged end holds";
const AFTER_LEASE: &str = "an end holds after the lease";

const fn two_changes(revocation: Revocation) -> Installation {
    Installation { revocation, lease: 1, most_events: 2, is_restless: false, fault: None }
}

/// With two changes there would be too many states.
const fn restless(revocation: Revocation) -> Installation {
    Installation { revocation, lease: 1, most_events: 1, is_restless: true, fault: None }
}

/// Looks at every state that can be reached.
fn holds(installation: Installation) {
    let checker = installation.checker().threads(2).spawn_bfs().join();
    println!("{}", checker.unique_state_count());
    checker.assert_no_discovery(DEAD);
    checker.assert_no_discovery(ACKNOWLEDGED);
    checker.assert_no_discovery(AFTER_LEASE);
    checker.assert_any_discovery("both answer from their caches");
    if installation.revocation == Revocation::Barrier {
        checker.assert_any_discovery("both have heard of an end");
        checker.assert_any_discovery("one is silent");
    }
    if installation.revocation == Revocation::Barrier && installation.is_restless {
        checker.assert_any_discovery("one that was struck off enters anew");
    }
}

/// Looks until a fault shows.
fn breaks(property: &'static str, installation: Installation, fault: Fault) {
    let model = Installation { fault: Some(fault), ..installation }.checker();
    let until = HasDiscoveries::AnyOf([property].into());
    let checker = model.threads(2).finish_when(until).spawn_bfs().join();
    assert!(checker.discovery(property).is_some(), "{fault:?} is not found");
}

#[test]
fn without_a_barrier_an_end_holds_where_it_was_made_at_once_and_elsewhere_after_the_lease() {
    holds(two_changes(Revocation::Notify));
    holds(restless(Revocation::Notify));
}

#[test]
fn behind_the_barrier_an_end_holds_everywhere_when_it_is_acknowledged() {
    holds(two_changes(Revocation::Barrier));
}

#[test]
fn so_it_does_when_it_is_asked_for_again_and_whoever_is_struck_off() {
    holds(restless(Revocation::Barrier));
}

#[test]
fn faults_of_the_cache_are_found() {
    breaks(AFTER_LEASE, two_changes(Revocation::Notify), Fault::FillsWithoutGeneration);
    breaks(AFTER_LEASE, two_changes(Revocation::Notify), Fault::EntersWithCache);
    breaks(AFTER_LEASE, two_changes(Revocation::Notify), Fault::KnowsNoLease);
    breaks(AFTER_LEASE, two_changes(Revocation::Notify), Fault::LeaseFromAnswer);
}

#[test]
fn faults_of_hearing_are_found() {
    breaks(AFTER_LEASE, two_changes(Revocation::Notify), Fault::TakesOwnForAll);
    breaks(ACKNOWLEDGED, two_changes(Revocation::Barrier), Fault::ConfirmsBeforeHearing);
    breaks(ACKNOWLEDGED, restless(Revocation::Barrier), Fault::LeaseFromLook);
    breaks(ACKNOWLEDGED, restless(Revocation::Barrier), Fault::EntersWithLease);
}

#[test]
fn faults_of_acknowledging_are_found() {
    breaks(ACKNOWLEDGED, two_changes(Revocation::Notify), Fault::AcknowledgesBeforeTelling);
    breaks(ACKNOWLEDGED, two_changes(Revocation::Barrier), Fault::StrikesOffTheSilent);
    breaks(ACKNOWLEDGED, restless(Revocation::Barrier), Fault::AnswersAgainAtOnce);
    breaks(ACKNOWLEDGED, restless(Revocation::Barrier), Fault::TrustsItself);
}

#[test]
fn a_write_that_revives_is_found() {
    breaks(DEAD, two_changes(Revocation::Notify), Fault::SwitchRevives);
}
