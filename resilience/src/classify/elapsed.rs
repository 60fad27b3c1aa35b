use super::{AnyError, Classify, Verdict};
use crate::Rejected;
use crate::timeout::Elapsed;

/// Takes what a [`Timeout`](crate::timeout::Timeout) inside has cut off for a
/// [timeout](Verdict::timed_out), and judges everything else as another classifier does.
///
/// ```
/// use mainstay_resilience::classify::{HttpClassifier, OrElapsed};
/// use mainstay_resilience::retry::Retry;
///
/// let layer = Retry::exponential().http_layer().classify(OrElapsed(HttpClassifier::new()));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct OrElapsed<C = AnyError>(pub C);

impl<T, E, C> Classify<Result<T, Rejected<Elapsed, E>>> for OrElapsed<C>
where
    C: Classify<Result<T, Rejected<Elapsed, E>>>,
{
    fn classify(&self, result: &Result<T, Rejected<Elapsed, E>>) -> Verdict {
        match result {
            Err(Rejected::Rejection(Elapsed { .. })) => Verdict::timed_out(),
            other => self.0.classify(other),
        }
    }
}
