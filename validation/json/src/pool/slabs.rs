//! Memory under `Bytes`, won back once the last of them is gone.

use bytes::{Bytes, BytesMut};

use super::shelf::Sweep;

/// The bytes of a slab that small answers share.
const SMALL_SLAB: usize = 64 << 10;
/// What is longer gets a slab of its own.
const SMALL: usize = 16 << 10;
/// So many bytes into a slab it is tried to begin it anew, as the same few cache lines serve again.
const REWIND: usize = 4 << 10;
/// Slabs of each kind that a thread has at most.
const MOST: usize = 8;
/// Bytes of all large slabs of a thread at most.
const LARGE_BYTES: usize = 8 << 20;

/// The slabs of one thread.
///
/// A slab is never let go while an answer in it is alive, so that what answers pin is bounded by
/// what slabs there can be: 512 KiB under small answers, 8 MiB under large ones. A small answer
/// never pins a large slab.
#[derive(Debug)]
pub(super) struct Slabs {
    small: Vec<Slab>,
    /// The small slab that was written to last.
    current: usize,
    large: Vec<Slab>,
    bytes: usize,
}

#[derive(Debug)]
struct Slab {
    rest: BytesMut,
    size: usize,
    /// Since the last sweep.
    used: bool,
}

/// An answer's memory, and where it is from.
pub(super) enum Copied {
    /// A slab that was there.
    Old(Bytes),
    /// A slab made for it.
    New(Bytes),
    /// All slabs there may be are pinned or in use.
    Pinned,
}

impl Slabs {
    pub(super) const fn new() -> Self {
        Self { small: Vec::new(), current: 0, large: Vec::new(), bytes: 0 }
    }

    /// Bytes of all slabs, pinned or free.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    #[cfg(test)]
    pub(super) fn added_up(&self) -> usize {
        self.small.iter().chain(&self.large).map(|slab| slab.size).sum()
    }

    /// A copy in the slab that was written to last, if it is small and fits there.
    #[inline]
    pub(super) fn copy(&mut self, answer: &[u8]) -> Option<Bytes> {
        if answer.len() > SMALL {
            return None;
        }
        self.small.get_mut(self.current)?.copy(answer)
    }

    /// A copy in any slab.
    pub(super) fn copy_elsewhere(&mut self, answer: &[u8]) -> Copied {
        if answer.len() > SMALL {
            return self.copy_large(answer);
        }
        for (index, slab) in self.small.iter_mut().enumerate() {
            if let Some(bytes) = slab.copy(answer) {
                self.current = index;
                return Copied::Old(bytes);
            }
        }
        if self.small.len() == MOST {
            return Copied::Pinned;
        }
        self.current = self.small.len();
        self.bytes += SMALL_SLAB;
        made_for(answer, SMALL_SLAB, &mut self.small)
    }

    fn copy_large(&mut self, answer: &[u8]) -> Copied {
        let len = answer.len();
        let fitting = |slab: &&mut Slab| (len..=len.saturating_mul(4)).contains(&slab.size);
        if let Some(bytes) = self.large.iter_mut().filter(fitting).find_map(|it| it.copy(answer)) {
            return Copied::Old(bytes);
        }
        let size = large_size(len);
        if !self.make_room(size) {
            return Copied::Pinned;
        }
        self.bytes += size;
        made_for(answer, size, &mut self.large)
    }

    /// Whether there may be one more large slab of this size. Free ones give way to it, but for
    /// those that are in use: two sizes that do not fit together would take turns for ever.
    fn make_room(&mut self, size: usize) -> bool {
        loop {
            let held: usize = self.large.iter().map(|slab| slab.size).sum();
            if self.large.len() < MOST && held + size <= LARGE_BYTES {
                return true;
            }
            let idle = |slab: &mut Slab| !slab.used && slab.is_free();
            let Some(free) = self.large.iter_mut().position(idle) else { return false };
            self.bytes -= self.large.swap_remove(free).size;
        }
    }

    /// Gives up free slabs. Returns how many.
    pub(super) fn sweep(&mut self, sweep: Sweep) -> usize {
        let goes = |slab: &mut Slab| {
            let used = std::mem::take(&mut slab.used);
            (sweep == Sweep::All || !used) && slab.is_free()
        };
        self.give_up(goes, true)
    }

    /// Gives up free slabs that are for larger answers than this. Returns how many.
    pub(super) fn sweep_unusual(&mut self, keeps: impl Fn(usize) -> bool) -> usize {
        let goes = |slab: &mut Slab| !keeps(slab.size) && slab.is_free();
        self.give_up(goes, false)
    }

    fn give_up(&mut self, mut goes: impl FnMut(&mut Slab) -> bool, small: bool) -> usize {
        let before = self.small.len() + self.large.len();
        self.large.retain_mut(|slab| !goes(slab));
        if small {
            self.small.retain_mut(|slab| !goes(slab));
            self.current = 0;
        }
        let left = self.small.iter().chain(&self.large);
        self.bytes = left.map(|slab| slab.size).sum();
        before - (self.small.len() + self.large.len())
    }
}

impl Slab {
    /// A copy in this slab, if it has room or can win it back.
    #[inline]
    fn copy(&mut self, answer: &[u8]) -> Option<Bytes> {
        let room = self.rest.capacity();
        let full = room < answer.len();
        let far = self.size.saturating_sub(room) > REWIND;
        let won_back = (full || far) && self.rest.try_reclaim(self.size);
        if full && !won_back {
            return None;
        }
        self.used = true;
        self.rest.extend_from_slice(answer);
        Some(self.rest.split().freeze())
    }

    fn is_free(&mut self) -> bool {
        self.rest.try_reclaim(self.size)
    }
}

fn made_for(answer: &[u8], size: usize, slabs: &mut Vec<Slab>) -> Copied {
    if slabs.capacity() == 0 {
        slabs.reserve_exact(MOST);
    }
    let mut slab = Slab { rest: BytesMut::with_capacity(size), size, used: true };
    let bytes = slab.copy(answer);
    slabs.push(slab);
    bytes.map_or(Copied::Pinned, Copied::New)
}

/// A quarter more than needed at most, as it is pinned with the answer.
fn large_size(len: usize) -> usize {
    let step = len.next_power_of_two() / 8;
    len.next_multiple_of(step.max(1))
}
