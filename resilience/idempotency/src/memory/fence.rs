use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use mainstay_core::Clock;

use crate::Fence;

/// Fences that are at least the microseconds since 1970, by the calendar when they were begun and
/// the monotonic clock from then on.
#[derive(Debug)]
pub(super) struct Fences {
    begun: Instant,
    at: u64,
}

impl Fences {
    pub(super) fn begin(clock: &dyn Clock) -> Self {
        let since = clock.system_time().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { begun: clock.now(), at: u64::try_from(since.as_micros()).unwrap_or(u64::MAX) }
    }

    /// A fence higher than any before in this process. All stores of the process share the last
    /// one, so that one that is made anew begins where the other ended.
    pub(super) fn next(&self, now: Instant) -> Fence {
        static LAST: AtomicU64 = AtomicU64::new(0);

        let passed = now.saturating_duration_since(self.begun).as_micros();
        let floor = self.at.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX));
        let after = |last: u64| last.saturating_add(1).max(floor);
        let last =
            LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(after(last)));
        Fence::new(after(last.unwrap_or_else(|last| last)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mainstay_core::ManualClock;

    use super::*;

    /// Other tests draw fences at the same time, so that only bounds can be told.
    #[test]
    fn they_rise_from_one_store_to_the_next() {
        let clock = ManualClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(3));
        let fences = Fences::begin(&clock);
        let first = fences.next(clock.now());
        clock.advance(Duration::from_secs(1));
        let second = fences.next(clock.now());
        let set_back = ManualClock::at(SystemTime::UNIX_EPOCH - Duration::from_secs(1));
        let third = Fences::begin(&set_back).next(set_back.now());
        assert!(first.get() >= 3_000_000 && second.get() >= 4_000_000);
        assert!(first < second && second < third);
    }
}
