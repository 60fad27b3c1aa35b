use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
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
///
/// Services and calls keep hold of the policy through an `Arc`. A policy that lives as long as the
/// program needs none, and is the fastest to call under and to clone:
///
/// ```
/// use mainstay_resilience::budget::Budget;
/// use mainstay_resilience::retry::{Retry, RetryLayer};
/// use std::sync::LazyLock;
///
/// static PAYMENTS: LazyLock<Retry> =
///     LazyLock::new(|| Retry::exponential().attempts(3).budget(Budget::ratio(0.1)));
///
/// let layer = RetryLayer::of(&*PAYMENTS);
/// ```
#[must_use]
pub struct RetryLayer<C = AnyError, D = NoDeadline, P = Arc<Retry<C>>> {
    policy: P,
    deadlines: D,
    classifier: PhantomData<fn() -> C>,
}

impl<C, P: Borrow<Retry<C>> + Clone> RetryLayer<C, NoDeadline, P> {
    /// A layer of a policy, by what holds it, such as a `&'static Retry`. [`Retry::layer`] puts
    /// it into an `Arc`.
    pub fn of(policy: P) -> Self {
        Self { policy, deadlines: NoDeadline, classifier: PhantomData }
    }
}

impl<C, D, P> RetryLayer<C, D, P> {
    /// Begins no attempt that would not be over by the request's deadline, going by what attempts
    /// took of late. Default: there are no deadlines.
    ///
    /// An attempt that has begun is not cut off: that is up to a
    /// [timeout](crate::timeout::TimeoutLayer).
    pub fn deadline_by<Req, E>(self, deadlines: E) -> RetryLayer<C, E, P>
    where
        E: Deadlines<Req>,
    {
        RetryLayer { policy: self.policy, deadlines, classifier: PhantomData }
    }
}

impl<S, C, D: Clone, P: Clone> Layer<S> for RetryLayer<C, D, P> {
    type Service = RetryService<S, C, D, P>;

    fn layer(&self, inner: S) -> Self::Service {
        RetryService::new(inner, self.policy.clone(), self.deadlines.clone())
    }
}

impl<C, D: Clone, P: Clone> Clone for RetryLayer<C, D, P> {
    fn clone(&self) -> Self {
        let (policy, deadlines) = (self.policy.clone(), self.deadlines.clone());
        Self { policy, deadlines, classifier: PhantomData }
    }
}

impl<C, D: fmt::Debug, P: fmt::Debug> fmt::Debug for RetryLayer<C, D, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryLayer")
            .field("policy", &self.policy)
            .field("deadlines", &self.deadlines)
            .finish()
    }
}
