use mainstay_resilience::breaker::{CircuitBreaker, CircuitBreakerService, FailureRate, Window};
use tower_layer::Layer;

use super::{RATE, WINDOW};

pub(crate) fn around<S>(inner: S) -> CircuitBreakerService<S> {
    CircuitBreaker::builder("bench")
        .window(Window::calls(WINDOW))
        .trip(FailureRate::at_least(f64::from(RATE)))
        .build()
        .expect("a valid configuration")
        .layer()
        .layer(inner)
}
