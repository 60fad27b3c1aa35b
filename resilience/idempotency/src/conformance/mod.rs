//! The suite that every store has to pass, yours too.
//!
//! Write a [`Harness`] for the store, and let [`conformance!`](crate::conformance!) make the tests:
//! one for each scenario, so that a failure has a name.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use mainstay_core::ManualClock;
//! use mainstay_idempotency::MemoryStore;
//! use mainstay_idempotency::conformance::{self, Harness};
//!
//! struct Memory {
//!     clock: ManualClock,
//!     store: Arc<MemoryStore>,
//! }
//!
//! impl Harness for Memory {
//!     type Store = Arc<MemoryStore>;
//!
//!     async fn store(&self) -> Arc<MemoryStore> {
//!         self.store.clone()
//!     }
//!
//!     async fn wait(&self, time: Duration) {
//!         self.clock.advance(time);
//!     }
//! }
//!
//! async fn harness() -> Memory {
//!     let clock = ManualClock::new();
//!     let store = MemoryStore::builder().clock(clock.clone()).build();
//!     Memory { clock, store: Arc::new(store) }
//! }
//!
//! // In a test module, with tokio's `macros` and `rt-multi-thread`:
//! mainstay_idempotency::conformance!(harness().await);
//!
//! // Or one scenario by hand.
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! conformance::scenario_03_claim_applied_reply_lost(&harness().await).await;
//! # }
//! ```
//!
//! Each scenario has keys of its own, so that all of them can run side by side on one server. Where
//! a harness stops the server or has it lose its data, the others must not be on it: give those
//! scenarios a server of their own, or make a server for each harness.

mod claimant;
mod concurrent;
mod dropped;
mod expiry;
mod fences;
mod harness;
mod loss;
mod mismatch;
mod owner;
mod renewal;
mod repeats;
mod takeovers;

pub use self::concurrent::*;
pub use self::dropped::*;
pub use self::expiry::*;
pub use self::fences::*;
pub use self::harness::Harness;
pub use self::loss::*;
pub use self::mismatch::*;
pub use self::owner::*;
pub use self::renewal::*;
pub use self::repeats::*;
pub use self::takeovers::*;

/// Makes a test for each scenario of the suite, in the module where it stands.
///
/// It is given an expression, in which `.await` may stand, that makes a new
/// [`Harness`](crate::conformance::Harness) for each test.
#[macro_export]
macro_rules! conformance {
    ($harness:expr) => {
        $crate::conformance! { $harness =>
            scenario_01_one_of_many_first_claims_is_granted
            scenario_02_one_of_many_claims_on_an_ended_lease_is_granted
            scenario_02_completion_meets_takeovers
            scenario_02_renewal_meets_takeovers
            scenario_02_release_meets_takeovers
            scenario_03_claim_applied_reply_lost
            scenario_04_complete_applied_reply_lost
            scenario_05_owner_dies_after_its_claim
            scenario_06_owner_dies_after_the_effect_and_it_runs_again
            scenario_06_owner_dies_after_the_effect_and_it_is_abandoned
            scenario_06_takeover_that_is_given_up_is_told_of
            scenario_07_owner_dies_after_it_has_completed
            scenario_09_paused_owner_changes_nothing
            scenario_10_paused_owner_is_given_the_answer_of_the_other
            scenario_11_owner_learns_from_a_renewal_that_its_claim_is_lost
            scenario_11_renewal_counts_from_when_it_is_made
            scenario_12_renewal_revives_nothing
            scenario_13_release_after_complete_deletes_nothing
            scenario_14_release_frees_the_key
            scenario_18_only_the_clock_of_the_store_counts
            scenario_19_clock_of_the_store_steps_back
            scenario_20_store_is_restarted
            scenario_21_store_loses_its_data
            scenario_22_record_expires_while_it_is_asked_for
            scenario_23_sweeper_meets_a_takeover
            scenario_24_key_is_used_for_something_else
            scenario_24_owner_asks_for_something_else
            scenario_25_scopes_do_not_meet
            scenario_26_fingerprints_of_two_releases
            scenario_26_records_are_opaque
            repeats_are_answered_as_the_first_was
            calls_that_are_dropped_are_made_again
            strangers_change_nothing
            older_claims_of_the_same_nonce_change_nothing
            claims_of_the_past_change_nothing
            claims_expire_when_they_are_neither_renewed_nor_completed
            expiry_counts_from_the_renewal
            fences_rise
        }
    };
    ($harness:expr => $($scenario:ident)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                $crate::conformance::$scenario(&$harness).await;
            }
        )+
    };
}

#[cfg(test)]
mod tests {
    /// One that is missing in the macro would be run by nobody.
    #[test]
    fn the_macro_has_all_scenarios() {
        let files = [
            include_str!("concurrent.rs"),
            include_str!("dropped.rs"),
            include_str!("expiry.rs"),
            include_str!("fences.rs"),
            include_str!("loss.rs"),
            include_str!("mismatch.rs"),
            include_str!("owner.rs"),
            include_str!("renewal.rs"),
            include_str!("repeats.rs"),
            include_str!("takeovers.rs"),
        ];
        let named: Vec<_> = include_str!("mod.rs").lines().map(str::trim).collect();
        let mut count = 0;
        for line in files.iter().flat_map(|file| file.lines()) {
            let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
            let (name, _) = rest.split_once('<').unwrap();
            assert!(named.contains(&name), "{name}");
            count += 1;
        }
        assert!(count > 30);
    }
}
