//! Its policy is the user's to write: the one with a budget in its documentation, with its
//! backoff and a limit of attempts.

use std::sync::Arc;

use tower::retry::backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff};
use tower::retry::budget::{Budget, TpsBudget};
use tower::retry::{Policy, Retry, RetryLayer};
use tower::util::rng::HasherRng;
use tower_layer::Layer;

use super::{BASE, CAP, RETRIES};

pub(super) fn around<S>(inner: S) -> Retry<Attempts, S> {
    let maker = ExponentialBackoffMaker::new(BASE, CAP, 1.0, HasherRng::default());
    let attempts = Attempts {
        budget: Arc::new(TpsBudget::default()),
        backoff: maker.expect("a valid configuration").make_backoff(),
        left: RETRIES,
    };
    RetryLayer::new(attempts).layer(inner)
}

#[derive(Clone)]
pub(super) struct Attempts {
    budget: Arc<TpsBudget>,
    backoff: ExponentialBackoff,
    left: u8,
}

impl<E> Policy<u64, u64, E> for Attempts {
    type Future = <ExponentialBackoff as Backoff>::Future;

    fn retry(&mut self, _: &mut u64, result: &mut Result<u64, E>) -> Option<Self::Future> {
        if result.is_ok() {
            self.budget.deposit();
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        self.budget.withdraw().then(|| self.backoff.next_backoff())
    }

    fn clone_request(&mut self, request: &u64) -> Option<u64> {
        Some(*request)
    }
}
