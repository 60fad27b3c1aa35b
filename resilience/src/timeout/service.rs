use std::task::{Context, Poll};

use http::Response;
use tower_service::Service;

use super::body::BodyTimeoutFuture;
use super::{Elapsed, Limit, Limits, TimeoutFuture};
use crate::Rejected;

/// Fails a call with [`Elapsed`] if its response is not there in time.
///
/// Readiness is the inner service's: time spent waiting for it does not count. Where the deadline
/// has passed already the inner service is not called.
#[derive(Clone, Debug)]
pub struct Timeout<S, L = Limit> {
    inner: S,
    limits: L,
}

impl<S, L> Timeout<S, L> {
    pub(super) fn new(inner: S, limits: L) -> Self {
        Self { inner, limits }
    }
}

impl<S, L, Req> Service<Req> for Timeout<S, L>
where
    S: Service<Req>,
    L: Limits<Req>,
{
    type Response = S::Response;
    type Error = Rejected<Elapsed, S::Error>;
    type Future = TimeoutFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Rejected::Inner)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let limit = self.limits.limit(&request);
        if limit.has_passed() {
            return TimeoutFuture::too_late();
        }
        TimeoutFuture::new(self.inner.call(request), limit)
    }
}

/// Fails a call, or the body of its response, with [`Elapsed`] if the last frame is not there in
/// time.
#[derive(Clone, Debug)]
pub struct BodyTimeout<S, L = Limit> {
    inner: S,
    limits: L,
}

impl<S, L> BodyTimeout<S, L> {
    pub(super) fn new(inner: S, limits: L) -> Self {
        Self { inner, limits }
    }
}

impl<S, L, Req, B> Service<Req> for BodyTimeout<S, L>
where
    S: Service<Req, Response = Response<B>>,
    L: Limits<Req>,
{
    type Response = Response<super::TimeoutBody<B>>;
    type Error = Rejected<Elapsed, S::Error>;
    type Future = BodyTimeoutFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Rejected::Inner)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let limit = self.limits.limit(&request).until();
        if limit.has_passed() {
            return BodyTimeoutFuture::too_late(limit);
        }
        BodyTimeoutFuture::new(self.inner.call(request), limit)
    }
}
