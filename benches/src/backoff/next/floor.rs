//! One random number, scaled.

use std::time::Duration;

use super::CAP;

pub(super) fn delays() -> impl Iterator<Item = Duration> + 'static {
    let cap = CAP.as_nanos();
    std::iter::repeat_with(move || {
        let nanos = (u128::from(fastrand::u64(..)) * cap) >> 64;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or_default())
    })
}
