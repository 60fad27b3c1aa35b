use std::task::{Context, Poll};

use recloser::{AsyncRecloser, Error, Recloser};
use tower_service::Service;

use super::{RATE, WINDOW};
use crate::call::Fault;

pub(crate) fn around<S>(inner: S) -> Guarded<S> {
    let breaker = Recloser::custom().error_rate(RATE).closed_len(usize::from(WINDOW)).build();
    guarded(inner, breaker)
}

pub(crate) fn guarded<S>(inner: S, breaker: Recloser) -> Guarded<S> {
    Guarded { inner, breaker: AsyncRecloser::from(breaker) }
}

/// The layer that it leaves to the user.
#[derive(Clone)]
pub(crate) struct Guarded<S> {
    inner: S,
    breaker: AsyncRecloser,
}

impl<S: Service<u64, Error = Fault>> Service<u64> for Guarded<S> {
    type Response = S::Response;
    type Error = Error<Fault>;
    type Future = recloser::RecloserFuture<S::Future, recloser::AnyError>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Error::Inner)
    }

    fn call(&mut self, request: u64) -> Self::Future {
        self.breaker.call(self.inner.call(request))
    }
}
