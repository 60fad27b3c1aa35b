use crate::sync::{
    AtomicU64,
    Ordering::{AcqRel, Acquire},
};

/// How many ticks are remembered, the present one included.
pub(super) const TICKS: u64 = PLACES as u64;
const PLACES: usize = 10;

/// The rest is for the tick. That is a tenth of a second or longer, so that 38 bits are enough for
/// the 584 years that nanoseconds are counted for.
const COUNT_BITS: u32 = 26;

/// 67 million in one tick. Being a multiple of 16, it is a count at which the time is asked, or a
/// tick that is full would never end.
pub(super) const MAX_COUNT: u64 = (1 << COUNT_BITS) - 16;

/// How often something happened in each of the latest ticks.
///
/// Everything happens in the latest tick, whose number and count are one word. Before that word
/// moves on to a later tick, its count is published among those of the past. So who has seen the
/// word has seen, with it, all that came before; and who changes it from what he saw to what comes
/// next knows that nothing happened in between, in any tick.
#[derive(Debug, Default)]
pub(super) struct Series {
    latest: Word,
    past: [Word; PLACES],
}

/// A tick and how often it happened in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) tick: u64,
    pub(super) count: u64,
}

#[derive(Debug, Default)]
struct Word(AtomicU64);

impl Series {
    /// What a change starts from.
    #[inline]
    pub(super) fn latest(&self) -> Count {
        self.latest.load()
    }

    /// How often it happened up to this tick, if `latest` still is the latest.
    pub(super) fn sum(&self, tick: u64, latest: Count) -> u64 {
        let in_window = |it: u64| it <= tick && tick - it < TICKS;
        let past = self.past.iter().map(Word::load);
        let past = past.filter(|it| it.tick != latest.tick && in_window(it.tick));
        let latest = if in_window(latest.tick) { latest.count } else { 0 };
        past.map(|it| it.count).sum::<u64>() + latest
    }

    /// It happens once more, in the latest tick, if nothing else has happened since that was seen.
    #[inline]
    pub(super) fn add_to(&self, latest: Count) -> Result<(), Count> {
        let count = (latest.count + 1).min(MAX_COUNT);
        self.latest.replace(latest, Count { count, ..latest })
    }

    /// It happens once more, now or in the latest tick if that is later; the tick is returned.
    /// If something else has happened since `latest` was seen, it does not, and that is returned.
    pub(super) fn add(&self, tick: u64, latest: Count) -> Result<u64, Count> {
        if tick <= latest.tick {
            return self.add_to(latest).map(|()| latest.tick);
        }
        self.publish(latest);
        self.latest.replace(latest, Count { tick, count: 1 }).map(|()| tick)
    }

    /// Whether no more can be counted in the tick.
    pub(super) fn is_full(tick: u64, latest: Count) -> bool {
        tick <= latest.tick && latest.count == MAX_COUNT
    }

    /// One of those in this tick did not happen after all.
    pub(super) fn remove(&self, tick: u64) {
        let mut latest = self.latest.load();
        while latest.tick == tick {
            let less = Count { tick, count: latest.count.saturating_sub(1) };
            match self.latest.replace(latest, less) {
                Ok(()) => return,
                Err(actual) => latest = actual,
            }
        }
        let less = |old: Count| (old.tick == tick).then(|| old.count.saturating_sub(1));
        self.change_past(tick, less);
    }

    /// Several threads may do this at once, and one of them long after the tick was left, with a
    /// count that was overtaken. The highest is the right one.
    fn publish(&self, latest: Count) {
        self.change_past(latest.tick, |old| {
            let count = if old.tick == latest.tick { old.count } else { 0 };
            (old.tick <= latest.tick).then_some(latest.count.max(count))
        });
    }

    fn change_past(&self, tick: u64, change: impl Fn(Count) -> Option<u64>) {
        let Some(word) = self.past.get((tick % TICKS) as usize) else { return };
        let mut old = word.load();
        while let Some(count) = change(old) {
            match word.replace(old, Count { tick, count }) {
                Ok(()) => return,
                Err(actual) => old = actual,
            }
        }
    }
}

impl Word {
    #[inline]
    fn load(&self) -> Count {
        split(self.0.load(Acquire))
    }

    #[inline]
    fn replace(&self, old: Count, new: Count) -> Result<(), Count> {
        let replaced = self.0.compare_exchange_weak(join(old), join(new), AcqRel, Acquire);
        replaced.map(drop).map_err(split)
    }
}

fn split(word: u64) -> Count {
    Count { tick: word >> COUNT_BITS, count: word & ((1 << COUNT_BITS) - 1) }
}

fn join(count: Count) -> u64 {
    count.tick << COUNT_BITS | count.count
}

#[cfg(not(mainstay_loom))]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_tick_counts_no_further_and_ends() {
        assert_eq!(MAX_COUNT, 67_108_848);
        let series = Series::default();
        let full = Count { tick: 3, count: MAX_COUNT };
        series.latest.replace(Count::default(), full).unwrap();
        assert!(Series::is_full(3, full) && !Series::is_full(4, full));
        assert_eq!(series.add(3, full), Ok(3));
        assert_eq!(series.latest(), full);
        assert_eq!(series.add(4, full), Ok(4));
        assert_eq!(series.sum(4, series.latest()), MAX_COUNT + 1);
    }

    #[test]
    fn the_last_tick_there_can_be_fits() {
        let series = Series::default();
        let last = u64::MAX / 100_000_000;
        assert_eq!(series.add(last, Count::default()), Ok(last));
        assert_eq!(series.latest(), Count { tick: last, count: 1 });
    }

    /// Threads that left the tick long ago, or with a count that was overtaken, change nothing.
    #[test]
    fn a_late_publication_changes_nothing() {
        let series = Series::default();
        for (tick, count) in [(3, 7), (3, 5), (13, 2), (3, 9)] {
            series.publish(Count { tick, count });
        }
        assert_eq!(series.sum(13, Count { tick: 14, count: 0 }), 2);
        series.publish(Count { tick: 13, count: 1 });
        assert_eq!(series.sum(13, Count { tick: 14, count: 0 }), 2);
    }
}
