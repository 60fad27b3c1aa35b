use tower_layer::Layer;

use super::CircuitBreaker;
use super::service::{CircuitBreakerService, HttpCircuitBreakerService};
use crate::Respond;
use crate::classify::{AnyError, GrpcClassifier, HttpClassifier};

/// Makes services that a breaker watches over: from [`CircuitBreaker::layer`].
#[derive(Clone, Debug)]
pub struct CircuitBreakerLayer<C = AnyError> {
    breaker: Source,
    classify: C,
}

/// Whose calls a layer watches over.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Shared(CircuitBreaker),
    Static(&'static CircuitBreaker),
}

impl CircuitBreakerLayer {
    /// A layer of a breaker in a `static`, as [`CircuitBreaker::layer`] otherwise. Calls then need
    /// not count their references to it, which is half of what they cost.
    ///
    /// ```
    /// use mainstay_resilience::breaker::{CircuitBreaker, CircuitBreakerLayer, InvalidConfig};
    /// use std::sync::OnceLock;
    ///
    /// static PAYMENTS: OnceLock<CircuitBreaker> = OnceLock::new();
    ///
    /// let breaker = CircuitBreaker::builder("payments").build()?;
    /// let layer = CircuitBreakerLayer::of(PAYMENTS.get_or_init(|| breaker));
    /// # Ok::<(), InvalidConfig>(())
    /// ```
    pub fn of(breaker: &'static CircuitBreaker) -> Self {
        Self { breaker: Source::Static(breaker), classify: AnyError }
    }
}

impl<C> CircuitBreakerLayer<C> {
    pub(super) fn new(breaker: CircuitBreaker, classify: C) -> Self {
        Self { breaker: Source::Shared(breaker), classify }
    }

    /// Another opinion on what a failure is. It is cloned for each call.
    pub fn classify<D>(self, classify: D) -> CircuitBreakerLayer<D> {
        CircuitBreakerLayer { breaker: self.breaker, classify }
    }

    /// Answers a request instead of failing with [`Open`](super::Open); see [`Respond`].
    pub fn respond(self) -> Respond<Self> {
        Respond::new(self)
    }
}

impl<S, C: Clone> Layer<S> for CircuitBreakerLayer<C> {
    type Service = CircuitBreakerService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        CircuitBreakerService::new(inner, &self.breaker, self.classify.clone())
    }
}

/// Makes HTTP services that a breaker watches over: from [`CircuitBreaker::http_layer`].
#[derive(Clone, Debug)]
pub struct HttpCircuitBreakerLayer<C = HttpClassifier> {
    breaker: Source,
    judge: ResponseJudge<C>,
}

/// How responses are judged, and when.
#[derive(Clone, Debug, Default)]
pub(super) struct ResponseJudge<C = HttpClassifier> {
    pub(super) http: C,
    pub(super) grpc: GrpcClassifier,
    pub(super) including_body: bool,
}

impl HttpCircuitBreakerLayer {
    pub(super) fn new(breaker: CircuitBreaker) -> Self {
        Self { breaker: Source::Shared(breaker), judge: ResponseJudge::default() }
    }

    /// As [`CircuitBreakerLayer::of`].
    #[must_use]
    pub fn of(breaker: &'static CircuitBreaker) -> Self {
        Self { breaker: Source::Static(breaker), judge: ResponseJudge::default() }
    }
}

impl<C> HttpCircuitBreakerLayer<C> {
    /// A call ends with the body of its response, and not with the head: a body that breaks off is
    /// a failure, and one that drips is slow. Calls of gRPC always end with their trailers.
    #[must_use]
    pub fn including_body(mut self) -> Self {
        self.judge.including_body = true;
        self
    }

    /// Another opinion on results, but for responses of gRPC, whose trailers tell. It is cloned for
    /// each call. Default: [`HttpClassifier`].
    ///
    /// What it says of a response holds for its head: with [`including_body`](Self::including_body)
    /// a body that breaks off is a failure all the same.
    ///
    /// ```
    /// use http::Response;
    /// use mainstay_resilience::breaker::CircuitBreaker;
    /// use mainstay_resilience::classify::{Classify, HttpClassifier, Verdict};
    ///
    /// // Who asks too much says nothing about the service; the rest is judged as usual.
    /// let by_status = |result: &Result<Response<String>, std::io::Error>| match result {
    ///     Ok(response) if response.status() == 429 => Verdict::ignored(),
    ///     other => HttpClassifier::new().classify(other),
    /// };
    /// let layer = CircuitBreaker::builder("search").build()?.http_layer().classify_http(by_status);
    /// # Ok::<(), mainstay_resilience::breaker::InvalidConfig>(())
    /// ```
    #[must_use]
    pub fn classify_http<D>(self, classifier: D) -> HttpCircuitBreakerLayer<D> {
        HttpCircuitBreakerLayer { breaker: self.breaker, judge: self.judge.with_http(classifier) }
    }

    /// Another classifier of gRPC responses.
    #[must_use]
    pub fn classify_grpc(mut self, classifier: GrpcClassifier) -> Self {
        self.judge.grpc = classifier;
        self
    }

    /// Answers a request instead of failing with [`Open`](super::Open); see [`Respond`].
    pub fn respond(self) -> Respond<Self> {
        Respond::new(self)
    }
}

impl<C> ResponseJudge<C> {
    pub(super) fn with_http<D>(self, http: D) -> ResponseJudge<D> {
        ResponseJudge { http, grpc: self.grpc, including_body: self.including_body }
    }
}

/// What makes a layer for clients of HTTP services: a breaker, or such a layer already, of one
/// breaker or of one [for each key](super::CircuitBreakers::http_layer_by).
pub trait IntoHttpLayer {
    /// The layer.
    type Layer;

    /// Makes it.
    fn into_http_layer(self) -> Self::Layer;
}

impl IntoHttpLayer for CircuitBreaker {
    type Layer = HttpCircuitBreakerLayer;

    fn into_http_layer(self) -> HttpCircuitBreakerLayer {
        self.into()
    }
}

impl<C> IntoHttpLayer for HttpCircuitBreakerLayer<C> {
    type Layer = Self;

    fn into_http_layer(self) -> Self {
        self
    }
}

impl From<CircuitBreaker> for HttpCircuitBreakerLayer {
    fn from(breaker: CircuitBreaker) -> Self {
        Self::new(breaker)
    }
}

impl<S, C: Clone> Layer<S> for HttpCircuitBreakerLayer<C> {
    type Service = HttpCircuitBreakerService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        HttpCircuitBreakerService::new(inner, &self.breaker, self.judge.clone())
    }
}
