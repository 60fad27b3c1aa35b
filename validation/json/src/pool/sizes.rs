//! Which sizes are worth keeping.

use super::class::{CLASSES, Class};

/// Uses after which the sizes are judged anew.
pub(super) const PERIOD: u16 = 1024;
/// So many uses of a period, 5 in 100, may be of sizes that are not kept.
const UNUSUAL: u16 = PERIOD / 20;

/// How often each size was used lately.
///
/// What is larger than 95 in 100 uses of the last period needed is not kept, so that one huge
/// answer costs its own allocation and pins nothing. Sizes that grow are believed as soon as it is
/// certain what the end of the period will say, after 52 uses; sizes that shrink at its end. Until
/// the first period is over, all sizes are kept.
#[derive(Debug)]
pub(super) struct Sizes {
    /// Uses of each class in this period, and in the end of those that no class holds.
    counts: [u16; CLASSES + 1],
    uses: u16,
    /// Uses in this period of what is not kept.
    unusual: u16,
    kept: Class,
}

impl Sizes {
    pub(super) const fn new() -> Self {
        Self { counts: [0; CLASSES + 1], uses: 0, unusual: 0, kept: Class::LARGEST }
    }

    /// Notes a use of so many bytes. Says whether this was the last of a period, after which the
    /// largest size that is kept may be another.
    #[inline]
    pub(super) fn note(&mut self, class: Option<Class>) -> bool {
        let index = class.map_or(CLASSES, Class::index);
        if let Some(count) = self.counts.get_mut(index) {
            *count += 1;
        }
        self.uses += 1;
        if !self.keeps(class) {
            self.unusual += 1;
            if self.unusual > UNUSUAL {
                self.keep_at_least(self.kept);
            }
        }
        if self.uses < PERIOD {
            return false;
        }
        self.keep_at_least(Class::SMALLEST);
        self.counts = [0; CLASSES + 1];
        (self.uses, self.unusual) = (0, 0);
        true
    }

    /// Whether what this class holds was among the usual sizes.
    #[inline]
    pub(super) fn keeps(&self, class: Option<Class>) -> bool {
        class.is_some_and(|class| class <= self.kept)
    }

    /// Whether memory of this capacity is no more than a usual size can have grown to. A `Vec`
    /// that doubles has less than twice its length.
    #[inline]
    pub(super) fn keeps_capacity(&self, capacity: usize) -> bool {
        capacity < 2 * self.kept.size()
    }

    /// Keeps the smallest size from this one on of which few enough uses were larger.
    #[cold]
    fn keep_at_least(&mut self, least: Class) {
        self.kept = Class::LARGEST;
        self.unusual = self.counts.last().copied().unwrap_or_default();
        for class in Class::all().rev() {
            let count = self.counts.get(class.index()).copied().unwrap_or_default();
            if class == least || self.unusual + count > UNUSUAL {
                self.kept = class;
                break;
            }
            self.unusual += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Slow and plain: the 95th in a hundred of a sorted list, as long as a period.
    fn percentile(lens: &[usize]) -> Class {
        let mut lens = lens.to_vec();
        lens.resize(usize::from(PERIOD), 0);
        lens.sort_unstable();
        let rank = (lens.len() * 95).div_ceil(100);
        Class::holding(lens[rank - 1]).unwrap_or(Class::LARGEST)
    }

    /// What the last full period says, or what this one says already.
    fn kept_of(lens: &[usize]) -> Class {
        let periods = lens.chunks_exact(usize::from(PERIOD));
        let this = percentile(periods.remainder());
        periods.last().map_or(Class::LARGEST, percentile).max(this)
    }

    /// Mostly of one size, with some share of another, as answers are.
    fn lens() -> impl Strategy<Value = Vec<usize>> {
        let size = || prop_oneof![0_usize..600, 0_usize..300_000, 0_usize..20 << 20];
        (size(), size(), 0_u32..=20, 0_usize..3000).prop_flat_map(|(usual, other, share, count)| {
            let len = prop_oneof![
                100 - share => 0..=usual,
                share + 1 => 0..=other,
            ];
            prop::collection::vec(len, count)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_kept_is_what_a_sorted_list_says(lens in lens()) {
            let mut sizes = Sizes::new();
            for (nth, len) in lens.iter().enumerate() {
                let judged = sizes.note(Class::holding(*len));
                prop_assert_eq!(judged, (nth + 1) % usize::from(PERIOD) == 0);
            }
            let kept = kept_of(&lens);
            for class in Class::all() {
                prop_assert_eq!(sizes.keeps(Some(class)), class <= kept);
            }
            prop_assert!(!sizes.keeps(None));
        }
    }

    #[test]
    fn sizes_that_grow_are_believed_before_the_period_is_over() {
        let mut sizes = Sizes::new();
        for _ in 0..PERIOD {
            sizes.note(Class::holding(100));
        }
        for _ in 0..UNUSUAL {
            sizes.note(Class::holding(1 << 20));
            assert!(!sizes.keeps(Class::holding(512)));
        }
        sizes.note(Class::holding(1 << 20));
        assert!(sizes.keeps(Class::holding(1 << 20)));
        assert!(!sizes.keeps(Class::holding(2 << 20)));
    }

    #[test]
    fn one_in_twenty_is_unusual_and_one_more_is_not() {
        for (large, kept) in [(51, false), (52, true)] {
            let mut sizes = Sizes::new();
            for nth in 0..PERIOD {
                sizes.note(Class::holding(if nth < large { 1 << 20 } else { 100 }));
            }
            assert_eq!(sizes.keeps(Class::holding(1 << 20)), kept, "{large} of 1024");
        }
    }
}
