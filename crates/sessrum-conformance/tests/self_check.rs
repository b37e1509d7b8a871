//! The suite and the model are worth something: each finds the faults of broken stores.
#![allow(clippy::unwrap_used, reason = "a poisoned lock is a failed test")]
mod broken;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use broken::{BrokenStore, Fault};
use sessrum_conformance::model::disagreement;
use sessrum_conformance::{
    Fixture, account_races, clean_up_storm, creating, data, dead, directory, races, run, switching,
    throttle, tokens, users, watching,
};
use sessrum_core::store::Store;

fn broken(fault: Fault) -> Arc<dyn Store> {
    Arc::new(BrokenStore::new(fault))
}

/// Each fault is found by the behaviour that forbids it, which a store without it has.
macro_rules! suite_finds {
    ($($name:ident: $fault:ident, $behaviour:path;)+) => {$(
        #[test]
        fn $name() {
            let passes = |fault| {
                let behaviour = |store: Fixture| $behaviour(store);
                catch_unwind(AssertUnwindSafe(|| run(async { broken(fault) }, behaviour))).is_ok()
            };
            assert!(passes(Fault::None));
            assert!(!passes(Fault::$fault), "the fault was not found");
        }
    )+};
}

mod suite_finds {
    use super::*;

    suite_finds! {
        a_touch_that_revives: RevivesOnTouch, dead::abuse_04_a_touch_changes_nothing_and_does_not_count;
        a_forgotten_eviction: ForgetsEviction, creating::over_the_cap_the_least_recently_used_is_evicted_7_1_2;
        a_cap_that_is_not_atomic: ReadsThenWrites, races::abuse_28_concurrent_sign_ins_never_exceed_the_cap_7_1_2;
        a_forgotten_replacement: ForgetsReplacement, creating::the_replaced_session_makes_room_under_the_cap;
        a_blind_switch: SwitchesBlindly, switching::a_switch_with_another_revision_is_a_conflict_and_changes_nothing;
        a_blind_switch_in_a_race: SwitchesBlindly, races::switches_that_expect_the_same_revision_have_one_winner;
        a_rotation_that_never_stands_back: RotatesAlways, races::abuse_05_two_concurrent_rotations_leave_one_successor;
        a_forgotten_first_use: ForgetsFirstUse, tokens::confirming_the_successor_retires_the_old_token;
        a_blind_put: PutsBlindly, races::abuse_07_a_key_compared_and_set_has_one_winner_a_revision;
        a_forgotten_data_cap: PutsTooMuch, data::the_cap_counts_the_bytes_of_all_keys_and_values_once;
        forgotten_events: ForgetsEvents, races::concurrent_ends_have_one_winner_and_one_event;
        an_event_that_nobody_is_told: TellsNothing, watching::whoever_watches_hears_before_the_verb_answers;
        confused_keys: ConfusesKeys, directory::the_number_7_and_the_text_7_are_two_users;
        a_throttle_that_admits_everyone: AdmitsBlindly, throttle::failures_at_a_place_are_counted_until_a_success;
        a_blind_password_change: ChangesBlindly, users::a_password_that_changed_meanwhile_is_not_changed_again;
        a_blind_password_change_in_a_race: ChangesBlindly, account_races::password_changes_checked_against_the_same_one_have_one_winner;
        a_touch_that_revives_in_a_storm: RevivesOnTouch, clean_up_storm::nothing_in_use_is_cleaned_up_whoever_meets;
    }
}

macro_rules! model_finds {
    ($($name:ident: $fault:ident;)+) => {$(
        #[test]
        fn $name() {
            let found = disagreement(|| async { broken(Fault::$fault) }, 512);
            let found = found.expect("the model finds no difference");
            assert!(found.steps.len() < 20, "the sequence did not shrink: {found}");
        }
    )+};
}

mod model_finds {
    use super::*;

    model_finds! {
        a_touch_that_revives: RevivesOnTouch;
        a_forgotten_eviction: ForgetsEviction;
        a_forgotten_replacement: ForgetsReplacement;
        a_blind_switch: SwitchesBlindly;
        a_rotation_that_never_stands_back: RotatesAlways;
        a_forgotten_first_use: ForgetsFirstUse;
        a_blind_put: PutsBlindly;
        a_forgotten_data_cap: PutsTooMuch;
        forgotten_events: ForgetsEvents;
        an_event_that_nobody_is_told: TellsNothing;
        a_blind_password_change: ChangesBlindly;
        a_throttle_that_admits_everyone: AdmitsBlindly;
    }

    #[test]
    fn nothing_where_there_is_nothing() {
        assert!(disagreement(|| async { broken(Fault::None) }, 64).is_none());
    }
}

/// A behaviour that nobody runs would be worth nothing.
#[test]
fn every_behaviour_is_in_the_suite() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (folder, suite) in [("", "store_suite.rs"), ("manager", "manager/suite.rs")] {
        let suite = fs::read_to_string(source.join(suite)).unwrap();
        let mut behaviours = 0;
        for file in fs::read_dir(source.join(folder)).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap_or_default();
            for line in text.lines() {
                let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
                let name = rest.split('(').next().unwrap();
                assert!(suite.contains(&format!(" {name},\n")), "{name} is not in the suite");
                behaviours += 1;
            }
        }
        assert!(behaviours > 100);
    }
}

#[test]
fn every_tampering_is_in_its_suite() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/database/tampering.rs");
    let text = fs::read_to_string(file).unwrap();
    let with_tables = text.split("pub async fn ").skip(1).filter_map(|rest| {
        rest.split_once("<T: Tables>").map(|(name, _)| name).filter(|name| !name.contains('('))
    });
    let names: Vec<&str> = with_tables.collect();
    assert!(names.len() > 5);
    for name in names {
        assert!(text.contains(&format!(" {name},\n")), "{name} is not in the suite");
    }
}
