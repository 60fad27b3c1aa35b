use std::fmt;

use tower_layer::Layer;

use super::CircuitBreakers;
use super::service::{CircuitBreakersService, HttpCircuitBreakersService};
use crate::Respond;
use crate::breaker::layer::{IntoHttpLayer, ResponseJudge};
use crate::classify::{AnyError, GrpcClassifier, HttpClassifier};

/// Makes services of which each call is watched by the breaker of its key: from
/// [`CircuitBreakers::layer_by`].
#[must_use]
pub struct CircuitBreakersLayer<K, F, C = AnyError> {
    breakers: CircuitBreakers<K>,
    key: F,
    classify: C,
}

impl<K, F> CircuitBreakersLayer<K, F> {
    pub(super) fn new(breakers: CircuitBreakers<K>, key: F) -> Self {
        Self { breakers, key, classify: AnyError }
    }
}

impl<K, F, C> CircuitBreakersLayer<K, F, C> {
    /// Another opinion on what a failure is. It is cloned for each call.
    pub fn classify<D>(self, classify: D) -> CircuitBreakersLayer<K, F, D> {
        CircuitBreakersLayer { breakers: self.breakers, key: self.key, classify }
    }

    /// Answers a request instead of failing with [`Open`](crate::breaker::Open); see [`Respond`].
    pub fn respond(self) -> Respond<Self> {
        Respond::new(self)
    }
}

impl<S, K, F: Clone, C: Clone> Layer<S> for CircuitBreakersLayer<K, F, C> {
    type Service = CircuitBreakersService<S, K, F, C>;

    fn layer(&self, inner: S) -> Self::Service {
        let (key, classify) = (self.key.clone(), self.classify.clone());
        CircuitBreakersService::new(inner, self.breakers.clone(), key, classify)
    }
}

impl<K, F: Clone, C: Clone> Clone for CircuitBreakersLayer<K, F, C> {
    fn clone(&self) -> Self {
        let (key, classify) = (self.key.clone(), self.classify.clone());
        Self { breakers: self.breakers.clone(), key, classify }
    }
}

impl<K, F, C> fmt::Debug for CircuitBreakersLayer<K, F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakersLayer")
            .field("breakers", &self.breakers)
            .finish_non_exhaustive()
    }
}

/// Makes HTTP services of which each call is watched by the breaker of its key: from
/// [`CircuitBreakers::http_layer_by`].
#[must_use]
pub struct HttpCircuitBreakersLayer<K, F, C = HttpClassifier> {
    breakers: CircuitBreakers<K>,
    key: F,
    judge: ResponseJudge<C>,
}

impl<K, F> HttpCircuitBreakersLayer<K, F> {
    pub(super) fn new(breakers: CircuitBreakers<K>, key: F) -> Self {
        Self { breakers, key, judge: ResponseJudge::default() }
    }
}

impl<K, F, C> HttpCircuitBreakersLayer<K, F, C> {
    /// As [`HttpCircuitBreakerLayer::classify_http`](crate::breaker::HttpCircuitBreakerLayer::classify_http).
    pub fn classify_http<D>(self, classifier: D) -> HttpCircuitBreakersLayer<K, F, D> {
        let judge = self.judge.with_http(classifier);
        HttpCircuitBreakersLayer { breakers: self.breakers, key: self.key, judge }
    }

    /// Another classifier of gRPC responses.
    pub fn classify_grpc(mut self, classifier: GrpcClassifier) -> Self {
        self.judge.grpc = classifier;
        self
    }

    /// As [`HttpCircuitBreakerLayer::including_body`](crate::breaker::HttpCircuitBreakerLayer::including_body).
    pub fn including_body(mut self) -> Self {
        self.judge.including_body = true;
        self
    }

    /// Answers a request instead of failing with [`Open`](crate::breaker::Open); see [`Respond`].
    pub fn respond(self) -> Respond<Self> {
        Respond::new(self)
    }
}

impl<K, F, C> IntoHttpLayer for HttpCircuitBreakersLayer<K, F, C> {
    type Layer = Self;

    fn into_http_layer(self) -> Self {
        self
    }
}

impl<S, K, F: Clone, C: Clone> Layer<S> for HttpCircuitBreakersLayer<K, F, C> {
    type Service = HttpCircuitBreakersService<S, K, F, C>;

    fn layer(&self, inner: S) -> Self::Service {
        let (key, judge) = (self.key.clone(), self.judge.clone());
        HttpCircuitBreakersService::new(inner, self.breakers.clone(), key, judge)
    }
}

impl<K, F: Clone, C: Clone> Clone for HttpCircuitBreakersLayer<K, F, C> {
    fn clone(&self) -> Self {
        let (key, judge) = (self.key.clone(), self.judge.clone());
        Self { breakers: self.breakers.clone(), key, judge }
    }
}

impl<K, F, C> fmt::Debug for HttpCircuitBreakersLayer<K, F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCircuitBreakersLayer")
            .field("breakers", &self.breakers)
            .finish_non_exhaustive()
    }
}
