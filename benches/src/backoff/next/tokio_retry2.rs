use std::time::Duration;

use tokio_retry2::strategy::{ExponentialBackoff, jitter};

use super::{BASE, CAP};

pub(super) fn delays() -> impl Iterator<Item = Duration> + 'static {
    // Its factor is not what the delay grows by, but what all delays are multiplied with: the
    // powers are those of the first number. 2, 4, 8 … times 50 are 100 ms, 200 ms, 400 ms.
    let first = u64::try_from(BASE.as_millis() / 2).unwrap_or_default();
    ExponentialBackoff::from_millis(2).factor(first).max_delay(CAP).map(jitter)
}
