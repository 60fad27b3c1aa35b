use std::sync::Arc;

use mainstay_core::Deadline;
use tower_layer::Layer;

use super::{Retry, RetryService};
use crate::classify::AnyError;

/// Says until when an answer is worth having. Closures from a request to an optional [`Deadline`]
/// do.
pub trait Deadlines<Req> {
    /// The deadline of this request, if it has one.
    fn deadline(&self, request: &Req) -> Option<Deadline>;
}

/// No request has a deadline, and no clock is read for one.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDeadline;

impl<Req> Deadlines<Req> for NoDeadline {
    fn deadline(&self, _: &Req) -> Option<Deadline> {
        None
    }
}

impl<Req, F> Deadlines<Req> for F
where
    F: Fn(&Req) -> Option<Deadline>,
{
    fn deadline(&self, request: &Req) -> Option<Deadline> {
        self(request)
    }
}

/// Makes [`RetryService`]s, for requests that can be cloned: by [`Retry::layer`].
///
/// ```
/// use mainstay_resilience::budget::Budget;
/// use mainstay_resilience::retry::Retry;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let calls = AtomicU32::new(0);
/// let flaky = service_fn(|word: &'static str| {
///     let first = calls.fetch_add(1, Ordering::Relaxed) == 0;
///     async move { if first { Err("busy") } else { Ok(word.len()) } }
/// });
/// let service = Retry::exponential().budget(Budget::ratio(0.1)).layer().layer(flaky);
/// assert_eq!(service.oneshot("again").await, Ok(5));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RetryLayer<C = AnyError, D = NoDeadline> {
    shared: Shared<C, D>,
}

/// What the services of a layer share.
#[derive(Clone, Debug)]
pub(super) struct Shared<C, D> {
    pub(super) policy: Retry<C>,
    pub(super) deadlines: D,
}

impl<C> RetryLayer<C> {
    pub(super) fn new(policy: Retry<C>) -> Self {
        Self { shared: Shared { policy, deadlines: NoDeadline } }
    }
}

impl<C, D> RetryLayer<C, D> {
    /// Begins no attempt that would not be over by the request's deadline, going by what attempts
    /// took of late. Default: there are no deadlines.
    ///
    /// An attempt that has begun is not cut off: that is up to a
    /// [timeout](crate::timeout::TimeoutLayer).
    pub fn deadline_by<Req, E>(self, deadlines: E) -> RetryLayer<C, E>
    where
        E: Deadlines<Req>,
    {
        RetryLayer { shared: Shared { policy: self.shared.policy, deadlines } }
    }
}

impl<S, C: Clone, D: Clone> Layer<S> for RetryLayer<C, D> {
    type Service = RetryService<S, C, D>;

    fn layer(&self, inner: S) -> Self::Service {
        RetryService::new(inner, Arc::new(self.shared.clone()))
    }
}
