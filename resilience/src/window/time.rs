use std::num::NonZeroU8;
use std::time::{Duration, Instant};

use super::tagged::{Late, Tagged};
use super::{Counts, Sample};
use crate::backoff::nanos;
use crate::sync::{AtomicU64, Ordering};

/// The calls of the last stretch of time, counted in buckets.
///
/// A call stays for at least the length of the window less one bucket, and at most for the whole
/// length. What it costs depends on the number of buckets alone, however many calls there are.
///
/// Each bucket's counts are tagged with the serial number of the tick that they are of, so that a
/// bucket whose turn comes again is empty by itself. Every epoch moves the serial numbers on by a
/// whole window: none of its own then says the same as one of an earlier epoch. They come round
/// after 2^32 ticks. A count that is full (2^32 calls in a bucket) stays full.
#[derive(Debug)]
pub struct TimeWindow {
    origin: Instant,
    width: Duration,
    /// How many buckets are summed up.
    len: AtomicU64,
    /// How many there are.
    room: u32,
    buckets: Box<[Bucket]>,
}

#[derive(Debug, Default)]
struct Bucket {
    calls: Tagged,
    failed: Tagged,
    slow: Tagged,
}

impl TimeWindow {
    /// An empty window of this length in so many buckets, each at least a millisecond wide. Its
    /// buckets begin at `origin`; times before that count as the origin.
    pub fn new(origin: Instant, length: Duration, buckets: NonZeroU8) -> Self {
        Self::with_room(origin, length, buckets, buckets)
    }

    /// The same with room for so many buckets in all: it can be made
    /// [longer](TimeWindow::set_length) up to that.
    pub fn with_room(
        origin: Instant,
        length: Duration,
        buckets: NonZeroU8,
        room: NonZeroU8,
    ) -> Self {
        let room = room.max(buckets).get();
        let width = (length / u32::from(buckets.get())).max(Duration::from_millis(1));
        Self {
            origin,
            width,
            len: AtomicU64::new(u64::from(buckets.get())),
            room: u32::from(room),
            buckets: (0..room).map(|_| Bucket::default()).collect(),
        }
    }

    /// Makes it longer or shorter, in whole buckets, from one to as many as there is room for.
    /// Calls that have been forgotten for less long than that are in it again.
    pub fn set_length(&self, length: Duration) {
        let buckets = length.as_nanos().div_ceil(self.width.as_nanos());
        let buckets = u64::try_from(buckets).unwrap_or(u64::MAX).clamp(1, u64::from(self.room));
        self.len.store(buckets, Ordering::Relaxed);
    }

    /// Adds a call that ended now and says what is in the window with it.
    ///
    /// The time is to be read after the epoch.
    ///
    /// # Errors
    ///
    /// [`Late`] if the bucket has been taken over since: by a later epoch, or by a later time than
    /// a whole window from now.
    pub fn record(&self, epoch: u32, now: Instant, sample: Sample) -> Result<Counts, Late> {
        let serial = self.serial(epoch, now);
        let add = |calls: u32| calls.saturating_add(1);
        if let Some(bucket) = self.bucket(serial) {
            bucket.calls.update(serial, add)?;
            if sample.failed {
                bucket.failed.update(serial, add)?;
            }
            if sample.slow {
                bucket.slow.update(serial, add)?;
            }
        }
        Ok(self.counts_up_to(serial))
    }

    /// What is in the window at this time of this epoch.
    pub fn counts(&self, epoch: u32, now: Instant) -> Counts {
        self.counts_up_to(self.serial(epoch, now))
    }

    fn counts_up_to(&self, serial: u32) -> Counts {
        let len = u32::try_from(self.len.load(Ordering::Relaxed)).unwrap_or(self.room);
        // From the latest bucket back to the oldest; the first ones come after the last.
        let place = (serial % self.room) as usize;
        let (older, newer) = self.buckets.split_at(place.saturating_add(1).min(self.buckets.len()));
        let buckets = older.iter().rev().chain(newer.iter().rev());
        buckets.zip(0..len).fold(Counts::default(), |sum, (bucket, back)| {
            let serial = serial.wrapping_sub(back);
            let count = |of: fn(&Bucket) -> &Tagged| of(bucket).load(serial);
            Counts {
                calls: sum.calls.saturating_add(count(|bucket| &bucket.calls)),
                failed: sum.failed.saturating_add(count(|bucket| &bucket.failed)),
                slow: sum.slow.saturating_add(count(|bucket| &bucket.slow)),
            }
        })
    }

    fn serial(&self, epoch: u32, now: Instant) -> u32 {
        let elapsed = nanos(now.saturating_duration_since(self.origin));
        // Serial numbers come round, and so do ticks.
        let ticks = (elapsed / nanos(self.width)) & u64::from(u32::MAX);
        let ticks = u32::try_from(ticks).unwrap_or_default();
        ticks.wrapping_add(epoch.wrapping_mul(self.room))
    }

    fn bucket(&self, serial: u32) -> Option<&Bucket> {
        self.buckets.get((serial % self.room) as usize)
    }
}

#[cfg(not(mainstay_loom))]
#[cfg(test)]
mod tests {
    use mainstay_core::{Clock, ManualClock};
    use proptest::prelude::*;

    use super::*;

    /// The slow way: all calls with their ticks.
    struct Model {
        buckets: u128,
        width: u128,
        epoch: u32,
        calls: Vec<(u128, Sample)>,
    }

