//! The laws, each by itself. [`suite`] checks all of them.

mod clones;
mod drops;
mod passage;
mod readiness;

pub use clones::{a_clone_does_not_inherit_a_failure, a_clone_has_no_readiness};
pub use drops::{
    a_body_dropped_midway_gives_back, a_panic_leaves_nothing_behind,
    drop_before_the_call_gives_back, drop_in_flight_ends_the_inner_call,
    drop_while_waiting_gives_back, the_future_stands_alone,
};
pub use passage::{
    answers_go_to_their_own_callers, no_more_run_than_are_admitted, request_and_response_pass,
    the_inner_error_stays_reachable, the_last_poller_of_a_call_is_woken,
};
pub use readiness::{
    a_failed_service_holds_nothing, inner_is_called_only_when_ready,
    pending_is_passed_on_and_woken, readiness_asked_twice_reserves_once,
    the_error_of_readiness_is_surfaced,
};

use super::subject::Subject;

/// How often a law does what must not leak: more often than a layer under test has places.
const ROUNDS: u64 = 64;

/// Checks all laws, each with a service of its own.
///
/// # Panics
///
/// If one is broken; the message says which, and how.
pub fn suite(subject: &Subject) {
    inner_is_called_only_when_ready(subject);
    pending_is_passed_on_and_woken(subject);
    readiness_asked_twice_reserves_once(subject);
    the_error_of_readiness_is_surfaced(subject);
    a_failed_service_holds_nothing(subject);
    a_clone_has_no_readiness(subject);
    a_clone_does_not_inherit_a_failure(subject);
    drop_while_waiting_gives_back(subject);
    drop_before_the_call_gives_back(subject);
    drop_in_flight_ends_the_inner_call(subject);
    a_body_dropped_midway_gives_back(subject);
    a_panic_leaves_nothing_behind(subject);
    the_future_stands_alone(subject);
    request_and_response_pass(subject);
    the_inner_error_stays_reachable(subject);
    the_last_poller_of_a_call_is_woken(subject);
    answers_go_to_their_own_callers(subject);
    no_more_run_than_are_admitted(subject);
}
