//! Every layer of this crate is put through the suite of laws that tower's contract comes to.

#![cfg(test)]

use std::num::NonZeroUsize;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use mainstay_resilience::backoff::Backoff;
use mainstay_resilience::breaker::{CircuitBreaker, CircuitBreakers, Config};
use mainstay_resilience::budget::Budget;
use mainstay_resilience::permit::DroppedAsLayer;
use mainstay_resilience::retry::{InboundLayer, Retry};
use mainstay_resilience::stack::ClientStack;
use mainstay_resilience::timeout::TimeoutLayer;
use mainstay_testkit::probe::{self, Ping, Subject};
use tower::Layer;

/// Longer than any test: a limit that never strikes.
const LONG: Duration = Duration::from_secs(86_400);

const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

fn timeouts() -> [Subject; 3] {
    let layer = TimeoutLayer::new(LONG);
    [
        Subject::new(move |inner| layer.layer(inner)),
        Subject::http(move |inner| layer.including_body().layer(inner)),
        Subject::http(move |inner| layer.respond().layer(inner)),
    ]
}

#[test]
fn the_timeout_keeps_the_laws_one_by_one() {
    for subject in timeouts() {
        probe::suite(&subject);
    }
}

#[test]
fn the_timeout_keeps_the_laws_in_any_order() {
    for subject in timeouts() {
        probe::fuzz(&subject);
    }
}

#[test]
fn who_says_why_calls_are_dropped_keeps_the_laws() {
    let subject = Subject::new(|inner| DroppedAsLayer::caller_gone().layer(inner));
    probe::suite(&subject);
    probe::fuzz(&subject);
}

/// Breakers that nothing opens.
fn breakers() -> [Subject; 7] {
    let builder = || {
        let config = Config::default().without_rules();
        CircuitBreaker::builder("contract").config(config)
    };
    let breaker = move || builder().build().unwrap();
    // More keys than there is room for.
    let by_key = move || CircuitBreakers::<u64>::with_capacity(TWO, builder()).unwrap();
    let by_length = |request: &Request<Full<Bytes>>| request.uri().path().len() as u64;
    [
        Subject::new(move |inner| breaker().layer().layer(inner)),
        Subject::http(move |inner| breaker().http_layer().layer(inner)),
        Subject::http(move |inner| breaker().http_layer().including_body().layer(inner)),
        Subject::http(move |inner| breaker().http_layer().respond().layer(inner)),
        Subject::new(move |inner| by_key().layer_by(|Ping(it)| it % 3).layer(inner)),
        Subject::http(move |inner| by_key().http_layer_by(by_length).layer(inner)),
        Subject::http(move |inner| {
            by_key().http_layer_by(by_length).including_body().respond().layer(inner)
        }),
    ]
}

#[test]
fn the_breaker_keeps_the_laws_one_by_one() {
    for subject in breakers() {
        probe::suite(&subject);
    }
}

#[test]
fn the_breaker_keeps_the_laws_in_any_order() {
    for subject in breakers() {
        probe::fuzz(&subject);
    }
}

/// With waits between attempts, and without.
fn retries() -> [Subject; 5] {
    let waiting = || Retry::exponential().attempts(3).budget(Budget::ratio(0.5));
    let at_once = || Retry::new(Backoff::constant(Duration::ZERO));
    [
        Subject::new(move |inner| waiting().layer().layer(inner)).repeats_failed_calls(),
        Subject::new(move |inner| at_once().layer().layer(inner)).repeats_failed_calls(),
        Subject::http(move |inner| waiting().http_layer().layer(inner)).repeats_failed_calls(),
        Subject::http(move |inner| at_once().http_layer().layer(inner)).repeats_failed_calls(),
        Subject::http(move |inner| InboundLayer::new().layer(inner)),
    ]
}

#[test]
fn the_retry_keeps_the_laws_one_by_one() {
    for subject in retries() {
        probe::suite(&subject);
    }
}

#[test]
fn the_retry_keeps_the_laws_in_any_order() {
    for subject in retries() {
        probe::fuzz(&subject);
    }
}

/// All of them, set up so that they reject nothing.
fn stacks() -> [Subject; 2] {
    let stack = || {
        let config = Config::default().without_rules();
        let breaker = CircuitBreaker::builder("contract").config(config).build().unwrap();
        let retry = Retry::exponential().attempts(3).budget(Budget::ratio(0.5));
        ClientStack::http(breaker).deadline(LONG).retry(retry).attempt_timeout(LONG)
    };
    [
        Subject::http(move |inner| stack().layer(inner)).repeats_failed_calls(),
        Subject::http(move |inner| stack().respond().layer(inner)).repeats_failed_calls(),
    ]
}

#[test]
fn the_client_stack_keeps_the_laws_one_by_one() {
    for subject in stacks() {
        probe::suite(&subject);
    }
}

#[test]
fn the_client_stack_keeps_the_laws_in_any_order() {
    for subject in stacks() {
        probe::fuzz(&subject);
    }
}
