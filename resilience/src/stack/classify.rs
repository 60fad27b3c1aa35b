use http::Response;
use mainstay_core::Pushback;

use super::error::Attempted;
use crate::Rejected;
use crate::classify::{Classify, HttpClassifier, Verdict};

/// Tells the retry of a stack what the policies inside of it have rejected: a timeout may be tried
/// again, what the breaker has stopped is not. Responses are for [`HttpClassifier`].
#[derive(Clone, Debug, Default)]
pub struct StackClassifier(pub(super) HttpClassifier);

impl<B, E> Classify<Result<Response<B>, Attempted<E>>> for StackClassifier {
    fn classify(&self, result: &Result<Response<B>, Attempted<E>>) -> Verdict {
        match result {
            Ok(response) => self.0.classify(response),
            Err(Rejected::Rejection(open)) => {
                Verdict::failure().with_pushback(open.wait().map(Pushback::After))
            }
            Err(Rejected::Inner(Rejected::Rejection(_))) => Verdict::timed_out(),
            Err(Rejected::Inner(Rejected::Inner(_))) => Verdict::transient(),
        }
    }
}
