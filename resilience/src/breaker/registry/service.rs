use std::fmt;
use std::hash::Hash;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::CircuitBreakers;
use crate::Rejected;
use crate::breaker::layer::ResponseJudge;
use crate::breaker::{CircuitBreakerFuture, HttpCircuitBreakerFuture, Open, WatchedBody};
use crate::classify::{AnyError, Classify, HttpClassifier};

/// A service of which each call is watched by the breaker of its key.
///
/// It is ready when the inner service is, as the key is not known before the request. When a call is
/// rejected, what the inner service has reserved for it, such as a place of a concurrency limit, is
/// given back: a clone takes its place.
pub struct CircuitBreakersService<S, K, F, C = AnyError> {
    inner: S,
    breakers: CircuitBreakers<K>,
    key: F,
    classify: C,
}

impl<S, K, F, C> CircuitBreakersService<S, K, F, C> {
    pub(super) fn new(inner: S, breakers: CircuitBreakers<K>, key: F, classify: C) -> Self {
        Self { inner, breakers, key, classify }
    }
}

impl<S, K, F, C, Req> Service<Req> for CircuitBreakersService<S, K, F, C>
where
    S: Service<Req> + Clone,
    K: Clone + Eq + Hash + fmt::Display,
    F: Fn(&Req) -> K,
    C: Classify<Result<S::Response, S::Error>> + Clone,
{
    type Response = S::Response;
    type Error = Rejected<Open, S::Error>;
    type Future = CircuitBreakerFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Rejected::Inner)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        match self.breakers.try_acquire::<K>(&(self.key)(&request)) {
            Ok(permit) => {
                let future = self.inner.call(request);
                CircuitBreakerFuture::running(future, permit, self.classify.clone())
            }
            Err(open) => {
                self.inner = self.inner.clone();
                CircuitBreakerFuture::rejected(open)
            }
        }
    }
}

impl<S: Clone, K, F: Clone, C: Clone> Clone for CircuitBreakersService<S, K, F, C> {
    fn clone(&self) -> Self {
        let (key, classify) = (self.key.clone(), self.classify.clone());
        Self { inner: self.inner.clone(), breakers: self.breakers.clone(), key, classify }
    }
}

impl<S: fmt::Debug, K, F, C> fmt::Debug for CircuitBreakersService<S, K, F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakersService")
            .field("inner", &self.inner)
            .field("breakers", &self.breakers)
            .finish_non_exhaustive()
    }
}

/// An HTTP service of which each call is watched by the breaker of its key.
///
/// As [`CircuitBreakersService`], but it judges responses as
/// [`HttpCircuitBreakerService`](crate::breaker::HttpCircuitBreakerService) does.
pub struct HttpCircuitBreakersService<S, K, F, C = HttpClassifier> {
    inner: S,
    breakers: CircuitBreakers<K>,
    key: F,
    judge: ResponseJudge<C>,
}

impl<S, K, F, C> HttpCircuitBreakersService<S, K, F, C> {
    pub(super) fn new(
        inner: S,
        breakers: CircuitBreakers<K>,
        key: F,
        judge: ResponseJudge<C>,
    ) -> Self {
        Self { inner, breakers, key, judge }
    }
}

impl<S, K, F, C, ReqBody, ResBody> Service<Request<ReqBody>>
    for HttpCircuitBreakersService<S, K, F, C>
where
    C: Classify<Result<Response<ResBody>, S::Error>> + Clone,
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    K: Clone + Eq + Hash + fmt::Display,
    F: Fn(&Request<ReqBody>) -> K,
    ResBody: http_body::Body,
{
    type Response = Response<WatchedBody<ResBody>>;
    type Error = Rejected<Open, S::Error>;
    type Future = HttpCircuitBreakerFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Rejected::Inner)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match self.breakers.try_acquire::<K>(&(self.key)(&request)) {
            Ok(permit) => {
                let future = self.inner.call(request);
                HttpCircuitBreakerFuture::running(future, permit, self.judge.clone())
            }
            Err(open) => {
                self.inner = self.inner.clone();
                HttpCircuitBreakerFuture::rejected(open)
            }
        }
    }
}

impl<S: Clone, K, F: Clone, C: Clone> Clone for HttpCircuitBreakersService<S, K, F, C> {
    fn clone(&self) -> Self {
        let (key, judge) = (self.key.clone(), self.judge.clone());
        Self { inner: self.inner.clone(), breakers: self.breakers.clone(), key, judge }
    }
}

impl<S: fmt::Debug, K, F, C> fmt::Debug for HttpCircuitBreakersService<S, K, F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCircuitBreakersService")
            .field("inner", &self.inner)
            .field("breakers", &self.breakers)
            .finish_non_exhaustive()
    }
}
