use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::Fence;

/// A fence higher than any before in this process, and at least the microseconds since 1970.
///
/// All stores of the process share it, so that one that is made anew begins where the other ended.
/// A new process begins above the fences of the old one unless its calendar clock is set back, or
/// there were more than a million claims per second since the old one began.
pub(super) fn next(now: SystemTime) -> Fence {
    static LAST: AtomicU64 = AtomicU64::new(0);

    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let floor = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
    let after = |last: u64| last.saturating_add(1).max(floor);
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(after(last)));
    Fence::new(after(last.unwrap_or_else(|last| last)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Other tests draw fences at the same time, so that only bounds can be told.
    #[test]
    fn they_rise_on_a_clock_that_steps_back() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(3);
        let first = next(now);
        let second = next(now - Duration::from_secs(2));
        let third = next(SystemTime::UNIX_EPOCH - Duration::from_secs(1));
        assert!(first.get() >= 3_000_000 && first < second && second < third);
    }
}
