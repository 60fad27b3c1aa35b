use mainstay_resilience::breaker::{
    CircuitBreaker, CircuitBreakerLayer, CircuitBreakerService, FailureRate, SlowCalls, Window,
};
use tower_layer::Layer;

use super::SLOW;
use crate::breaker::closed::{RATE, WINDOW};

pub(super) fn around<S>(inner: S) -> CircuitBreakerService<S> {
    let breaker = CircuitBreaker::builder("bench")
        .window(Window::calls(WINDOW))
        .trip(FailureRate::at_least(f64::from(RATE)))
        .trip(SlowCalls::longer_than(SLOW).rate(f64::from(RATE)))
        .build()
        .expect("a valid configuration");
    CircuitBreakerLayer::of(Box::leak(Box::new(breaker))).layer(inner)
}
