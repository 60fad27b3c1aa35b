//! Sizes of buffers, in powers of two.

/// How many size classes there are: 256 B to 8 MiB.
pub(super) const CLASSES: usize = 16;

/// The smallest class has two to the power of this many bytes.
const SMALLEST_BITS: u32 = 8;
/// The largest, the same.
const LARGEST_BITS: u32 = 23;

/// A size of buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Class(u32);

impl Class {
    pub(super) const SMALLEST: Self = Self(0);
    /// What is larger than this is never kept.
    pub(super) const LARGEST: Self = Self(LARGEST_BITS - SMALLEST_BITS);

    /// The smallest class whose buffers hold so many bytes, unless it is more than any does.
    pub(super) fn holding(len: usize) -> Option<Self> {
        let bits = usize::BITS - len.saturating_sub(1).leading_zeros();
        Self::of_bits(bits.max(SMALLEST_BITS))
    }

    /// The largest class that a buffer of this capacity can serve. There is none for what is too
    /// small to be worth it, and for what is twice the largest class.
    pub(super) fn served_by(capacity: usize) -> Option<Self> {
        Self::of_bits(capacity.checked_ilog2()?)
    }

    fn of_bits(bits: u32) -> Option<Self> {
        let class = Self(bits.checked_sub(SMALLEST_BITS)?);
        (class <= Self::LARGEST).then_some(class)
    }

    /// The bytes of its buffers.
    pub(super) const fn size(self) -> usize {
        1 << (SMALLEST_BITS + self.0)
    }

    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }

    /// Every class, from the smallest.
    pub(super) fn all() -> impl DoubleEndedIterator<Item = Self> {
        (0..=Self::LARGEST.0).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn classes_are_powers_of_two_from_256_bytes_to_8_mebibytes() {
        let sizes: Vec<usize> = Class::all().map(Class::size).collect();
        assert_eq!(sizes.len(), CLASSES);
        assert_eq!((sizes[0], sizes[CLASSES - 1]), (256, 8 << 20));
        assert!(sizes.windows(2).all(|pair| pair[1] == 2 * pair[0]));
    }

    proptest! {
        #[test]
        fn a_length_gets_the_smallest_class_that_holds_it(len in 0_usize..20 << 20) {
            let expected = Class::all().find(|class| class.size() >= len);
            prop_assert_eq!(Class::holding(len), expected);
        }

        #[test]
        fn a_capacity_serves_the_largest_class_within_it(capacity in 0_usize..20 << 20) {
            let expected = Class::all().rfind(|class| class.size() <= capacity);
            let expected = expected.filter(|_| capacity < 2 * Class::LARGEST.size());
            prop_assert_eq!(Class::served_by(capacity), expected);
        }
    }

    #[test]
    fn the_ends_of_the_range_are_no_trouble() {
        assert_eq!(Class::holding(usize::MAX), None);
        assert_eq!(Class::served_by(usize::MAX), None);
        assert_eq!(Class::served_by(0), None);
    }
}
