use failsafe::failure_policy::{FailurePolicy, consecutive_failures};

use super::PAUSE;
use crate::breaker::closed::failsafe::{Guarded, guarded};

pub(super) fn around<S>(inner: S) -> Guarded<S, impl FailurePolicy + Send + Sync> {
    guarded(inner, consecutive_failures(5, failsafe::backoff::constant(PAUSE)))
}
