//! What one thread has of the pool.

use std::mem::take;
use std::sync::Arc;

use bytes::Bytes;
use mainstay_core::Clock;

use super::class::Class;
use super::counters::Counters;
use super::pace::Pace;
use super::shared::Shared;
use super::shelf::{Shelf, Sweep};
use super::sizes::Sizes;
use super::slabs::{Copied, Slabs};

/// The pool of one thread. It has no lock and runs no code of anybody else's.
#[derive(Debug)]
pub(super) struct Local {
    /// Where answers are written, before their length is known.
    scratch: Vec<u8>,
    /// The capacity of the scratch, also while it is out.
    scratch_bytes: usize,
    /// The longest answer since the last sweep.
    longest: usize,
    slabs: Slabs,
    /// The lengths of answers: they judge the scratch and the slabs.
    answers: Sizes,
    shelf: Shelf,
    pace: Pace,
    counters: Option<Arc<Counters>>,
}

impl Local {
    pub(super) const fn new() -> Self {
        Self {
            scratch: Vec::new(),
            scratch_bytes: 0,
            longest: 0,
            slabs: Slabs::new(),
            answers: Sizes::new(),
            shelf: Shelf::new(),
            pace: Pace::new(),
            counters: None,
        }
    }

    /// Takes the scratch out, so that a value that makes answers while it is written finds none
    /// and gets a new one.
    #[inline]
    pub(super) fn take_scratch(&mut self) -> Vec<u8> {
        let scratch = take(&mut self.scratch);
        if scratch.capacity() != self.scratch_bytes {
            // It is out already, or was lost when a value panicked.
            self.scratch_bytes = 0;
            self.count_held();
        }
        scratch
    }

    /// Brings the scratch back. If it is too large to keep, it is freed, and so it is if there is
    /// a larger one: of a value that made answers while it was written.
    #[inline]
    pub(super) fn put_scratch(&mut self, mut scratch: Vec<u8>) {
        if self.scratch.capacity() >= scratch.capacity() {
            drop(scratch);
        } else if self.answers.keeps_capacity(scratch.capacity()) {
            scratch.clear();
            self.scratch = scratch;
        } else {
            self.counters().trimmed(1);
        }
        if self.scratch_bytes != self.scratch.capacity() {
            self.scratch_bytes = self.scratch.capacity();
            self.count_held();
        }
    }

    /// Makes an answer of what is in the scratch, and brings that back. What is larger than usual
    /// is the answer itself: it would be freed otherwise.
    ///
    /// Only now is the clock looked at, if it is due: it is the length of an answer that says
    /// whether a look costs nothing, and what is swept includes the scratch.
    #[inline]
    pub(super) fn seal(
        &mut self,
        scratch: &mut Vec<u8>,
        clock: &impl Clock,
        shared: &Shared,
    ) -> Bytes {
        let len = scratch.len();
        if !self.note_answer(len) {
            return exact(self.lose(scratch));
        }
        let bytes = self.copy(scratch);
        self.put_scratch(take(scratch));
        self.step(len, clock, shared);
        bytes
    }

    /// The same, with a buffer for an answer.
    #[inline]
    pub(super) fn seal_in_buffer(
        &mut self,
        scratch: &mut Vec<u8>,
        clock: &impl Clock,
        shared: &Shared,
    ) -> Vec<u8> {
        let len = scratch.len();
        if !self.note_answer(len) {
            return self.lose(scratch);
        }
        let mut buffer = self.take_now(len, shared);
        buffer.extend_from_slice(scratch);
        self.put_scratch(take(scratch));
        self.step(len, clock, shared);
        buffer
    }

    #[cold]
    fn lose(&mut self, scratch: &mut Vec<u8>) -> Vec<u8> {
        self.counters().fallback();
        self.scratch_bytes = self.scratch.capacity();
        self.count_held();
        take(scratch)
    }

    /// An answer from elsewhere, copied. There is none if it is larger than usual.
    pub(super) fn seal_copy(&mut self, answer: &[u8]) -> Option<Bytes> {
        if self.note_answer(answer.len()) {
            return Some(self.copy(answer));
        }
        self.counters().fallback();
        None
    }

