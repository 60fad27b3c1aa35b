use std::task::{Context, Poll, Waker};

use tower_layer::Layer;
use tower_resilience_circuitbreaker::{
    CircuitBreaker, CircuitBreakerLayer, DefaultClassifier, SlidingWindowType,
};

use super::{LEAST, RATE, WINDOW, fill};
use crate::Operation;
use crate::call::{Backend, repeat};

pub(super) type Breaker = CircuitBreaker<Backend, DefaultClassifier>;

pub(super) fn around(inner: Backend) -> Breaker {
    CircuitBreakerLayer::builder()
        .failure_rate_threshold(f64::from(RATE))
        .sliding_window_type(SlidingWindowType::TimeBased)
        .sliding_window_duration(WINDOW)
        .minimum_number_of_calls(LEAST as usize)
        .build()
        .expect("a valid configuration")
        .layer(inner)
}

/// The operation that makes one good call, after so many others at the start of each batch.
pub(super) fn refilled(calls: u64) -> Operation {
    let service = around(Backend);
    let past = service.clone();
    repeat(service).restored_by(move || {
        // Its records go when the state changes, and with `reset` only if that is a change.
        now(past.force_open());
        now(past.reset());
        fill(&past, calls);
    })
}

/// How many calls the window holds.
pub(super) fn held(service: &Breaker) -> usize {
    now(service.metrics()).map_or(0, |metrics| metrics.total_calls)
}

/// What comes of a future that has nothing to wait for: nobody else has the lock.
fn now<F: Future>(future: F) -> Option<F::Output> {
    let mut cx = Context::from_waker(Waker::noop());
    match std::pin::pin!(future).poll(&mut cx) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
