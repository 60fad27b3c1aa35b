use std::num::NonZeroU16;

use super::tagged::{Late, Tagged};
use super::{Counts, Sample};
use crate::sync::{AtomicU64, Ordering};

/// Calls whose marks share a word: 16 bits say which have failed, 16 which were slow.
const SLOTS_PER_CELL: u32 = 16;

/// The last calls, as many as its size says: a true ring, in which each call takes the place of
/// the oldest.
///
/// In a long run of successes a call costs one read-modify-write and three loads. It takes four bits a call, and never a clock.
#[derive(Debug)]
pub struct CountWindow {
    size: AtomicU64,
    /// How many calls there were; from `size` on, `size` plus the place of the next one.
    position: Tagged,
    cells: Box<[Tagged]>,
    failed: Tagged,
    slow: Tagged,
}

impl CountWindow {
    /// An empty window of the last `size` calls.
    pub fn new(size: NonZeroU16) -> Self {
        Self::with_room(size, size)
    }

    /// An empty window that can be [resized](CountWindow::resize) up to `room`.
    pub fn with_room(size: NonZeroU16, room: NonZeroU16) -> Self {
        let cells = u32::from(size.max(room).get()).div_ceil(SLOTS_PER_CELL);
        Self {
            size: AtomicU64::new(u64::from(size.get())),
            position: Tagged::default(),
            cells: (0..cells).map(|_| Tagged::default()).collect(),
            failed: Tagged::default(),
            slow: Tagged::default(),
        }
    }

    /// Adds a call and says what is in the window with it.
    ///
    /// # Errors
    ///
    /// [`Late`] if a call was recorded under a later epoch.
    #[inline]
    pub fn record(&self, epoch: u32, sample: Sample) -> Result<Counts, Late> {
        let size = self.size();
        let position = self.position.update(epoch, |position| after(position, size))?;
        let slot = if position < size { position } else { position - size };
        let before = self.counts(epoch);
        if sample == Sample::default() && before.failed == 0 && before.slow == 0 {
            // No call is marked, and so the oldest is not.
            return Ok(before);
        }
        let old = self.mark(epoch, slot, sample)?;
        adjust(&self.failed, epoch, old.failed, sample.failed)?;
        adjust(&self.slow, epoch, old.slow, sample.slow)?;
        Ok(self.counts(epoch))
    }

    /// What is in the window in this epoch.
    #[inline]
    pub fn counts(&self, epoch: u32) -> Counts {
        // Between a mark and its count another thread may read a count that is one too small,
        // and so below zero for a moment.
        let count = |tagged: &Tagged| u32::try_from(tagged.load(epoch).cast_signed()).unwrap_or(0);
        Counts {
            calls: self.position.load(epoch).min(self.size()),
            failed: count(&self.failed),
            slow: count(&self.slow),
        }
    }

    /// Makes it a window of another size, under the later epoch `to`, that holds the latest calls
    /// of the epoch `from`. A size for which there is no room is taken for the largest.
    ///
    /// What is recorded under `from` from now on is [`Late`], and what is recorded at the same time
    /// may be lost. Under `to` nothing is to be recorded before it is done, and nobody is to do
    /// the same at the same time.
    pub fn resize(&self, from: u32, to: u32, size: NonZeroU16) {
        let size = usize::from(size.get()).min(self.cells.len() * SLOTS_PER_CELL as usize);
        let calls = self.samples(from);
        let kept = calls.get(calls.len().saturating_sub(size)..).unwrap_or_default();
        self.position.set(to, count(kept, |_| true));
        for (cell, calls) in self.cells.iter().zip(kept.chunks(SLOTS_PER_CELL as usize)) {
            cell.set(to, marks(calls));
        }
        self.failed.set(to, count(kept, |call| call.failed));
        self.slow.set(to, count(kept, |call| call.slow));
        self.size.store(size as u64, Ordering::SeqCst);
    }

