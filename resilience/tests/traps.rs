//! The ways to get a circuit breaker wrong that others have been through, each with a test that it
//! is not so here. The numbers are those of the list that they were gathered in.

#![cfg(test)]

#[path = "traps/dropped.rs"]
mod dropped;
#[path = "traps/judging.rs"]
mod judging;
#[path = "traps/permits.rs"]
mod permits;
#[path = "traps/probing.rs"]
mod probing;
#[path = "traps/services.rs"]
mod services;
#[path = "traps/telling.rs"]
mod telling;

use std::time::Duration;

use mainstay_core::ManualClock;
use mainstay_resilience::backoff::Backoff;
use mainstay_resilience::breaker::{
    Builder, CircuitBreaker, Config, Consecutive, HalfOpen, State, Window,
};
use mainstay_resilience::classify::Verdict;

const SECOND: Duration = Duration::from_secs(1);

/// Opens at the first failure, for a second; closes after three probes that went well, of which one
/// runs at a time.
fn quick() -> Builder {
    CircuitBreaker::builder("trap")
        .trip(Consecutive::failures(1))
        .open_for(Backoff::constant(SECOND))
        .half_open(HalfOpen::consecutive(3).at_once(1))
}

/// Nothing opens it: it only counts the last calls.
fn counting(calls: u16) -> Builder {
    let config = Config::default().without_rules();
    CircuitBreaker::builder("trap").config(config.window(Window::calls(calls)))
}

/// A breaker whose time to be open is over.
fn waited(builder: Builder) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let breaker = builder.clock(clock.clone()).build().unwrap();
    fail(&breaker);
    assert_eq!(state(&breaker), State::Open);
    clock.advance(SECOND);
    (breaker, clock)
}

fn succeed(breaker: &CircuitBreaker) {
    breaker.try_acquire().unwrap().finish(Verdict::success());
}

fn fail(breaker: &CircuitBreaker) {
    breaker.try_acquire().unwrap().finish(Verdict::failure());
}

fn state(breaker: &CircuitBreaker) -> State {
    breaker.status().state
}

/// How many calls are in the window, and how many of them have failed.
fn counts(breaker: &CircuitBreaker) -> (u32, u32) {
    let counts = breaker.snapshot().counts;
    (counts.calls, counts.failed)
}
