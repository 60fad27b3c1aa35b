//! One load of the time until which it is open, and one read of the clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use tower_service::Service;

use super::PAUSE;
use crate::call::Fault;

pub(super) fn around<S>(inner: S) -> Gate<S> {
    let nanos = u64::try_from(PAUSE.as_nanos()).unwrap_or(u64::MAX);
    Gate { inner, start: now(), until: Box::leak(Box::new(AtomicU64::new(nanos))) }
}

#[derive(Clone)]
pub(super) struct Gate<S> {
    inner: S,
    start: Instant,
    until: &'static AtomicU64,
}

impl<S: Service<u64, Error = Fault>> Service<u64> for Gate<S> {
    type Response = S::Response;
    type Error = Fault;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        let until = self.until.load(Ordering::Acquire);
        if (now() - self.start).as_nanos() < u128::from(until) {
            return Poll::Ready(Err(Fault::Rejected));
        }
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: u64) -> Self::Future {
        self.inner.call(request)
    }
}

#[expect(clippy::disallowed_methods, reason = "by hand is without a clock of ours")]
fn now() -> Instant {
    Instant::now()
}