    /// Copies an answer into a slab, or into memory of its own if all are pinned.
    #[inline]
    fn copy(&mut self, answer: &[u8]) -> Bytes {
        if let Some(bytes) = self.slabs.copy(answer) {
            self.counters().hit();
            return bytes;
        }
        self.copy_elsewhere(answer)
    }

    #[cold]
    fn copy_elsewhere(&mut self, answer: &[u8]) -> Bytes {
        let copied = self.slabs.copy_elsewhere(answer);
        match &copied {
            Copied::Old(_) => self.counters().hit(),
            Copied::New(_) => self.counters().miss(),
            Copied::Pinned => self.counters().fallback(),
        }
        self.count_held();
        match copied {
            Copied::Old(bytes) | Copied::New(bytes) => bytes,
            Copied::Pinned => Bytes::copy_from_slice(answer),
        }
    }

    /// Notes the length of an answer. Says whether it is a usual one.
    #[inline]
    fn note_answer(&mut self, len: usize) -> bool {
        let class = Class::holding(len);
        self.longest = self.longest.max(len);
        if self.answers.note(class) {
            self.sweep_unusual();
        }
        self.answers.keeps(class)
    }

    #[cold]
    fn sweep_unusual(&mut self) {
        let Self { slabs, answers, .. } = self;
        let trimmed = slabs.sweep_unusual(|size| answers.keeps_capacity(size));
        self.counters().trimmed(trimmed);
        self.count_held();
    }

    /// A free buffer of at least this capacity.
    pub(super) fn take(&mut self, capacity: usize, clock: &impl Clock, shared: &Shared) -> Vec<u8> {
        self.step(capacity, clock, shared);
        self.take_now(capacity, shared)
    }

    fn take_now(&mut self, capacity: usize, shared: &Shared) -> Vec<u8> {
        let class = Class::holding(capacity);
        let unusual = self.shelf.note(class);
        let before = self.shelf.bytes();
        let buffer = class.and_then(|class| self.shelf.take(class, shared));
        let counters = self.counters();
        counters.trimmed(unusual);
        match &buffer {
            Some(_) => counters.hit(),
            None if class.is_some() => counters.miss(),
            None => counters.fallback(),
        }
        if before != self.shelf.bytes() || unusual > 0 {
            self.count_held();
        }
        buffer.unwrap_or_else(|| Vec::with_capacity(class.map_or(capacity, Class::size)))
    }

    /// Takes a buffer back, which anybody may have taken.
    pub(super) fn put(&mut self, buffer: Vec<u8>, clock: &impl Clock, shared: &Shared) {
        self.step(buffer.capacity(), clock, shared);
        let trimmed = self.shelf.note(Class::holding(buffer.len()));
        let trimmed = trimmed + self.shelf.put(buffer, shared);
        self.counters().trimmed(trimmed);
        self.count_held();
    }

    #[inline]
    fn step(&mut self, len: usize, clock: &impl Clock, shared: &Shared) {
        if let Some((now, sweep)) = self.pace.step(len, clock)
            && let Some(sweep) = sweep
        {
            self.sweep(sweep);
            let trimmed = shared.sweep(now);
            self.counters().trimmed(trimmed);
        }
    }

    #[cold]
    fn sweep(&mut self, sweep: Sweep) {
        let mut trimmed = self.shelf.sweep(sweep) + self.slabs.sweep(sweep);
        let longest = take(&mut self.longest);
        let unused = sweep == Sweep::All || self.scratch.capacity() / 2 > longest;
        if unused && self.scratch.capacity() > 0 {
            self.scratch = Vec::new();
            self.scratch_bytes = 0;
            trimmed += 1;
        }
        self.counters().trimmed(trimmed);
        self.count_held();
    }

    fn count_held(&mut self) {
        let held = self.scratch_bytes + self.slabs.bytes() + self.shelf.bytes();
        self.counters().holds(held);
    }

    #[inline]
    fn counters(&mut self) -> &Counters {
        self.counters.get_or_insert_with(Counters::register)
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if let Some(counters) = &self.counters {
            Counters::end(counters);
        }
    }
}

/// The buffer as an answer of its own, with no room to spare that would be pinned with it.
pub(super) fn exact(mut buffer: Vec<u8>) -> Bytes {
    buffer.shrink_to_fit();
    Bytes::from(buffer)
}

#[cfg(test)]
mod tests;
