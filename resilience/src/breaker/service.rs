use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::error::Refusal;
use super::future::{CircuitBreakerFuture, HttpCircuitBreakerFuture};
use super::layer::{ResponseJudge, Source};
use super::stripe::{Handle, Stripes};
use super::ticket::Ticket;
use super::{Open, Permit, WatchedBody};
use crate::Rejected;
use crate::classify::{AnyError, Classify, HttpClassifier};
use crate::permit::Ending;

/// A service that a breaker watches over.
///
/// While the breaker is open it is ready and fails calls with [`Open`]; the inner service is not
/// asked. What was decided when it became ready holds for the next call; what was decided while the
/// inner service was not ready does not.
#[derive(Debug)]
pub struct CircuitBreakerService<S, C = AnyError> {
    guarded: Guarded<S>,
    classify: C,
}

impl<S, C> CircuitBreakerService<S, C> {
    pub(super) fn new(inner: S, breaker: &Source, classify: C) -> Self {
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
pub struct HttpCircuitBreakerService<S, C = HttpClassifier> {
    guarded: Guarded<S>,
    judge: ResponseJudge<C>,
}

impl<S, C> HttpCircuitBreakerService<S, C> {
    pub(super) fn new(inner: S, breaker: &Source, judge: ResponseJudge<C>) -> Self {
        Self { guarded: Guarded::new(inner, breaker), judge }
    }
}

impl<S: Clone, C: Clone> Clone for HttpCircuitBreakerService<S, C> {
    fn clone(&self) -> Self {
        Self { guarded: self.guarded.clone(), judge: self.judge.clone() }
    }
}

impl<S, C, ReqBody, ResBody> Service<Request<ReqBody>> for HttpCircuitBreakerService<S, C>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    C: Classify<Result<Response<ResBody>, S::Error>> + Clone,
    ResBody: http_body::Body,
{
    type Response = Response<WatchedBody<ResBody>>;
    type Error = Rejected<Open, S::Error>;
    type Future = HttpCircuitBreakerFuture<S::Future, C>;

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
    breaker: Handle,
    next: Next,
    /// The service that others are cloned from keeps the stripes for them.
    _stripes: Option<Stripes>,
}

#[derive(Debug)]
enum Next {
    Unasked,
    Admitted(Ticket),
    Refused(Refusal),
}

impl<S> Guarded<S> {
    fn new(inner: S, breaker: &Source) -> Self {
        let (breaker, stripes) = match breaker {
            Source::Shared(breaker) => {
                (breaker.stripes().of_thread(), Some(breaker.stripes().clone()))
            }
            Source::Static(breaker) => (Handle::of_static(breaker), None),
        };
        Self { inner, breaker, next: Next::Unasked, _stripes: stripes }
    }

    /// The breaker is asked first: one that is open does not wait for what it does not call.
    #[inline]
    fn poll_ready<E>(
        &mut self,
        inner: impl FnOnce(&mut S) -> Poll<Result<(), E>>,
    ) -> Poll<Result<(), E>> {
        if let Next::Unasked = self.next {
            self.next = match self.breaker.core().admit() {
                Ok(ticket) => Next::Admitted(ticket),
                Err(refusal) => Next::Refused(refusal),
            };
        }
        if let Next::Refused(_) = self.next {
            return Poll::Ready(Ok(()));
        }
        let ready = inner(&mut self.inner);
        if !matches!(ready, Poll::Ready(Ok(()))) {
            // What is waited for may take longer than the state lasts: it is asked for again.
            self.release();
        }
        ready
    }

    /// Who has not asked for readiness is asked for here.
    #[inline]
    fn take(&mut self) -> Result<Permit, Open> {
        let asked = match mem::replace(&mut self.next, Next::Unasked) {
            Next::Admitted(ticket) => Ok(ticket),
            Next::Refused(refusal) => Err(refusal),
            Next::Unasked => self.breaker.core().admit(),
        };
        match asked {
            Ok(ticket) => Ok(self.breaker.clone().permit(ticket)),
            Err(refusal) => Err(self.breaker.core().open(refusal)),
        }
    }

    /// What was reserved and not used is for somebody else.
    #[cold]
    fn release(&mut self) {
        if let Next::Admitted(ticket) = mem::replace(&mut self.next, Next::Unasked) {
            self.breaker.core().settle(ticket, Ending::Unused);
        }
    }
}

/// A clone has been asked for readiness by nobody yet. It is of the thread that it is made on.
impl<S: Clone> Clone for Guarded<S> {
    #[inline]
    fn clone(&self) -> Self {
        let breaker = self.breaker.of_thread();
        Self { inner: self.inner.clone(), breaker, next: Next::Unasked, _stripes: None }
    }
}

impl<S> Drop for Guarded<S> {
    #[inline]
    fn drop(&mut self) {
        if let Next::Admitted(_) = self.next {
            self.release();
        }
    }
}