    /// The calls in the window, from the oldest to the latest.
    fn samples(&self, epoch: u32) -> Vec<Sample> {
        let (size, position) = (self.size(), self.position.load(epoch));
        let oldest = position.saturating_sub(size);
        let slots = (0..position.min(size)).map(|call| (oldest + call) % size);
        slots.map(|slot| self.sample(epoch, slot)).collect()
    }

    fn sample(&self, epoch: u32, slot: u32) -> Sample {
        let cell = self.cells.get((slot / SLOTS_PER_CELL) as usize);
        let marks = cell.map_or(0, |cell| cell.load(epoch)) >> (slot % SLOTS_PER_CELL);
        Sample { failed: marks & 1 != 0, slow: marks >> SLOTS_PER_CELL & 1 != 0 }
    }

    #[inline]
    fn size(&self) -> u32 {
        u32::try_from(self.size.load(Ordering::Relaxed)).unwrap_or(u32::MAX)
    }

    /// How many slots are marked as failed.
    #[cfg(test)]
    pub(super) fn marks(&self, epoch: u32) -> u32 {
        self.cells.iter().map(|cell| (cell.load(epoch) & 0xffff).count_ones()).sum()
    }

    /// Marks the slot and says how it was marked before.
    ///
    /// The counts follow from the marks that really changed, so that they cannot drift apart
    /// from them, in whatever order threads get here.
    #[inline]
    fn mark(&self, epoch: u32, slot: u32, sample: Sample) -> Result<Sample, Late> {
        let (failed, slow) = (1 << (slot % SLOTS_PER_CELL), 1 << (slot % SLOTS_PER_CELL + 16));
        let Some(cell) = self.cells.get((slot / SLOTS_PER_CELL) as usize) else {
            return Ok(sample);
        };
        let put = |marks: u32, mark: u32, on: bool| if on { marks | mark } else { marks & !mark };
        let old =
            cell.update(epoch, |marks| put(put(marks, failed, sample.failed), slow, sample.slow))?;
        Ok(Sample { failed: old & failed != 0, slow: old & slow != 0 })
    }
}

/// At twice the size it is back at the size.
fn after(position: u32, size: u32) -> u32 {
    let next = position + 1;
    if next == 2 * size { size } else { next }
}

/// Calls that share a cell, as its marks.
fn marks(calls: &[Sample]) -> u32 {
    let mark = |call: &Sample| u32::from(call.slow) << SLOTS_PER_CELL | u32::from(call.failed);
    calls.iter().rev().fold(0, |marks, call| marks << 1 | mark(call))
}

fn count(calls: &[Sample], is: impl Fn(&Sample) -> bool) -> u32 {
    // A window holds at most 65,535 calls.
    u32::try_from(calls.iter().filter(|call| is(call)).count()).unwrap_or(u32::MAX)
}

#[inline]
fn adjust(count: &Tagged, epoch: u32, old: bool, new: bool) -> Result<(), Late> {
    match (old, new) {
        (false, true) => count.update(epoch, |count| count.wrapping_add(1)).map(drop),
        (true, false) => count.update(epoch, |count| count.wrapping_sub(1)).map(drop),
        _ => Ok(()),
    }
}

