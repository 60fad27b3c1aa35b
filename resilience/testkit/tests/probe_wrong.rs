//! Layers that break tower's contract, each in one way, are found out: by the law that is meant
//! for it, by the suite, and by the fuzz.
#![cfg(test)]

mod wrong;

use std::panic::{AssertUnwindSafe, catch_unwind};

use mainstay_testkit::probe::{self, Probe, Subject, laws};
use wrong::{calls, limits, messages, readiness};

fn breaks(law: impl Fn(&Subject), subject: &Subject) -> bool {
    catch_unwind(AssertUnwindSafe(|| law(subject))).is_err()
}

/// The layer passes the suite but for this law, and the fuzz finds it as well.
fn is_found_out(subject: &Subject, law: impl Fn(&Subject)) {
    assert!(breaks(law, subject), "the law holds");
    assert!(breaks(probe::suite, subject), "the suite passes");
    assert!(breaks(probe::fuzz, subject), "the fuzz passes");
}

#[test]
fn a_call_of_a_clone_that_nobody_readied() {
    is_found_out(&Subject::new(readiness::CallsAClone), laws::inner_is_called_only_when_ready);
}

#[test]
fn readiness_that_is_never_asked_for() {
    is_found_out(&Subject::new(readiness::NeverAsks), laws::pending_is_passed_on_and_woken);
}

#[test]
fn readiness_that_is_cloned() {
    is_found_out(&Subject::new(readiness::RemembersInClones::new), laws::a_clone_has_no_readiness);
}

#[test]
fn readiness_that_waits_for_nobody() {
    is_found_out(&Subject::new(readiness::SwallowsWaker), laws::pending_is_passed_on_and_woken);
}

#[test]
fn readiness_that_wakes_the_first_task_only() {
    let subject = Subject::new(readiness::KeepsFirstWaker::new);
    is_found_out(&subject, laws::pending_is_passed_on_and_woken);
}

#[test]
fn an_error_of_readiness_taken_for_ready() {
    let subject = Subject::new(readiness::LosesError);
    is_found_out(&subject, laws::the_error_of_readiness_is_surfaced);
}

#[test]
fn an_error_of_readiness_taken_for_pending() {
    let subject = Subject::new(readiness::WaitsAfterError);
    is_found_out(&subject, laws::the_error_of_readiness_is_surfaced);
}

#[test]
fn a_place_kept_after_the_drop() {
    let subject = Subject::new(limits::KeepsPlace::new).admits(limits::PLACES);
    is_found_out(&subject, laws::drop_before_the_call_gives_back);
}

#[test]
fn an_inner_service_kept_ready_after_the_drop() {
    let subject = Subject::new(limits::Parks::new);
    is_found_out(&subject, laws::drop_before_the_call_gives_back);
}

#[test]
fn a_place_kept_when_the_call_is_dropped() {
    let subject = Subject::new(limits::SettlesAtTheEnd::new).admits(limits::PLACES);
    is_found_out(&subject, laws::drop_in_flight_ends_the_inner_call);
    assert!(breaks(laws::a_panic_leaves_nothing_behind, &subject));
}

#[test]
fn a_place_kept_by_a_failed_service() {
    let limited = |inner| tower::limit::ConcurrencyLimit::new(inner, 1);
    is_found_out(&Subject::new(limited).admits(1), laws::a_failed_service_holds_nothing);
}

#[test]
fn a_place_shared_with_clones() {
    let subject = Subject::new(limits::SharesPlace::new).admits(limits::PLACES);
    is_found_out(&subject, laws::no_more_run_than_are_admitted);
}

#[test]
fn a_limit_that_is_none() {
    let subject = Subject::new(|inner: Probe| inner).admits(2);
    is_found_out(&subject, laws::no_more_run_than_are_admitted);
}

#[test]
fn a_future_polled_after_its_end() {
    let subject = Subject::new(calls::PollsTwice);
    is_found_out(&subject, laws::the_inner_error_stays_reachable);
}

#[test]
fn a_call_made_twice() {
    is_found_out(&Subject::new(calls::CallsTwice), laws::inner_is_called_only_when_ready);
}

#[test]
fn a_failed_call_repeated_unasked() {
    is_found_out(&Subject::new(calls::Repeats), laws::the_inner_error_stays_reachable);
}

#[test]
fn a_call_that_goes_on_when_it_is_dropped() {
    is_found_out(&Subject::new(calls::Spawns), laws::drop_in_flight_ends_the_inner_call);
}

#[test]
fn a_call_that_is_never_woken() {
    is_found_out(&Subject::new(calls::SwallowsWaker), laws::the_last_poller_of_a_call_is_woken);
}

#[test]
fn an_answer_that_is_another_one_s() {
    is_found_out(&Subject::new(calls::MixesUp::new), laws::answers_go_to_their_own_callers);
}

#[test]
fn a_request_that_was_altered() {
    is_found_out(&Subject::http(messages::EmptiesRequest), laws::request_and_response_pass);
}

#[test]
fn a_response_without_its_trailers() {
    is_found_out(&Subject::http(messages::DropsTrailers), laws::request_and_response_pass);
}

#[test]
fn a_body_that_is_kept_when_it_is_dropped() {
    let subject = Subject::http(messages::ReadsInATask);
    is_found_out(&subject, laws::a_body_dropped_midway_gives_back);
}

/// That an error of any type counts as one is no business of the fuzz.
#[test]
fn an_error_turned_into_text() {
    let subject = Subject::new(messages::TurnsErrorsIntoText);
    assert!(breaks(laws::the_inner_error_stays_reachable, &subject));
    assert!(breaks(laws::the_error_of_readiness_is_surfaced, &subject));
}

#[test]
fn errors_answered_unasked() {
    is_found_out(&Subject::http(messages::AnswersErrors), laws::the_inner_error_stays_reachable);
}

#[test]
fn a_panic_that_is_swallowed() {
    is_found_out(&Subject::new(calls::AnswersPanics), laws::a_panic_leaves_nothing_behind);
}
