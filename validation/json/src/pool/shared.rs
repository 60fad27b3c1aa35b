//! What threads leave to each other.

use std::iter::Peekable;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::class::{CLASSES, Class};
use super::shelf::IDLE;

/// Bytes that lie here at most.
pub(super) const SHARED_BYTES: usize = 32 << 20;
/// Buffers of one class at most.
const MOST: usize = 128;

/// Free buffers of all threads: where one thread makes answers and another drops them, the
/// buffers come back through here.
///
/// Each class has a lock of its own, which is held to move a few pointers.
pub(super) struct Shared {
    classes: [Mutex<Pile>; CLASSES],
    bytes: AtomicUsize,
    swept: Mutex<Option<Instant>>,
}

struct Pile {
    buffers: Vec<Vec<u8>>,
    /// The fewest there were since the last sweep: so many nobody has needed.
    unused: usize,
}

impl Shared {
    pub(super) const fn new() -> Self {
        Self {
            classes: [const { Mutex::new(Pile { buffers: Vec::new(), unused: 0 }) }; CLASSES],
            bytes: AtomicUsize::new(0),
            swept: Mutex::new(None),
        }
    }

    /// Moves up to so many buffers of the class to the end of `into`.
    pub(super) fn take(&self, class: Class, most: usize, into: &mut Vec<Vec<u8>>) {
        let Some(mut pile) = self.pile(class) else { return };
        let rest = pile.buffers.len().saturating_sub(most);
        let before = into.len();
        into.extend(pile.buffers.drain(rest..));
        pile.unused = pile.unused.min(rest);
        drop(pile);
        let bytes = into.iter().skip(before).map(Vec::capacity).sum();
        self.bytes.fetch_sub(bytes, Relaxed);
    }

    /// Adds buffers of the class. Those that there is no room for stay in the iterator.
    pub(super) fn put(&self, class: Class, buffers: &mut Peekable<impl Iterator<Item = Vec<u8>>>) {
        let Some(mut pile) = self.pile(class) else { return };
        if pile.buffers.capacity() == 0 {
            pile.buffers.reserve_exact(MOST);
        }
        while pile.buffers.len() < MOST
            && let Some(buffer) = buffers.next_if(|buffer| self.has_room_for(buffer.capacity()))
        {
            pile.buffers.push(buffer);
        }
    }

    /// Takes so many bytes of what is left of [`SHARED_BYTES`], if they are.
    fn has_room_for(&self, bytes: usize) -> bool {
        let add = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= SHARED_BYTES);
        self.bytes.fetch_update(Relaxed, Relaxed, add).is_ok()
    }

    /// Gives up what nobody has needed since the last sweep, if that was long enough ago. Says
    /// how many buffers that were.
    pub(super) fn sweep(&self, now: Instant) -> usize {
        let Ok(mut swept) = self.swept.try_lock() else { return 0 };
        let last = *swept.get_or_insert(now);
        if now.saturating_duration_since(last) < IDLE {
            return 0;
        }
        *swept = Some(now);
        drop(swept);
        Class::all().map(|class| self.sweep_class(class)).sum()
    }

    fn sweep_class(&self, class: Class) -> usize {
        let Some(mut pile) = self.pile(class) else { return 0 };
        let unused = pile.unused;
        let bytes = pile.buffers.drain(..unused).map(|buffer| buffer.capacity()).sum();
        pile.unused = pile.buffers.len();
        self.bytes.fetch_sub(bytes, Relaxed);
        unused
    }

    /// Bytes that lie here now.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    fn pile(&self, class: Class) -> Option<MutexGuard<'_, Pile>> {
        let pile = self.classes.get(class.index())?;
        // Nothing panics under the lock, but were it so, a list of buffers is still one.
        Some(pile.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
