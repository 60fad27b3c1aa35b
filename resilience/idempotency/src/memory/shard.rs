use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::entry::{Entry, Verdict};
use super::expiries::Expiries;
use super::usage::Usage;
use crate::{Claim, Claimed, Completion, Fence, Held, Key, Renewal};

/// A part of the keys. Nothing in it waits.
#[derive(Debug, Default)]
pub(super) struct Shard {
    entries: HashMap<Key, Entry>,
    expiries: Expiries,
}

/// There is no room for another key.
#[derive(Debug)]
pub(super) struct Full;

impl Shard {
    pub(super) fn claim(
        &mut self,
        claim: &Claim,
        now: Instant,
        usage: &Usage,
        fence: impl FnOnce() -> Fence,
    ) -> Result<Claimed, Full> {
        self.forget_if_expired(&claim.key, now, usage);
        let taken_over = match self.entries.get_mut(&claim.key) {
            None if usage.admit() => false,
            None => return Err(Full),
            Some(entry) => match entry.claim(claim, now) {
                Verdict::TakeOver => true,
                Verdict::Answer(answer) => {
                    self.queue(&claim.key);
                    return Ok(answer);
                }
            },
        };
        let entry = Entry::granted(claim, fence(), taken_over, now);
        let held = entry.held_as(claim);
        self.insert(claim.key, entry);
        Ok(Claimed::First(held))
    }

    pub(super) fn complete(
        &mut self,
        by: &Held,
        record: Bytes,
        keep: Duration,
        now: Instant,
        usage: &Usage,
    ) -> Completion {
        self.forget_if_expired(&by.key, now, usage);
        let Some(entry) = self.entries.get_mut(&by.key) else { return Completion::Lost(None) };
        if let Some(refused) = entry.refuses_record(by) {
            return refused;
        }
        usage.add_bytes(record.len());
        entry.store(record, keep, now);
        self.queue(&by.key);
        Completion::Stored
    }

    pub(super) fn release(&mut self, by: &Held, usage: &Usage) {
        if self.entries.get(&by.key).is_some_and(|entry| entry.is_released_by(by)) {
            self.forget(&by.key, usage);
        }
        self.tidy();
    }

    pub(super) fn renew(
        &mut self,
        by: &Held,
        lease: Duration,
        now: Instant,
        usage: &Usage,
    ) -> Renewal {
        self.forget_if_expired(&by.key, now, usage);
        let Some(entry) = self.entries.get_mut(&by.key) else { return Renewal::Lost };
        let renewal = entry.renew(by, lease, now);
        self.queue(&by.key);
        renewal
    }

    /// Looks at up to `most` places of the queue whose time has come, and says whether there may
    /// be more. What is removed is handed on, as freeing it may take longer than removing it.
    pub(super) fn sweep(
        &mut self,
        most: usize,
        now: Instant,
        usage: &Usage,
        mut removed: impl FnMut(Entry),
    ) -> bool {
        for _ in 0..most {
            let Some((at, key)) = self.expiries.pop_due(now) else { return false };
            let Some(entry) = self.entries.get_mut(&key) else { continue };
            if entry.has_expired(now) {
                if let Some(gone) = self.forget(&key, usage) {
                    removed(gone);
                }
            } else if entry.queued == at {
                entry.queued = entry.expires();
                self.expiries.push(entry.queued, key);
            }
        }
        true
    }

    fn insert(&mut self, key: Key, entry: Entry) {
        let at = entry.queued;
        match self.entries.entry(key) {
            Slot::Vacant(slot) => {
                slot.insert(entry);
            }
            Slot::Occupied(mut slot) => {
                slot.insert(entry);
            }
        }
        self.expiries.push(at, key);
        self.tidy();
    }

    /// Has the queue look at the entry earlier, if it now expires earlier.
    fn queue(&mut self, key: &Key) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        if entry.expires() < entry.queued {
            entry.queued = entry.expires();
            self.expiries.push(entry.queued, *key);
            self.tidy();
        }
    }

    fn forget_if_expired(&mut self, key: &Key, now: Instant, usage: &Usage) {
        if self.entries.get(key).is_some_and(|entry| entry.has_expired(now)) {
            self.forget(key, usage);
        }
    }

    fn forget(&mut self, key: &Key, usage: &Usage) -> Option<Entry> {
        self.entries.remove(key).inspect(|entry| usage.forget(entry.bytes()))
    }

    /// Each pass over all entries is paid for by as many pushes.
    fn tidy(&mut self) {
        if self.expiries.is_stale(self.entries.len()) {
            let places = self.entries.iter().map(|(key, entry)| (entry.queued, *key));
            self.expiries.replace(places);
        }
    }
}
