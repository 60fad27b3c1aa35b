use mainstay_resilience::breaker::{
    CircuitBreaker, CircuitBreakerLayer, CircuitBreakerService, FailureRate, Window,
};
use tower_layer::Layer;

use super::{LEAST, RATE, WINDOW};

pub(super) fn around<S>(inner: S) -> CircuitBreakerService<S> {
    let breaker = CircuitBreaker::builder("bench")
        .window(Window::last(WINDOW))
        .trip(FailureRate::at_least(f64::from(RATE)).min_calls(LEAST))
        .build()
        .expect("a valid configuration");
    CircuitBreakerLayer::of(Box::leak(Box::new(breaker))).layer(inner)
}
