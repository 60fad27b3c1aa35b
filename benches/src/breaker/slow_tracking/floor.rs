//! The floor of `closed`, between two reads of the clock.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tower_service::Service;

use super::SLOW;
use crate::breaker::closed::floor::{self, Floor};
use crate::call::Fault;

pub(super) fn around<S>(inner: S) -> Timed<S> {
    floor::around(Clocked { inner })
}

pub(super) type Timed<S> = Floor<Clocked<S>>;

/// What is slow has failed: it goes into the same window.
#[derive(Clone)]
pub(super) struct Clocked<S> {
    inner: S,
}

impl<S> Service<u64> for Clocked<S>
where
    S: Service<u64, Error = Fault>,
    S::Future: Unpin,
{
    type Response = S::Response;
    type Error = Fault;
    type Future = Call<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: u64) -> Self::Future {
        Call { start: now(), future: self.inner.call(request) }
    }
}

pub(super) struct Call<F> {
    start: Instant,
    future: F,
}

impl<F, T> Future for Call<F>
where
    F: Future<Output = Result<T, Fault>> + Unpin,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.future).poll(cx);
        if polled.is_ready() && now() - self.start >= SLOW {
            return Poll::Ready(Err(Fault::Refused));
        }
        polled
    }
}

#[expect(clippy::disallowed_methods, reason = "by hand is without a clock of ours")]
fn now() -> Instant {
    Instant::now()
}
