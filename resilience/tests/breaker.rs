//! The breaker as its users see it: around calls, as a layer, in front of a server, and in the hands
//! of an operator. How it decides is compared with a model in `breaker_model`.

#![cfg(test)]

#[path = "breaker/calls.rs"]
mod calls;
#[path = "breaker/control.rs"]
mod control;
#[path = "breaker/events.rs"]
mod events;
#[path = "breaker/functions.rs"]
mod functions;
#[path = "breaker/layer.rs"]
mod layer;
#[path = "breaker/registry.rs"]
mod registry;
#[path = "breaker/registry_model.rs"]
mod registry_model;
#[path = "breaker/responses.rs"]
mod responses;
#[path = "breaker/streams.rs"]
mod streams;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mainstay_resilience::backoff::Backoff;
use mainstay_resilience::breaker::{
    Builder, CircuitBreaker, Consecutive, Event, HalfOpen, Mode, State,
};
use mainstay_resilience::classify::Verdict;

const SECOND: Duration = Duration::from_secs(1);

/// Opens at the first failure, for a second, and closes with the first probe that goes well.
fn quick() -> Builder {
    CircuitBreaker::builder("payments")
        .trip(Consecutive::failures(1))
        .open_for(Backoff::constant(SECOND))
        .half_open(HalfOpen::consecutive(1).at_once(1))
}

fn breaker() -> CircuitBreaker {
    quick().build().unwrap()
}

/// What an observer was told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Event>>>);

impl Told {
    fn observer(&self) -> impl Fn(&Event) + Send + Sync + 'static {
        let told = Arc::clone(&self.0);
        move |event| told.lock().unwrap().push(event.clone())
    }

    fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn fail(breaker: &CircuitBreaker) {
    breaker.try_acquire().unwrap().finish(Verdict::failure());
}

fn succeed(breaker: &CircuitBreaker) {
    breaker.try_acquire().unwrap().finish(Verdict::success());
}

fn at(breaker: &CircuitBreaker) -> (Mode, State) {
    let status = breaker.status();
    (status.mode, status.state)
}

/// How many calls are in the window, and how many of them have failed.
fn counts(breaker: &CircuitBreaker) -> (u32, u32) {
    let counts = breaker.snapshot().counts;
    (counts.calls, counts.failed)
}
