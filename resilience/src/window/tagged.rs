use std::cmp::Ordering::{Equal, Greater, Less};
use std::fmt;

use crate::sync::{AtomicU64, Ordering::SeqCst};

/// A 32-bit value that belongs to one tag, such as an epoch: the value under any other tag is zero.
///
/// That is how a window is emptied in no time and without a lock: its owner moves on to the next
/// tag, and whatever is still written under an old one changes nothing.
///
/// All accesses are sequentially consistent: whoever is the last of several threads to record has
/// to see what the others have recorded elsewhere. On the path that matters it costs nothing, as
/// a read-modify-write is a full barrier on most machines anyway.
#[derive(Debug, Default)]
pub(crate) struct Tagged(AtomicU64);

/// By how much a thread can be late, in tags: one that has stopped for longer between reading the
/// tag and writing under it is not thought of.
const A_LITTLE: u32 = 1 << 12;

/// The epoch is over: what was to be recorded is too late, and was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late;

impl Tagged {
    /// The value under this tag.
    #[inline]
    pub(crate) fn load(&self, tag: u32) -> u32 {
        let (found, value) = split(self.0.load(SeqCst));
        if found == tag { value } else { 0 }
    }

    /// Puts a value under this tag, if there is none of a later one, and ends all earlier ones.
    pub(super) fn set(&self, tag: u32, value: u32) {
        let mut word = self.0.load(SeqCst);
        while compare(split(word).0, tag) != Greater {
            match self.0.compare_exchange_weak(word, join(tag, value), SeqCst, SeqCst) {
                Ok(_) => return,
                Err(actual) => word = actual,
            }
        }
    }

    /// Changes the value under this tag, and returns the old one.
    ///
    /// Nothing is written where `change` answers with the value that it was given.
    #[inline]
    pub(crate) fn update(&self, tag: u32, change: impl Fn(u32) -> u32) -> Result<u32, Late> {
        let mut word = self.0.load(SeqCst);
        loop {
            let (found, value) = split(word);
            let old = match compare(found, tag) {
                Equal => value,
                Less => 0,
                Greater => return Err(Late),
            };
            let new = change(old);
            if new == old {
                return Ok(old);
            }
            match self.0.compare_exchange_weak(word, join(tag, new), SeqCst, SeqCst) {
                Ok(_) => return Ok(old),
                Err(actual) => word = actual,
            }
        }
    }
}

/// Tags go round in a circle: one that is a little ahead is the later, and everything else is old,
/// however long nobody has written there.
#[inline]
fn compare(found: u32, tag: u32) -> std::cmp::Ordering {
    match found.wrapping_sub(tag) {
        0 => Equal,
        1..=A_LITTLE => Greater,
        _ => Less,
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "each half is taken for itself")]
fn split(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

#[inline]
fn join(tag: u32, value: u32) -> u64 {
    u64::from(tag) << 32 | u64::from(value)
}

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the epoch is over")
    }
}

impl std::error::Error for Late {}

#[cfg(not(mainstay_loom))]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_belongs_to_its_tag() {
        let tagged = Tagged::default();
        assert_eq!(tagged.update(1, |value| value + 5), Ok(0));
        assert_eq!(tagged.load(1), 5);
        assert_eq!((tagged.load(0), tagged.load(2)), (0, 0));
        assert_eq!(tagged.update(0, |value| value + 1), Err(Late));
        assert_eq!(tagged.update(2, |value| value + 1), Ok(0));
        assert_eq!(tagged.load(2), 1);
    }

    #[test]
    fn tags_go_round() {
        let tagged = Tagged::default();
        assert_eq!(tagged.update(u32::MAX, |value| value + 1), Err(Late));
        for tag in [i32::MAX as u32, u32::MAX - 1, u32::MAX, 0, 1] {
            assert_eq!(tagged.update(tag, |value| value + 1), Ok(0), "{tag}");
        }
        assert_eq!(tagged.update(u32::MAX, |value| value + 1), Err(Late));
    }
}
