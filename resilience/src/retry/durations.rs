use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use crate::backoff::nanos;

/// How many attempts are remembered: an odd number, so that a full ring has one in its middle.
const PLACES: usize = 63;

/// What the latest attempts took.
///
/// The median is exact: the ring is sorted when somebody asks, which is only when an attempt has
/// failed. Threads that record at once may overwrite each other's place; what is lost is one of
/// many durations, so every access is relaxed.
#[derive(Debug)]
pub(super) struct Durations {
    next: AtomicUsize,
    /// Nanoseconds and one more; zero where nothing was recorded yet.
    ring: [AtomicU64; PLACES],
}

impl Default for Durations {
    fn default() -> Self {
        Self { next: AtomicUsize::new(0), ring: [const { AtomicU64::new(0) }; PLACES] }
    }
}

impl Durations {
    pub(super) fn record(&self, duration: Duration) {
        let place = self.next.fetch_add(1, Relaxed) % PLACES;
        if let Some(place) = self.ring.get(place) {
            place.store(nanos(duration).saturating_add(1), Relaxed);
        }
    }

    /// The duration in the middle; of an even number the longer of the two.
    pub(super) fn median(&self) -> Option<Duration> {
        let mut sorted = [0; PLACES];
        let mut count = 0;
        let recorded = self.ring.iter().map(|it| it.load(Relaxed)).filter(|it| *it > 0);
        for (place, duration) in sorted.iter_mut().zip(recorded) {
            *place = duration;
            count += 1;
        }
        let sorted = sorted.get_mut(..count)?;
        sorted.sort_unstable();
        sorted.get(count / 2).map(|it| Duration::from_nanos(it - 1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_median_is_that_of_the_latest(all in prop::collection::vec(any::<u32>(), 0..200)) {
            let durations = Durations::default();
            for nanos in &all {
                durations.record(Duration::from_nanos(u64::from(*nanos)));
            }
            let mut latest: Vec<_> = all.iter().rev().take(63).copied().collect();
            latest.sort_unstable();
            let middle = latest.get(latest.len() / 2);
            let middle = middle.map(|it| Duration::from_nanos(u64::from(*it)));
            prop_assert_eq!(durations.median(), middle);
        }
    }

    #[test]
    fn the_longest_duration_fits() {
        let durations = Durations::default();
        durations.record(Duration::MAX);
        assert!(durations.median() > Some(Duration::from_secs(500 * 365 * 86_400)));
    }
}
