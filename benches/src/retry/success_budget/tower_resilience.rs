use tower_layer::Layer;
use tower_resilience_retry::{Retry, RetryBudgetBuilder, RetryLayer};

use super::{BASE, RETRIES};

pub(crate) fn around<S, E>(inner: S) -> Retry<S, u64, u64, E> {
    let budget = RetryBudgetBuilder::new().token_bucket().build();
    RetryLayer::builder()
        .max_attempts(1 + usize::from(RETRIES))
        .exponential_backoff(BASE)
        .budget(budget.expect("a valid configuration"))
        .build()
        .layer(inner)
}
