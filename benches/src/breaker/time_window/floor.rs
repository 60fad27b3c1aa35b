//! By hand: one read of the clock finds the slice of the window, and the call is counted there.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use tower_service::Service;

use super::WINDOW;
use crate::call::Fault;

pub(super) fn around<S>(inner: S) -> Sliced<S> {
    let breaker = Breaker {
        start: now(),
        open: AtomicBool::new(false),
        slices: std::array::from_fn(|_| Slice::default()),
    };
    Sliced { inner, breaker: Box::leak(Box::new(breaker)) }
}

#[derive(Clone)]
pub(super) struct Sliced<S> {
    inner: S,
    breaker: &'static Breaker,
}

struct Breaker {
    start: Instant,
    open: AtomicBool,
    slices: [Slice; 10],
}

/// What happened in a tenth of the window, and in the how manieth tenth since the start.
#[derive(Default)]
struct Slice {
    tenth: AtomicU64,
    succeeded: AtomicU64,
    failed: AtomicU64,
}

impl<S> Service<u64> for Sliced<S>
where
    S: Service<u64, Error = Fault>,
    S::Future: Unpin,
{
    type Response = S::Response;
    type Error = Fault;
    type Future = Call<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        if self.breaker.open.load(Ordering::Acquire) {
            return Poll::Ready(Err(Fault::Rejected));
        }
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: u64) -> Self::Future {
        Call { future: self.inner.call(request), breaker: self.breaker }
    }
}

pub(super) struct Call<F> {
    future: F,
    breaker: &'static Breaker,
}

impl<F, T> Future for Call<F>
where
    F: Future<Output = Result<T, Fault>> + Unpin,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.future).poll(cx);
        if let Poll::Ready(result) = &polled {
            self.breaker.record(result.is_err());
        }
        polled
    }
}

impl Breaker {
    fn record(&self, failed: bool) {
        let tenth = (now() - self.start).as_secs() / (WINDOW.as_secs() / 10);
        let place = usize::try_from(tenth % 10).unwrap_or_default();
        let Some(slice) = self.slices.get(place) else {
            return;
        };
        if slice.tenth.load(Ordering::Acquire) != tenth {
            slice.succeeded.store(0, Ordering::Relaxed);
            slice.failed.store(0, Ordering::Relaxed);
            slice.tenth.store(tenth, Ordering::Release);
        }
        let counter = if failed { &slice.failed } else { &slice.succeeded };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "by hand is without a clock of ours")]
fn now() -> Instant {
    Instant::now()
}
