use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::future::{CircuitBreakerFuture, HttpCircuitBreakerFuture};
use super::layer::ResponseJudge;
use super::{CircuitBreaker, Open, WatchedBody};
use crate::Rejected;
use crate::classify::{AnyError, Classify};
use crate::permit::Permit;

/// A service that a breaker watches over.
///
/// While the breaker is open it is ready and fails calls with [`Open`]; the inner service is not
/// asked. What was decided when it became ready holds for the next call.
#[derive(Debug)]
pub struct CircuitBreakerService<S, C = AnyError> {
    guarded: Guarded<S>,
    classify: C,
}

impl<S, C> CircuitBreakerService<S, C> {
    pub(super) fn new(inner: S, breaker: CircuitBreaker, classify: C) -> Self {
        Self { guarded: Guarded::new(inner, breaker), classify }
    }
}

impl<S: Clone, C: Clone> Clone for CircuitBreakerService<S, C> {
    fn clone(&self) -> Self {
        Self { guarded: self.guarded.clone(), classify: self.classify.clone() }
    }
}

impl<S, C, Req> Service<Req> for CircuitBreakerService<S, C>
where
    S: Service<Req>,
    C: Classify<Result<S::Response, S::Error>> + Clone,
{
    type Response = S::Response;
    type Error = Rejected<Open, S::Error>;
    type Future = CircuitBreakerFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.guarded.poll_ready(|inner| inner.poll_ready(cx)).map_err(Rejected::Inner)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        match self.guarded.take() {
            Ok(permit) => {
                let future = self.guarded.inner.call(request);
                CircuitBreakerFuture::running(future, permit, self.classify.clone())
            }
            Err(open) => CircuitBreakerFuture::rejected(open),
        }
    }
}

/// An HTTP service that a breaker watches over.
///
/// As [`CircuitBreakerService`], but it judges responses: those of gRPC by `grpc-status`, which
/// may come after the body, the others by their status. Until the end of the call is known the
/// body carries the permit.
#[derive(Debug)]
pub struct HttpCircuitBreakerService<S> {
    guarded: Guarded<S>,
    judge: ResponseJudge,
}

impl<S> HttpCircuitBreakerService<S> {
    pub(super) fn new(inner: S, breaker: CircuitBreaker, judge: ResponseJudge) -> Self {
        Self { guarded: Guarded::new(inner, breaker), judge }
    }
}

impl<S: Clone> Clone for HttpCircuitBreakerService<S> {
    fn clone(&self) -> Self {
        Self { guarded: self.guarded.clone(), judge: self.judge.clone() }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for HttpCircuitBreakerService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: http_body::Body,
{
    type Response = Response<WatchedBody<ResBody>>;
    type Error = Rejected<Open, S::Error>;
    type Future = HttpCircuitBreakerFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.guarded.poll_ready(|inner| inner.poll_ready(cx)).map_err(Rejected::Inner)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match self.guarded.take() {
            Ok(permit) => {
                let future = self.guarded.inner.call(request);
                HttpCircuitBreakerFuture::running(future, permit, self.judge.clone())
            }
            Err(open) => HttpCircuitBreakerFuture::rejected(open),
        }
    }
}

/// A service, its breaker, and what that has decided on the next call.
#[derive(Debug)]
struct Guarded<S> {
    inner: S,
    breaker: CircuitBreaker,
    next: Option<Result<Permit<CircuitBreaker>, Open>>,
}

impl<S> Guarded<S> {
    fn new(inner: S, breaker: CircuitBreaker) -> Self {
        Self { inner, breaker, next: None }
    }

    /// The breaker is asked first: one that is open does not wait for what it does not call.
    fn poll_ready<E>(
        &mut self,
        inner: impl FnOnce(&mut S) -> Poll<Result<(), E>>,
    ) -> Poll<Result<(), E>> {
        let next = self.next.get_or_insert_with(|| self.breaker.admit());
        if next.is_err() {
            return Poll::Ready(Ok(()));
        }
        let ready = inner(&mut self.inner);
        if let Poll::Ready(Err(_)) = ready {
            self.release();
        }
        ready
    }

    /// Who has not asked for readiness is asked for here.
    fn take(&mut self) -> Result<Permit<CircuitBreaker>, Open> {
        let mut permit = self.next.take().unwrap_or_else(|| self.breaker.admit())?;
        permit.start();
        Ok(permit)
    }

    fn release(&mut self) {
        if let Some(Ok(permit)) = self.next.take() {
            permit.give_back();
        }
    }
}

/// A clone has been asked for readiness by nobody yet. It is of the thread that it is made on.
impl<S: Clone> Clone for Guarded<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), breaker: self.breaker.for_call(), next: None }
    }
}

/// What was reserved and not used is for somebody else.
impl<S> Drop for Guarded<S> {
    fn drop(&mut self) {
        self.release();
    }
}
