use std::time::Duration;

use mainstay_resilience::backoff::Backoff;

use super::{BASE, CAP};

pub(super) fn delays() -> impl Iterator<Item = Duration> + 'static {
    Backoff::exponential().base(BASE).cap(CAP).unlimited_attempts().schedule()
}
