use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use super::{BASE, CAP};

pub(super) fn delays() -> impl Iterator<Item = Duration> + 'static {
    ExponentialBuilder::default()
        .with_min_delay(BASE)
        .with_max_delay(CAP)
        .without_max_times()
        .with_jitter()
        .build()
}
