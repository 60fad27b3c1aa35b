//! The floor of what counts calls: one counter that nobody owns alone, and the call.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tower_service::Service;

pub(crate) fn around<S>(inner: S) -> Counted<S> {
    Counted { inner, calls: Box::leak(Box::default()) }
}

#[derive(Clone)]
pub(crate) struct Counted<S> {
    inner: S,
    calls: &'static AtomicU64,
}

impl<S> Service<u64> for Counted<S>
where
    S: Service<u64>,
    S::Future: Unpin,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Call<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: u64) -> Self::Future {
        Call { future: self.inner.call(request), calls: self.calls }
    }
}

pub(crate) struct Call<F> {
    future: F,
    calls: &'static AtomicU64,
}

impl<F: Future + Unpin> Future for Call<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.future).poll(cx);
        if polled.is_ready() {
            self.calls.fetch_add(1, Ordering::Relaxed);
        }
        polled
    }
}
