use std::error::Error as StdError;

use mainstay_core::Pushback;

use super::{AnyError, Classify, Verdict};
use crate::breaker::Open;
use crate::timeout::Elapsed;

/// Judges what policies further in have rejected by what it is, and everything else as another
/// classifier does.
///
/// - What a [`timeout`](crate::timeout) has cut off is a [timeout](Verdict::timed_out).
/// - What an open [`breaker`](crate::breaker) has rejected is a failure that is not tried again,
///   with the breaker's wait as pushback.
///
/// They are looked for among the error and its sources, so they are found inside of each other.
///
/// ```
/// use mainstay_resilience::classify::{HttpClassifier, Rejections};
/// use mainstay_resilience::retry::Retry;
///
/// let layer = Retry::exponential().http_layer().classify(Rejections(HttpClassifier::new()));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Rejections<C = AnyError>(pub C);

impl<T, E, C> Classify<Result<T, E>> for Rejections<C>
where
    E: StdError + 'static,
    C: Classify<Result<T, E>>,
{
    fn classify(&self, result: &Result<T, E>) -> Verdict {
        let rejection = result.as_ref().err().and_then(|error| rejection(error));
        rejection.unwrap_or_else(|| self.0.classify(result))
    }
}

fn rejection(error: &(dyn StdError + 'static)) -> Option<Verdict> {
    let mut link = Some(error);
    while let Some(error) = link {
        if error.is::<Elapsed>() {
            return Some(Verdict::timed_out());
        }
        if let Some(open) = error.downcast_ref::<Open>() {
            return Some(Verdict::failure().with_pushback(open.wait().map(Pushback::After)));
        }
        link = error.source();
    }
    None
}
