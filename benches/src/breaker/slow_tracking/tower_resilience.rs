use tower_layer::Layer;
use tower_resilience_circuitbreaker::{CircuitBreaker, CircuitBreakerLayer, DefaultClassifier};

use super::SLOW;
use crate::breaker::closed::{RATE, WINDOW};

pub(super) fn around<S>(inner: S) -> CircuitBreaker<S, DefaultClassifier> {
    CircuitBreakerLayer::builder()
        .failure_rate_threshold(f64::from(RATE))
        .slow_call_duration_threshold(SLOW)
        .slow_call_rate_threshold(f64::from(RATE))
        .sliding_window_size(usize::from(WINDOW))
        .build()
        .expect("a valid configuration")
        .layer(inner)
}
