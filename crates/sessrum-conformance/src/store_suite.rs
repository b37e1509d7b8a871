/// The part of [`suite!`](crate::suite) that asks the store itself.
#[doc(hidden)]
#[macro_export]
macro_rules! store_suite {
    ($factory:expr) => {
        $crate::tests! {
            $factory; $crate;
            creating {
                a_new_session_is_as_it_was_given,
                what_may_be_missing_may_be_missing,
                an_address_of_either_family_stays_what_it_was,
                abuse_36_a_taken_handle_or_token_is_a_collision_and_changes_nothing,
                the_token_of_an_ended_session_is_not_given_again,
                a_disabled_user_is_refused_and_nothing_changes,
                a_password_that_changed_after_it_was_checked_is_refused,
                users_of_another_directory_need_no_bundled_row,
                a_bundled_row_of_the_same_key_plays_no_part_for_users_of_another_directory,
                abuse_20_the_replaced_session_of_another_user_ends_as_logout_and_the_new_is_empty,
                replacing_an_ended_or_unknown_session_ends_nothing,
                over_the_cap_the_least_recently_used_is_evicted_7_1_2,
                over_by_two_evicts_two_7_1_2,
                the_older_of_two_alike_is_evicted,
                the_new_session_is_never_evicted,
                the_replaced_session_makes_room_under_the_cap,
                session_keys_are_never_given_again,
            }
            tokens {
                a_clock_that_was_set_back_makes_no_older_token_the_younger,
                a_token_that_has_retired_is_not_replaced,
                abuse_08_an_unknown_token_finds_nothing_and_is_not_adopted,
                abuse_12_the_empty_id_matches_nothing,
                abuse_35_a_neighbouring_hash_opens_nothing,
                the_first_token_counts_as_seen,
                a_rotation_adds_a_token_and_leaves_the_old_one_good,
                a_plain_rotation_moves_updated_at_alone,
                confirming_the_successor_retires_the_old_token,
                a_token_knows_of_others_that_are_in_use,
                confirming_is_no_change_of_the_row,
                confirming_again_changes_nothing,
                confirming_leaves_other_sessions_alone,
                confirming_keeps_a_successor_that_was_issued_later,
                an_overtaken_token_that_turns_up_late_retires_nobody,
                a_rotation_stands_back_while_a_young_successor_is_on_its_way,
                a_lost_successor_is_replaced_at_the_limit_of_patience,
                confirming_a_lost_successor_that_turns_up_changes_no_token,
                a_forced_rotation_goes_beside_a_young_successor,
                a_forced_rotation_retires_a_lost_successor,
                seen_and_retired_tokens_are_never_lost_ones,
                the_successor_of_another_session_holds_nobody_back,
                rotating_to_a_taken_token_is_a_collision_and_changes_nothing,
                abuse_06_rotating_an_unknown_session_adds_no_token,
                a_reauthentication_moves_both_limits_and_the_revision_n5_2,
                abuse_19_rotated_twice_only_the_last_token_is_current_and_data_stays,
            }
            activity {
                a_touch_moves_last_activity_and_nothing_else,
                a_touch_never_moves_back,
                abuse_04_touching_an_unknown_session_is_a_no_op,
                many_touches_go_at_once,
                of_several_marks_of_a_session_the_last_counts_and_all_are_counted,
                no_marks_touch_nobody,
                abuse_18_activity_extends_idle_but_never_the_absolute_end,
                abuse_16_an_expired_row_is_dead_before_it_is_swept,
            }
            switching {
                a_switch_moves_the_platform_the_revision_and_updated_at,
                a_switch_to_none_leaves_the_platform,
                a_switch_with_the_expected_revision_is_made,
                a_switch_with_another_revision_is_a_conflict_and_changes_nothing,
                a_switch_of_an_unknown_session_finds_it_gone,
                a_switch_leaves_other_sessions_alone,
            }
            ending {
                ending_says_when_and_why_and_keeps_the_row,
                every_reason_is_kept,
                abuse_23_ending_twice_or_ending_the_unknown_is_none,
                abuse_22_ending_all_of_a_user_spares_the_kept_and_other_users,
                ending_everyone_goes_by_limit_and_spares_the_kept,
                the_idle_end_as_expired_each_kind_by_its_limit_7_3_1,
                those_past_the_absolute_end_end_as_expired_7_3_2,
                expiring_goes_by_limit_until_none_is_left,
                expiring_leaves_what_had_ended_as_it_was,
            }
            dead {
                abuse_04_a_touch_changes_nothing_and_does_not_count,
                abuse_06_no_rotation_adds_a_token,
                confirming_a_token_changes_no_token,
                abuse_02_a_switch_that_spans_a_logout_finds_it_gone,
                abuse_01_data_saved_after_a_logout_is_not_kept,
                no_other_end_overwrites_the_first,
                enabling_the_user_revives_none_7_4_2,
                a_role_change_leaves_it,
                a_password_change_cannot_keep_it_and_is_refused,
                a_platform_that_goes_leaves_it,
            }
            cleanup {
                rows_that_ended_before_go_with_their_tokens,
                rows_that_ended_at_or_after_the_moment_stay,
                abuse_17_live_rows_and_the_trail_are_spared,
                the_oldest_ends_go_first_by_limit,
            }
            jobs {
                one_at_a_time_has_the_turn_until_it_is_given_back,
                of_many_that_claim_at_once_one_has_the_turn,
                a_turn_holds_up_nobody_who_changes_something,
                the_last_clean_up_that_succeeded_is_known,
            }
            lists {
                the_list_of_a_user_has_live_rows_most_recently_active_first,
                a_list_has_live_rows_newest_first,
                a_list_may_have_ended_rows_too,
                a_list_may_be_of_one_user,
                pages_of_a_list_follow_each_other,
                the_count_is_of_live_rows,
                a_check_passes_and_changes_nothing,
            }
            data {
                a_value_is_read_as_it_was_written,
                a_missing_key_is_none,
                keys_are_compared_exactly,
                the_list_goes_by_key,
                sessions_do_not_share_data,
                each_put_has_a_fresh_revision_of_the_session,
                a_key_that_comes_back_has_another_revision,
                a_put_happens_only_if_its_precondition_holds,
                a_removal_happens_only_if_its_precondition_holds,
                abuse_15_a_large_value_round_trips_up_to_the_cap,
                the_cap_counts_the_bytes_of_all_keys_and_values_once,
                the_precondition_is_asked_before_the_cap,
                an_unknown_session_has_no_data_and_takes_none,
                data_is_no_event_and_moves_nothing_of_the_session,
                data_survives_a_switch_and_a_touch,
            }
            watching {
                whoever_watches_hears_before_the_verb_answers,
                news_of_a_session_reach_no_other,
                what_becomes_of_a_user_reaches_all_their_sessions,
                what_was_refused_is_no_news,
                everyone_whose_session_ends_hears_of_it,
            }
            events {
                an_event_tells_who_when_from_where_and_about_whom,
                every_kind_and_actor_is_kept,
                events_come_newest_first,
                events_may_be_of_one_user_or_recent,
                events_may_be_of_one_kind_or_without_routine,
                pages_of_events_follow_each_other,
                signing_in_records_itself_and_what_it_ended,
                each_ended_session_has_one_event_with_its_reason,
                a_switch_records_the_key_or_nothing_for_none,
                a_rotation_is_recorded_once_as_what_it_is,
                a_rotation_that_is_pending_or_collides_records_nothing,
                touching_and_confirming_record_nothing,
                what_becomes_of_a_user_is_recorded,
                a_password_change_names_the_kept_session_and_ends_the_others,
                what_becomes_of_a_platform_is_recorded_by_key,
                what_was_refused_records_nothing,
            }
            devices {
                a_device_is_new_the_first_time_unless_it_is_the_first_of_all,
            }
            trail {
                each_user_and_nobody_has_a_chain,
                sealed_events_come_by_key_in_pages,
                the_last_key_that_was_given_is_known,
                every_kind_of_change_leaves_a_trail_that_checks,
                concurrent_changes_leave_a_trail_that_checks,
                whatever_is_altered_in_an_event_is_found,
                a_client_that_was_never_there_cannot_be_put_in,
                an_event_taken_out_is_found,
                events_that_change_places_are_found,
                an_event_put_in_is_found,
            }
            forgetting {
                a_forgotten_user_is_gone_with_all_they_had,
                forgetting_is_recorded_and_the_trail_still_checks,
                clients_of_what_they_did_to_others_are_forgotten,
                forgetting_spares_everybody_else,
                a_sign_in_that_spans_the_forgetting_is_refused,
                forgetting_twice_or_the_unknown_changes_nothing,
                what_is_recorded_late_of_a_forgotten_user_tells_nothing_of_the_client,
                a_user_of_another_directory_is_forgotten_too,
                compacting_changes_nothing_that_can_be_seen,
                after_compacting_nothing_is_due,
                old_clients_are_shortened_by_limit_and_the_trail_still_checks,
            }
            users {
                an_added_user_is_as_it_was_given,
                a_user_name_is_unique_whatever_its_case_and_compared_as_it_is,
                an_email_is_unique_whatever_its_case,
                a_taken_name_is_told_before_a_taken_email,
                users_come_oldest_first_in_pages,
                names_are_told_of_those_who_are_there,
                disabling_a_user_ends_their_sessions_7_4_2,
                a_role_change_is_seen_at_once_in_every_live_session_8_3_2,
                a_change_of_a_user_is_made_as_a_whole,
                what_a_user_is_already_is_no_change,
                the_last_active_admin_is_spared_where_that_is_asked_for,
                every_role_is_kept,
                what_is_asked_of_an_unknown_user_is_refused,
                a_password_change_ends_the_others_and_rotates_the_kept_7_4_3,
                a_password_change_that_keeps_none_ends_all,
                a_password_that_changed_meanwhile_is_not_changed_again,
                a_password_change_cannot_keep_the_session_of_another,
                a_hash_is_upgraded_only_in_the_place_of_the_old_one,
            }
            platforms {
                an_added_platform_is_as_it_was_given,
                a_user_has_so_many_platforms_and_no_more,
                the_last_use_of_a_platform_is_noted,
                a_platform_of_an_unknown_user_is_not_added,
                names_and_accounts_are_unique_for_the_user,
                the_first_platform_is_the_default_and_a_later_one_may_take_over,
                one_default_takes_over_from_another_or_none,
                an_inactive_platform_is_no_default_and_is_not_offered,
                a_platform_is_renamed_unless_the_name_is_taken,
                a_change_of_nothing_leaves_all_as_it_is,
                the_platform_of_another_user_is_not_found,
                sealed_credentials_are_kept_and_replaced,
                everyones_sealed_credentials_are_listed_and_sealed_anew,
                sessions_in_a_removed_platform_have_none,
                sessions_in_a_deactivated_platform_have_none,
                sessions_of_others_stay_when_a_platform_goes,
                platform_keys_are_never_given_again,
            }
            throttle {
                failures_at_a_place_are_counted_until_a_success,
                failures_of_an_account_are_counted_over_all_places,
                failures_of_an_address_are_counted_over_all_accounts,
                a_place_is_known_after_a_success,
                a_session_is_counted_apart_and_leaves_nothing_after_a_success,
                an_account_is_forgotten_with_its_places_alone,
                counters_that_mean_nothing_go_by_limit,
                attempts_at_once_are_admitted_as_attempts_in_a_row,
            }
            directory {
                a_user_is_found_for_sign_in_with_their_password,
                a_user_without_a_password_and_a_disabled_one_are_found,
                a_user_is_found_by_key_active_or_not,
                platforms_are_offered_the_default_first_then_by_name,
                a_token_loads_the_bundled_user_and_platform_with_the_row,
                a_token_loads_no_platform_that_is_anothers_or_inactive,
                keys_of_another_directory_stay_what_they_were,
                the_number_7_and_the_text_7_are_two_users,
                a_text_key_never_matches_a_bundled_row,
                the_bundled_tables_have_no_changes_to_tell,
            }
            races {
                abuse_28_concurrent_sign_ins_never_exceed_the_cap_7_1_2,
                concurrent_sign_ins_with_one_token_have_one_winner,
                abuse_05_two_concurrent_rotations_leave_one_successor,
                concurrent_first_uses_of_a_token_retire_the_old_one_once,
                switches_that_expect_the_same_revision_have_one_winner,
                switches_without_expectation_each_have_a_revision,
                abuse_07_concurrent_writes_of_different_keys_all_survive,
                abuse_07_a_key_compared_and_set_has_one_winner_a_revision,
                abuse_15_concurrent_writes_never_exceed_the_cap,
                concurrent_ends_have_one_winner_and_one_event,
                abuse_02_nothing_that_races_an_end_revives_or_changes_the_dead,
                concurrent_sweeps_end_and_delete_each_row_once,
            }
            clean_up_storm {
                nothing_in_use_is_cleaned_up_whoever_meets,
            }
            account_races {
                no_sign_in_survives_the_disabling_of_its_user_7_4_2,
                administrators_who_demote_each_other_leave_one,
                password_changes_checked_against_the_same_one_have_one_winner,
                users_of_one_name_or_email_have_one_winner,
                platforms_added_as_default_leave_one_default,
            }
        }
    };
}
