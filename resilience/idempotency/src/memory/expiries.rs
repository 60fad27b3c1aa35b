use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use super::entry::Entry;
use crate::Key;

/// When to look at which entry, the earliest first.
///
/// Entries that are renewed stay in their place and are put back when it is their turn; of those
/// that are removed or completed the old place stays, and is passed over.
#[derive(Debug, Default)]
pub(super) struct Expiries {
    queue: BinaryHeap<Reverse<(Instant, Place)>>,
}

/// Of those that come at the same time, any is first.
#[derive(Debug)]
struct Place(Key);

impl Expiries {
    pub(super) fn push(&mut self, at: Instant, key: Key) {
        self.queue.push(Reverse((at, Place(key))));
    }

    /// Has an entry looked at earlier, if it now expires earlier.
    pub(super) fn look_again(&mut self, key: &Key, entry: &mut Entry) {
        if entry.expires() < entry.queued {
            entry.queued = entry.expires();
            self.push(entry.queued, *key);
        }
    }

    /// The next whose time has come.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<(Instant, Key)> {
        let Reverse((at, _)) = self.queue.peek()?;
        if *at > now {
            return None;
        }
        self.queue.pop().map(|Reverse((at, Place(key)))| (at, key))
    }

    /// Whether there are more places that are passed over than others.
    pub(super) fn is_stale(&self, entries: usize) -> bool {
        self.queue.len() > 2 * entries + 32
    }

    pub(super) fn replace(&mut self, with: impl Iterator<Item = (Instant, Key)>) {
        self.queue.clear();
        self.queue.extend(with.map(|(at, key)| Reverse((at, Place(key)))));
        // Room for as many as come before the next time.
        self.queue.shrink_to(4 * self.queue.len() + 64);
    }
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}