    impl Model {
        fn record(&mut self, epoch: u32, elapsed: Duration, sample: Sample) -> Counts {
            if epoch != self.epoch {
                self.calls.clear();
                self.epoch = epoch;
            }
            self.calls.push((elapsed.as_nanos() / self.width, sample));
            self.counts(elapsed)
        }

        fn counts(&self, elapsed: Duration) -> Counts {
            let now = elapsed.as_nanos() / self.width;
            let inside = |of: fn(&Sample) -> bool| {
                let calls = self.calls.iter();
                let counted = calls.filter(|(at, it)| now - at < self.buckets && of(it));
                u32::try_from(counted.count()).unwrap()
            };
            Counts {
                calls: inside(|_| true),
                failed: inside(|it| it.failed),
                slow: inside(|it| it.slow),
            }
        }
    }

    fn window(buckets: u8, length_ms: u64) -> (TimeWindow, Model, Instant) {
        let origin = ManualClock::new().now();
        let length = Duration::from_millis(length_ms);
        let window = TimeWindow::new(origin, length, NonZeroU8::new(buckets).unwrap());
        let width = window.width.as_nanos();
        (window, Model { buckets: buckets.into(), width, epoch: 0, calls: Vec::new() }, origin)
    }

    proptest! {
        #[test]
        fn is_all_calls_of_the_last_buckets(
            buckets in 1_u8..20,
            length in 1_u64..5_000,
            calls in proptest::collection::vec((0_u64..400, 0_u8..40, any::<bool>(), any::<bool>()), 0..300),
        ) {
            let (window, mut model, origin) = window(buckets, length);
            let (mut elapsed, mut epoch) = (Duration::ZERO, 0);
            for (step, chance, failed, slow) in calls {
                // Mostly small steps, at times one over several windows, at times a new epoch.
                elapsed += Duration::from_millis(if chance == 0 { step * 100 } else { step });
                epoch += u32::from(chance == 1);
                let sample = Sample { failed, slow };
                let counts = window.record(epoch, origin + elapsed, sample).unwrap();
                prop_assert_eq!(counts, model.record(epoch, elapsed, sample));
                let later = elapsed + Duration::from_millis(step * 7);
                prop_assert_eq!(window.counts(epoch, origin + later), model.counts(later));
            }
        }
    }

    proptest! {
        #[test]
        fn its_length_can_change(
            calls in proptest::collection::vec((0_u64..400, 1_u64..20, any::<bool>()), 0..200),
        ) {
            let (length, room) = (Duration::from_secs(1), NonZeroU8::new(15).unwrap());
            let origin = ManualClock::new().now();
            let window = TimeWindow::with_room(origin, length, NonZeroU8::new(10).unwrap(), room);
            let width = 100_000_000;
            let mut model = Model { buckets: 10, width, epoch: 0, calls: Vec::new() };
            let mut elapsed = Duration::ZERO;
            for (step, buckets, failed) in calls {
                elapsed += Duration::from_millis(step);
                window.set_length(Duration::from_millis(buckets * 100));
                model.buckets = u128::from(buckets.min(15));
                let sample = Sample { failed, slow: !failed };
                let counts = window.record(0, origin + elapsed, sample).unwrap();
                prop_assert_eq!(counts, model.record(0, elapsed, sample));
            }
        }
    }

    #[test]
    fn an_old_epoch_adds_nothing_to_a_new_one() {
        let (window, _, origin) = window(10, 1_000);
        let failure = Sample { failed: true, slow: false };
        for millis in 0..2000 {
            let _ = window.record(0, origin + Duration::from_millis(millis), failure);
        }
        let now = origin + Duration::from_secs(2);
        assert_eq!(window.counts(1, now), Counts::default());
        assert_eq!(window.record(1, now, Sample::default()).unwrap().calls, 1);
        // A call that read the time before the epoch ended.
        for millis in 0..=2000 {
            let _ = window.record(0, origin + Duration::from_millis(millis), failure);
        }
        assert_eq!(window.counts(1, now), Counts { calls: 1, failed: 0, slow: 0 });
    }

    #[test]
    fn no_time_is_too_early_or_too_late() {
        let origin = ManualClock::new().now();
        let start = origin + Duration::from_secs(60);
        let buckets = NonZeroU8::MAX;
        for length in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            let window = TimeWindow::new(start, length, buckets);
            assert_eq!(window.record(0, origin, Sample::default()).unwrap().calls, 1);
            let year = Duration::from_secs(365 * 86_400);
            window.record(0, start + year, Sample::default()).unwrap();
        }
    }

    /// Half way round, what was written long ago is old all the same.
    #[test]
    fn it_sees_after_any_idle_time() {
        let failure = Sample { failed: true, slow: true };
        for days in [1, 24, 25, 26, 40, 49, 50, 250, 3650] {
            let (window, _, origin) = window(10, 10);
            window.record(0, origin, failure).unwrap();
            let now = origin + Duration::from_secs(days * 86_400);
            let counts = window.record(0, now, failure);
            assert_eq!(counts, Ok(Counts { calls: 1, failed: 1, slow: 1 }), "{days}");
        }
    }

    #[test]
    fn threads_lose_nothing() {
        let (window, _, origin) = window(4, 4000);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for call in 0..20_000_u64 {
                        let now = origin + Duration::from_millis(call / 5);
                        let sample = Sample { failed: call % 2 == 0, slow: call % 4 == 0 };
                        window.record(0, now, sample).unwrap();
                    }
                });
            }
        });
        let now = origin + Duration::from_millis(3999);
        assert_eq!(window.counts(0, now), Counts { calls: 80_000, failed: 40_000, slow: 20_000 });
    }
}
