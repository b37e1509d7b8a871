/// The part of [`suite!`](crate::suite) that asks the manager and accounts over the store.
#[doc(hidden)]
#[macro_export]
macro_rules! manager_suite {
    ($factory:expr) => {
        $crate::tests! {
            $factory; $crate::manager;
            signing_in {
                a_sign_in_gives_a_token_that_opens_the_session,
                a_sign_in_is_recorded_with_who_and_from_where,
                abuse_08_an_unknown_token_is_neither_adopted_nor_stored,
                abuse_12_the_empty_id_matches_nothing,
                abuse_35_the_stored_hash_sent_as_a_token_opens_nothing,
                abuse_36_a_collision_generates_again,
                abuse_36_randomness_that_only_repeats_gives_no_session,
                signing_in_again_gives_a_new_token_and_the_old_is_dead_7_2_4,
                abuse_20_signing_in_as_another_gives_a_fresh_empty_session,
                over_the_cap_the_least_recently_used_is_evicted_7_1_2,
                abuse_28_concurrent_sign_ins_keep_to_the_cap_7_1_2,
                a_session_starts_in_the_default_platform,
                without_a_default_a_session_starts_in_the_first_platform,
                a_session_starts_in_the_platform_asked_for,
                no_session_starts_in_a_platform_that_is_anothers_or_inactive,
                a_user_disabled_while_signing_in_is_refused_7_4_2,
                concurrent_sign_ins_of_one_browser_leave_no_session_of_its_past,
            }
            validating {
                each_end_is_told_by_its_reason,
                an_end_is_told_even_past_the_lifetime,
                a_context_and_a_validation_agree,
                reading_is_no_activity,
                a_role_acts_at_once_8_3_2,
                a_platform_that_is_no_longer_offered_is_none_at_once,
                a_disabled_user_is_out_at_once_and_stays_out_7_4_2,
                the_session_of_a_user_whom_nobody_knows_ends,
                an_authentication_is_fresh_until_its_limit_7_5_1,
                all_times_come_from_the_one_clock,
                a_session_that_was_never_there_is_not_found,
            }
            dead {
                abuse_04_a_mark_flushed_after_the_end_is_lost,
                a_mark_made_before_the_end_and_flushed_after_it_is_lost,
                abuse_02_a_switch_says_why_it_is_too_late,
                abuse_06_a_rotation_adds_no_token,
                a_reauthentication_says_why_it_is_too_late,
                a_password_change_says_why_it_is_too_late,
                a_second_end_of_any_kind_changes_neither_time_nor_reason,
                a_clean_up_past_its_lifetime_leaves_it,
                a_sign_in_in_its_place_leaves_it,
                abuse_03_an_expired_row_says_so_to_the_late_and_a_removed_one_is_not_found,
                abuse_16_activity_after_the_idle_end_revives_nobody,
                abuse_02_requests_that_race_a_logout_leave_it_dead,
            }
            lifetimes {
                a_session_is_idle_for_no_longer_than_its_limit_7_3_1,
                abuse_18_activity_never_moves_the_absolute_end_7_3_2,
                activity_counts_before_it_is_flushed_n5_2,
                other_instances_see_activity_once_it_is_flushed,
                marks_of_a_session_are_one_and_are_flushed_once,
                a_flush_takes_more_marks_than_a_batch_holds,
                marks_survive_a_flush_that_fails,
                a_mark_made_while_others_are_flushed_is_kept,
                a_flush_between_reading_and_judging_expires_nobody,
                activity_moves_on_even_when_another_instance_was_later,
                a_reauthentication_starts_both_limits_anew_n5_2,
                a_policy_that_changes_is_the_policy_of_sessions_that_live,
            }
            cleanup {
                abuse_16_an_expired_row_is_dead_before_it_is_swept,
                what_is_over_ends_as_expired_each_by_its_lifetime_7_4_1,
                what_is_past_its_absolute_end_ends_though_active_7_3_2,
                activity_that_waits_is_flushed_before_anything_is_swept,
                what_runs_out_while_activity_is_flushed_is_left_to_the_next_time,
                abuse_17_live_rows_and_the_trail_are_spared,
                the_reason_of_an_end_is_told_for_as_long_as_it_is_kept,
                more_than_a_batch_holds_is_swept_and_removed_with_progress,
                a_clean_up_that_failed_half_way_goes_on_the_next_time,
                concurrent_clean_ups_end_each_session_once,
            }
            rotation {
                a_token_is_due_when_it_is_old_enough,
                the_age_of_a_successor_counts_from_its_own_issue,
                without_an_interval_no_token_is_ever_too_old,
                a_change_of_role_makes_tokens_due_once,
                a_rotation_changes_the_token_and_nothing_else,
                the_old_token_is_good_for_as_long_as_its_successor_is_unseen,
                a_young_successor_on_its_way_holds_others_back,
                a_successor_that_was_lost_is_replaced_and_retires,
                the_first_use_of_the_successor_retires_the_old_token,
                abuse_19_rotated_twice_only_the_last_works_after_the_grace,
                abuse_05_concurrent_rotations_leave_one_successor,
                all_concurrent_holders_of_an_unseen_token_pass,
                a_reauthentication_retires_the_old_token_7_2_4,
                a_forced_rotation_goes_beside_a_young_successor,
            }
            theft {
                within_the_grace_a_retired_token_passes,
                after_the_grace_it_ends_the_session_for_every_token,
                a_token_from_before_an_authentication_is_not_fresh_7_5_1,
                the_event_tells_from_where_the_copy_came,
                concurrent_uses_of_a_copy_end_the_session_once,
                a_copy_of_a_token_whose_session_signed_out_tells_of_the_logout,
                a_copy_used_while_its_session_signs_out_tells_of_the_logout,
                a_successor_that_was_overtaken_passes_within_the_grace_alone,
                a_copy_that_replaces_the_owners_unseen_token_is_told,
                a_lost_token_first_used_while_it_is_replaced_is_on_its_way_out,
                a_theft_that_could_not_be_acted_on_is_acted_on_later,
            }
            switching {
                a_switch_is_seen_by_the_next_request_of_every_tab,
                a_switch_is_recorded_with_who_and_from_where,
                a_switch_keeps_token_data_and_activity_that_waits,
                a_switch_leaves_the_other_sessions_of_the_user,
                a_platform_that_is_anothers_inactive_or_unknown_is_not_found,
                a_switch_that_expects_another_revision_learns_how_it_is_now,
                a_conflict_tells_of_a_platform_that_is_gone_as_none,
                concurrent_switches_that_expect_one_revision_have_one_winner,
                a_switch_beside_a_rotation_keeps_both,
            }
            ending {
                a_logout_ends_the_session_on_the_server_7_4_1,
                abuse_23_a_second_logout_is_as_good,
                a_user_ends_another_of_their_sessions_7_5_2,
                ending_the_own_session_from_the_list_is_a_logout,
                the_session_of_another_user_is_not_there_to_end_8_2_2,
                abuse_23_ending_the_unknown_or_ended_is_none,
                abuse_22_ending_all_others_spares_the_caller_and_other_users,
                an_administrator_ends_all_sessions_of_a_user_7_4_5,
                the_list_has_the_most_recently_active_first,
                the_list_has_live_sessions_of_the_user_alone_7_5_2,
            }
            fingerprint {
                off_keeps_and_notices_nothing,
                switched_off_it_forgives_sessions_that_have_one,
                an_update_of_the_browser_and_a_phone_that_moves_pass,
                observing_records_another_machine_once_until_the_clean_up,
                concurrent_requests_from_another_machine_are_recorded_once,
                enforcing_ends_the_session_of_another_machine,
                an_observation_that_could_not_be_recorded_is_recorded_later,
            }
            outages {
                abuse_27_every_verb_says_that_the_store_failed,
                abuse_27_accounts_say_that_the_store_failed,
                a_failing_look_for_the_reason_is_no_missing_session,
                a_rotation_that_fails_leaves_the_old_token_good,
                a_first_use_that_could_not_be_noted_is_noted_later,
                a_logout_that_fails_leaves_the_session_to_be_ended,
            }
            accounts {
                a_name_and_its_password_sign_in,
                the_form_picks_platform_and_lifetime_and_the_browsers_session_ends,
                abuse_26_all_refusals_look_alike_and_take_one_hash_6_3_8,
                what_is_hashed_in_place_of_a_password_signs_nobody_in,
                a_refusal_is_recorded_without_what_was_typed_16_3_1,
                a_password_is_hashed_anew_when_its_cost_was_raised_11_4_2,
                a_password_that_changes_after_its_check_signs_nobody_in_15_4_2,
                a_password_that_changes_while_it_is_hashed_anew_stays,
                a_user_disabled_during_the_check_is_refused_7_4_2,
                users_are_added_once_with_a_password_that_may_be_chosen_6_2_1,
                a_password_set_by_the_operator_ends_all_sessions_7_4_3,
                a_sign_in_that_checked_no_password_is_not_held_to_one,
            }
            passwords {
                the_password_makes_the_session_fresh_under_a_new_token_7_2_4,
                a_wrong_password_makes_nothing_fresh_and_is_recorded,
                the_password_of_another_is_wrong,
                a_reauthentication_after_the_end_says_why,
                a_new_password_ends_the_others_and_renews_the_own_session_7_4_3,
                after_a_change_only_the_new_password_signs_in,
                a_change_needs_the_current_password_6_2_3,
                a_password_that_may_not_be_chosen_is_told_before_any_check_6_2_1,
                a_change_that_another_overtook_is_wrong_15_4_2,
                two_changes_of_one_session_have_one_winner_15_4_2,
                concurrent_changes_from_two_sessions_leave_one_session,
            }
            directory {
                every_request_has_the_facts_of_now,
                bundled_records_of_the_same_name_play_no_part,
                a_disabled_bundled_user_of_the_same_key_is_somebody_else,
                platforms_are_its_own_at_sign_in_in_switches_and_in_requests,
                a_user_disabled_or_removed_there_loses_the_session_at_once_7_4_2,
                a_role_that_changes_there_makes_tokens_due,
                its_users_sign_in_with_their_password_there,
                what_it_tells_of_ends_sessions_by_reason_and_once,
                a_change_that_could_not_be_followed_is_followed_from_the_same_cursor,
                the_bundled_tables_end_nobody_by_being_followed,
                a_directory_that_fails_is_no_missing_user,
            }
        }
    };
}
