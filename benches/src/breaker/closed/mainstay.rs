use mainstay_resilience::breaker::{
    CircuitBreaker, CircuitBreakerLayer, CircuitBreakerService, FailureRate, Window,
};
use tower_layer::Layer;

use super::{RATE, WINDOW};

/// A breaker is one of each service that is called, and is kept in a static.
pub(crate) fn around<S>(inner: S) -> CircuitBreakerService<S> {
    CircuitBreakerLayer::of(Box::leak(Box::new(breaker()))).layer(inner)
}

/// One that is shared by counting references instead.
pub(crate) fn shared<S>(inner: S) -> CircuitBreakerService<S> {
    breaker().layer().layer(inner)
}

fn breaker() -> CircuitBreaker {
    CircuitBreaker::builder("bench")
        .window(Window::calls(WINDOW))
        .trip(FailureRate::at_least(f64::from(RATE)))
        .build()
        .expect("a valid configuration")
}
