use std::task::{Context, Poll};
use std::time::Duration;

use failsafe::failure_policy::{self, FailurePolicy};
use failsafe::futures::{CircuitBreaker, ResponseFuture};
use failsafe::{Any, Config, Error, StateMachine, backoff};
use tower_service::Service;

use super::{RATE, WINDOW};
use crate::call::Fault;

pub(crate) fn around<S>(inner: S) -> Guarded<S, impl FailurePolicy + Send + Sync> {
    let pause = backoff::constant(Duration::from_secs(30));
    let policy = failure_policy::success_rate_over_time_window(
        f64::from(RATE),
        u32::from(WINDOW),
        Duration::from_secs(30),
        pause,
    );
    guarded(inner, policy)
}

pub(crate) fn guarded<S, P: FailurePolicy + Send + Sync>(inner: S, policy: P) -> Guarded<S, P> {
    Guarded { inner, breaker: Config::new().failure_policy(policy).build() }
}

/// The layer that it leaves to the user.
pub(crate) struct Guarded<S, P> {
    inner: S,
    breaker: StateMachine<P, ()>,
}

impl<S: Clone, P> Clone for Guarded<S, P> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), breaker: self.breaker.clone() }
    }
}

impl<S, P> Service<u64> for Guarded<S, P>
where
    S: Service<u64, Error = Fault>,
    P: FailurePolicy + Send + Sync,
{
    type Response = S::Response;
    type Error = Error<Fault>;
    type Future = ResponseFuture<S::Future, P, (), Any>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Error::Inner)
    }

    fn call(&mut self, request: u64) -> Self::Future {
        CircuitBreaker::call(&self.breaker, self.inner.call(request))
    }
}
