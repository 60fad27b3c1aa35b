//! The suite of stores fails for each flaw that a store may have, and for none without one.

#![cfg(test)]
#![cfg(feature = "conformance")]

mod naive;

use std::future::Future;

use mainstay_idempotency::conformance as suite;

use self::naive::{Flaw, Naive};

mod without_a_flaw {
    use super::naive::Naive;

    mainstay_idempotency::conformance!(Naive::new(None));
}

async fn is_caught(flaw: Flaw, scenario: impl Future<Output = ()> + Send + 'static) {
    match tokio::spawn(scenario).await {
        Ok(()) => panic!("{flaw:?} is not caught"),
        Err(caught) => assert!(caught.is_panic()),
    }
}

macro_rules! flaws {
    ($($name:ident: $flaw:ident is caught by $scenario:ident;)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let harness = Naive::new(Some(Flaw::$flaw));
                is_caught(Flaw::$flaw, async move { suite::$scenario(&harness).await }).await;
            }
        )+
    };
}

flaws! {
    get_then_set_on_an_absent_key: GetThenSet
        is caught by scenario_01_one_of_many_first_claims_is_granted;
    get_then_set_on_an_ended_lease: GetThenSet
        is caught by scenario_02_one_of_many_claims_on_an_ended_lease_is_granted;
    get_then_set_where_a_claim_is_completed: GetThenComplete
        is caught by scenario_02_completion_meets_takeovers;
    get_then_set_where_a_claim_is_renewed: GetThenRenew
        is caught by scenario_02_renewal_meets_takeovers;
    get_then_set_where_a_claim_is_released: GetThenRelease
        is caught by scenario_02_release_meets_takeovers;
    a_completion_is_two_steps: WrittenInTwoSteps
        is caught by calls_that_are_dropped_are_made_again;
    a_repeated_claim_is_another: ClaimForgetsWhoMadeIt
        is caught by scenario_03_claim_applied_reply_lost;
    a_repeated_claim_is_not_renewed: RepeatKeepsTheLease
        is caught by scenario_03_claim_applied_reply_lost;
    a_repeated_completion_is_lost: CompletedOnce
        is caught by scenario_04_complete_applied_reply_lost;
    a_repeated_completion_replaces_the_record: LastRecordStays
        is caught by scenario_04_complete_applied_reply_lost;
    nobody_takes_over: NeverTakenOver
        is caught by scenario_05_owner_dies_after_its_claim;
    a_repeat_is_not_told_of_the_takeover: TakeoverForgotten
        is caught by scenario_06_owner_dies_after_the_effect_and_it_runs_again;
    everybody_takes_over: AlwaysTakenOver
        is caught by scenario_06_owner_dies_after_the_effect_and_it_is_abandoned;
    a_record_goes_with_the_lease: RecordEndsWithLease
        is caught by scenario_07_owner_dies_after_it_has_completed;
    anybody_completes: CompleteWithoutOwner
        is caught by scenario_09_paused_owner_changes_nothing;
    anybody_renews: RenewWithoutOwner
        is caught by scenario_09_paused_owner_changes_nothing;
    anybody_releases: ReleaseWithoutOwner
        is caught by scenario_09_paused_owner_changes_nothing;
    the_record_of_the_other_is_not_told: LostWithoutRecord
        is caught by scenario_10_paused_owner_is_given_the_answer_of_the_other;
    a_late_renewal_is_refused: LateRenewalRefused
        is caught by scenario_11_owner_learns_from_a_renewal_that_its_claim_is_lost;
    a_renewal_never_shortens: RenewalAdds
        is caught by scenario_11_renewal_counts_from_when_it_is_made;
    a_renewal_revives_a_record: RenewalRevives
        is caught by scenario_12_renewal_revives_nothing;
    a_release_deletes_a_record: ReleaseDeletes
        is caught by scenario_13_release_after_complete_deletes_nothing;
    a_release_does_nothing: ReleaseIgnored
        is caught by scenario_14_release_frees_the_key;
    time_stands_still_for_a_handle: FrozenClock
        is caught by scenario_18_only_the_clock_of_the_store_counts;
    a_clock_that_steps_back_has_fences_repeated: FenceIsTheTime
        is caught by scenario_19_clock_of_the_store_steps_back;
    a_restart_loses_what_was_promised: RestartLoses
        is caught by scenario_20_store_is_restarted;
    a_loss_has_fences_repeated: FencesLost
        is caught by scenario_21_store_loses_its_data;
    a_record_stays_for_ever: NeverExpires
        is caught by scenario_22_record_expires_while_it_is_asked_for;
    a_sweeper_takes_what_can_be_taken_over: SweepsEndedLeases
        is caught by scenario_23_sweeper_meets_a_takeover;
    a_fingerprint_is_not_looked_at: FingerprintIgnored
        is caught by scenario_24_key_is_used_for_something_else;
    a_key_is_cut: KeysMeet
        is caught by scenario_25_scopes_do_not_meet;
    a_fingerprint_of_another_release_differs: FingerprintByBytes
        is caught by scenario_26_fingerprints_of_two_releases;
    a_record_is_text: RecordIsText
        is caught by scenario_26_records_are_opaque;
    a_large_record_is_cut: RecordIsCut
        is caught by scenario_26_records_are_opaque;
    a_fence_makes_a_holder: NonceNotCompared
        is caught by strangers_change_nothing;
    a_nonce_makes_a_holder: FenceNotCompared
        is caught by older_claims_of_the_same_nonce_change_nothing;
    what_has_expired_is_still_held: ExpiredIsHeld
        is caught by claims_of_the_past_change_nothing;
    what_has_expired_is_taken_over: ExpiredIsTakenOver
        is caught by claims_expire_when_they_are_neither_renewed_nor_completed;
    a_renewal_leaves_the_expiry: RenewalKeepsExpiry
        is caught by expiry_counts_from_the_renewal;
    fences_begin_again_with_the_key: FenceGoesWithTheKey
        is caught by fences_rise;
}
