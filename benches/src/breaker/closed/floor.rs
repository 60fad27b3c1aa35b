//! By hand: one load of the state to be let in, one `fetch_add` for the place in the window, one
//! load of its bit, which is rarely another than before. Dropped unfinished, a call is a failure.
//! The breaker is never freed, so that a clone is a copy.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use tower_service::Service;

use super::WINDOW;
use crate::call::Fault;

pub(crate) fn around<S>(inner: S) -> Floor<S> {
    Floor { inner, breaker: Box::leak(Box::default()) }
}

#[derive(Clone)]
pub(crate) struct Floor<S> {
    inner: S,
    breaker: &'static Breaker,
}

#[derive(Default)]
struct Breaker {
    open: AtomicBool,
    calls: AtomicU64,
    failed: [AtomicU64; 2],
}

impl<S> Service<u64> for Floor<S>
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
        Call { future: self.inner.call(request), admitted: Some(self.breaker) }
    }
}

pub(crate) struct Call<F> {
    future: F,
    admitted: Option<&'static Breaker>,
}

impl<F, T> Future for Call<F>
where
    F: Future<Output = Result<T, Fault>> + Unpin,
{
    type Output = Result<T, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.future).poll(cx);
        if let Poll::Ready(result) = &polled
            && let Some(breaker) = self.admitted.take()
        {
            breaker.record(result.is_err());
        }
        polled
    }
}

impl<F> Drop for Call<F> {
    fn drop(&mut self) {
        if let Some(breaker) = self.admitted {
            breaker.record(true);
        }
    }
}

impl Breaker {
    fn record(&self, failed: bool) {
        let place = self.calls.fetch_add(1, Ordering::Relaxed) % u64::from(WINDOW);
        let [low, high] = &self.failed;
        let word = if place < 64 { low } else { high };
        let bit = 1 << (place % 64);
        if (word.load(Ordering::Relaxed) & bit != 0) != failed {
            word.fetch_xor(bit, Ordering::Relaxed);
            self.judge();
        }
    }

    #[cold]
    fn judge(&self) {
        let failures: u32 =
            self.failed.iter().map(|word| word.load(Ordering::Relaxed).count_ones()).sum();
        self.open.store(2 * failures >= u32::from(WINDOW), Ordering::Release);
    }
}
