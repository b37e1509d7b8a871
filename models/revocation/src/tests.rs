use stateright::{Checker as _, HasDiscoveries, Model as _};

use crate::{Fault, Installation, Revocation};

const DEAD: &str = "dead stays dead";
const ACKNOWLEDGED: &str = "an acknowledged end holds";
const AFTER_LEASE: &str = "an end holds after the lease";

fn installation(revocation: Revocation, fault: Option<Fault>) -> Installation {
    Installation { revocation, lease: 1, most_events: 2, fault }
}

/// Looks at every state that can be reached.
fn holds(revocation: Revocation) {
    let checker = installation(revocation, None).checker().threads(2).spawn_bfs().join();
    println!("{revocation:?}: {} different states", checker.unique_state_count());
    checker.assert_properties();
}

/// Looks until a fault shows.
fn breaks(property: &'static str, revocation: Revocation, fault: Fault) {
    let model = installation(revocation, Some(fault)).checker();
    let until = HasDiscoveries::AnyOf([property].into());
    let checker = model.threads(2).finish_when(until).spawn_bfs().join();
    assert!(checker.discovery(property).is_some(), "{fault:?} is not found");
}

#[test]
fn without_a_barrier_an_end_holds_where_it_was_made_at_once_and_elsewhere_after_the_lease() {
    holds(Revocation::Notify);
}

#[test]
fn behind_the_barrier_an_end_holds_everywhere_when_it_is_acknowledged() {
    holds(Revocation::Barrier);
}

#[test]
fn faults_of_the_cache_are_found() {
    breaks(AFTER_LEASE, Revocation::Notify, Fault::FillsWithoutGeneration);
    breaks(AFTER_LEASE, Revocation::Notify, Fault::EntersWithCache);
    breaks(AFTER_LEASE, Revocation::Notify, Fault::KnowsNoLease);
    breaks(AFTER_LEASE, Revocation::Notify, Fault::LeaseFromAnswer);
}

#[test]
fn faults_of_hearing_are_found() {
    breaks(AFTER_LEASE, Revocation::Notify, Fault::TakesOwnForAll);
    breaks(ACKNOWLEDGED, Revocation::Barrier, Fault::ConfirmsBeforeHearing);
}

#[test]
fn faults_of_acknowledging_are_found() {
    breaks(ACKNOWLEDGED, Revocation::Notify, Fault::AcknowledgesBeforeTelling);
    breaks(ACKNOWLEDGED, Revocation::Barrier, Fault::StrikesOffTheSilent);
    breaks(ACKNOWLEDGED, Revocation::Barrier, Fault::LeaseFromLook);
}

#[test]
fn faults_of_being_asked_again_are_found() {
    breaks(ACKNOWLEDGED, Revocation::Barrier, Fault::AnswersAgainAtOnce);
    breaks(ACKNOWLEDGED, Revocation::Barrier, Fault::TrustsItself);
}

#[test]
fn a_write_that_revives_is_found() {
    breaks(DEAD, Revocation::Notify, Fault::SwitchRevives);
}
