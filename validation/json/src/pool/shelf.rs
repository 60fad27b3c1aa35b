//! The free buffers of one thread.

use std::time::Duration;

use super::class::{CLASSES, Class};
use super::shared::Shared;
use super::sizes::Sizes;

/// What has not been used for so long is given up.
pub(super) const IDLE: Duration = Duration::from_secs(30);
/// Bytes of free buffers that a thread keeps for itself at most.
pub(super) const SHELF_BYTES: usize = 4 << 20;

/// Free buffers of one thread, by class.
#[derive(Debug)]
pub(super) struct Shelf {
    lists: [List; CLASSES],
    bytes: usize,
    sizes: Sizes,
}

#[derive(Debug)]
struct List {
    buffers: Vec<Vec<u8>>,
    /// The fewest there were since the last sweep: so many nobody has needed.
    unused: usize,
}

/// What a sweep gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sweep {
    /// What was not used since the last one.
    Unused,
    /// All that is free: the thread has been idle.
    All,
}

impl Shelf {
    pub(super) const fn new() -> Self {
        let lists = [const { List { buffers: Vec::new(), unused: 0 } }; CLASSES];
        Self { lists, bytes: 0, sizes: Sizes::new() }
    }

    /// Bytes of all buffers that lie here.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    #[cfg(test)]
    pub(super) fn added_up(&self) -> usize {
        self.lists.iter().flat_map(|list| &list.buffers).map(Vec::capacity).sum()
    }

    /// A buffer of the class, from here or from those that other threads have left.
    pub(super) fn take(&mut self, class: Class, shared: &Shared) -> Option<Vec<u8>> {
        let list = self.lists.get_mut(class.index())?;
        if list.buffers.is_empty() {
            list.reserve(class);
            // One for the caller, and as many as there is room for: a buffer may have less than
            // twice the size of its class.
            let room = SHELF_BYTES.saturating_sub(self.bytes) / (2 * class.size());
            shared.take(class, most(class).div_ceil(2).min(1 + room), &mut list.buffers);
            self.bytes += list.buffers.iter().map(Vec::capacity).sum::<usize>();
        }
        let buffer = list.buffers.pop();
        list.unused = list.unused.min(list.buffers.len());
        self.bytes -= buffer.as_ref().map_or(0, Vec::capacity);
        buffer
    }

    /// Notes that a buffer of this class was of use, at its beginning or at its end. Returns how
    /// many buffers are given up because they are now larger than usual.
    pub(super) fn note(&mut self, class: Option<Class>) -> usize {
        if self.sizes.note(class) { self.give_up_unusual() } else { 0 }
    }

    /// Takes a buffer back. Returns how many are given up for want of use or room.
    pub(super) fn put(&mut self, mut buffer: Vec<u8>, shared: &Shared) -> usize {
        buffer.clear();
        if buffer.capacity() > Class::LARGEST.size() {
            return 1;
        }
        let class = Class::served_by(buffer.capacity());
        let Some(class) = class.filter(|_| self.sizes.keeps(class)) else { return 1 };
        let Some(list) = self.lists.get_mut(class.index()) else { return 1 };
        list.reserve(class);
        if list.buffers.len() < most(class) && self.bytes + buffer.capacity() <= SHELF_BYTES {
            self.bytes += buffer.capacity();
            list.buffers.push(buffer);
            return 0;
        }
        self.leave_to_others(class, buffer, shared)
    }

    /// Half of the class goes at once, so that the lock is taken once for many.
    fn leave_to_others(&mut self, class: Class, buffer: Vec<u8>, shared: &Shared) -> usize {
        let Some(list) = self.lists.get_mut(class.index()) else { return 1 };
        let half = list.buffers.len() / 2;
        let leaving: usize = list.buffers.iter().take(half).map(Vec::capacity).sum();
        let mut surplus = list.buffers.drain(..half).chain([buffer]).peekable();
        shared.put(class, &mut surplus);
        let given_up = surplus.count();
        list.unused = list.unused.min(list.buffers.len());
        self.bytes -= leaving;
        given_up
    }

    /// Gives up free buffers. Returns how many.
    pub(super) fn sweep(&mut self, sweep: Sweep) -> usize {
        self.lists.iter_mut().map(|list| list.sweep(sweep, &mut self.bytes)).sum()
    }

    #[cold]
    fn give_up_unusual(&mut self) -> usize {
        let unusual =
            Class::all().zip(&mut self.lists).filter(|(class, _)| !self.sizes.keeps(Some(*class)));
        unusual.map(|(_, list)| list.sweep(Sweep::All, &mut self.bytes)).sum()
    }
}

impl List {
    /// The list itself must not grow later, when nothing else is allocated any more.
    fn reserve(&mut self, class: Class) {
        if self.buffers.capacity() == 0 {
            self.buffers.reserve_exact(most(class));
        }
    }

    fn sweep(&mut self, sweep: Sweep, bytes: &mut usize) -> usize {
        let given_up = match sweep {
            Sweep::Unused => self.unused,
            Sweep::All => self.buffers.len(),
        };
        let freed: usize = self.buffers.drain(..given_up).map(|it| it.capacity()).sum();
        *bytes -= freed;
        self.unused = self.buffers.len();
        given_up
    }
}

/// Buffers of a class that a thread keeps at most: 256 KiB of them, but not less than two nor
/// more than 32.
fn most(class: Class) -> usize {
    ((256 << 10) / class.size()).clamp(2, 32)
}