#[cfg(not(mainstay_loom))]
#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    /// The slow way: all calls in a queue.
    struct Model {
        size: usize,
        epoch: u32,
        calls: VecDeque<Sample>,
    }

    impl Model {
        fn record(&mut self, epoch: u32, sample: Sample) -> Option<Counts> {
            if epoch < self.epoch {
                return None;
            }
            if epoch > self.epoch {
                self.calls.clear();
                self.epoch = epoch;
            }
            self.calls.push_back(sample);
            if self.calls.len() > self.size {
                self.calls.pop_front();
            }
            Some(self.counts())
        }

        fn resize(&mut self, size: usize) {
            self.epoch += 1;
            self.size = size;
            self.calls.drain(..self.calls.len().saturating_sub(size));
        }

        fn counts(&self) -> Counts {
            let count = |is: fn(&Sample) -> bool| {
                u32::try_from(self.calls.iter().filter(|it| is(it)).count()).unwrap()
            };
            Counts {
                calls: count(|_| true),
                failed: count(|it| it.failed),
                slow: count(|it| it.slow),
            }
        }
    }

    proptest! {
        #[test]
        fn is_a_queue_of_the_last_calls(
            size in 1_u16..70,
            calls in proptest::collection::vec((0_u32..3, any::<bool>(), any::<bool>()), 0..400),
        ) {
            let window = CountWindow::new(NonZeroU16::new(size).unwrap());
            let mut model = Model { size: usize::from(size), epoch: 0, calls: VecDeque::new() };
            let mut latest = 0;
            for (step, failed, slow) in calls {
                // Mostly the present epoch, at times the next or the one before.
                let epoch = match step {
                    0 => { latest += 1; latest }
                    1 => latest,
                    _ => u32::saturating_sub(latest, 1),
                };
                let sample = Sample { failed, slow };
                prop_assert_eq!(window.record(epoch, sample).ok(), model.record(epoch, sample));
                prop_assert_eq!(window.counts(model.epoch), model.counts());
                latest = model.epoch;
            }
        }
    }

    /// Trap 1: a window of ten that has seen 10,000 successes is full of failures after ten.
    #[test]
    fn long_health_does_not_mask_an_outage() {
        let window = CountWindow::new(NonZeroU16::new(10).unwrap());
        for _ in 0..10_000 {
            window.record(0, Sample::default()).unwrap();
        }
        for failures in 1..=10 {
            let counts = window.record(0, Sample { failed: true, slow: false }).unwrap();
            assert_eq!(counts, Counts { calls: 10, failed: failures, slow: 0 });
        }
    }

    proptest! {
        #[test]
        fn the_latest_calls_stay_when_it_is_resized(
            sizes in proptest::collection::vec(1_u16..70, 1..6),
            calls in proptest::collection::vec((any::<bool>(), any::<bool>()), 0..100),
        ) {
            let room = NonZeroU16::new(70).unwrap();
            let window = CountWindow::with_room(NonZeroU16::new(30).unwrap(), room);
            let mut model = Model { size: 30, epoch: 0, calls: VecDeque::new() };
            for (epoch, size) in (0..).zip(sizes) {
                for (failed, slow) in &calls {
                    let sample = Sample { failed: *failed, slow: *slow };
                    prop_assert_eq!(window.record(epoch, sample).ok(), model.record(epoch, sample));
                }
                window.resize(epoch, epoch + 1, NonZeroU16::new(size).unwrap());
                model.resize(size.into());
                prop_assert_eq!(window.counts(epoch + 1), model.counts());
                prop_assert_eq!(window.record(epoch, Sample::default()), Err(Late));
            }
        }
    }

    #[test]
    fn it_does_not_grow_beyond_its_room() {
        let window = CountWindow::with_room(1.try_into().unwrap(), 32.try_into().unwrap());
        window.resize(0, 1, NonZeroU16::MAX);
        for _ in 0..1000 {
            window.record(1, Sample { failed: true, slow: false }).unwrap();
        }
        assert_eq!(window.counts(1), Counts { calls: 32, failed: 32, slow: 0 });
    }

    #[test]
    fn threads_lose_nothing() {
        let window = CountWindow::new(NonZeroU16::new(1000).unwrap());
        std::thread::scope(|scope| {
            for thread in 0..4_u32 {
                let window = &window;
                scope.spawn(move || {
                    for call in 0..25_000_u32 {
                        let sample =
                            Sample { failed: (call + thread) % 3 == 0, slow: call % 7 == 0 };
                        window.record(0, sample).unwrap();
                    }
                });
            }
        });
        let counts = window.counts(0);
        assert_eq!((counts.calls, counts.failed), (1000, window.marks(0)));
    }
}
