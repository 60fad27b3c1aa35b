use mainstay_resilience::backoff::Backoff;
use mainstay_resilience::breaker::{
    CircuitBreaker, CircuitBreakerLayer, CircuitBreakerService, FailureRate, Window,
};
use tower_layer::Layer;

use super::PAUSE;
use crate::breaker::closed::{RATE, WINDOW};

pub(super) fn around<S>(inner: S) -> CircuitBreakerService<S> {
    let breaker = CircuitBreaker::builder("bench")
        .window(Window::calls(WINDOW))
        .trip(FailureRate::at_least(f64::from(RATE)))
        .open_for(Backoff::constant(PAUSE))
        .build()
        .expect("a valid configuration");
    CircuitBreakerLayer::of(Box::leak(Box::new(breaker))).layer(inner)
}
