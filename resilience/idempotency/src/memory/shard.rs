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
        let slot = match self.entries.entry(claim.key) {
            Slot::Occupied(slot) if slot.get().has_expired(now) => {
                usage.forget(slot.remove().bytes());
                self.entries.entry(claim.key)
            }
            slot => slot,
        };
        let entry = match slot {
            Slot::Vacant(_) if !usage.admit() => return Err(Full),
            Slot::Vacant(slot) => slot.insert(Entry::granted(claim, fence(), false, now)),
            Slot::Occupied(slot) => {
                let entry = slot.into_mut();
                if let Verdict::Answer(answer) = entry.claim(claim, now) {
                    self.expiries.look_again(&claim.key, entry);
                    self.tidy();
                    return Ok(answer);
                }
                *entry = Entry::granted(claim, fence(), true, now);
                entry
            }
        };
        self.expiries.push(entry.queued, claim.key);
        let held = entry.held_as(claim);
        self.tidy();
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
        let entry = live(&mut self.entries, &by.key, now, usage);
        let Some(entry) = entry else { return Completion::Lost(None) };
        if let Some(refused) = entry.refuses_record(by) {
            return refused;
        }
        usage.add_bytes(record.len());
        entry.store(record, keep, now);
        self.expiries.look_again(&by.key, entry);
        self.tidy();
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
        let entry = live(&mut self.entries, &by.key, now, usage);
        let Some(entry) = entry else { return Renewal::Lost };
        let renewal = entry.renew(by, lease, now);
        self.expiries.look_again(&by.key, entry);
        self.tidy();
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

/// The entry of this key. One that has expired is removed.
fn live<'a>(
    entries: &'a mut HashMap<Key, Entry>,
    key: &Key,
    now: Instant,
    usage: &Usage,
) -> Option<&'a mut Entry> {
    let Slot::Occupied(slot) = entries.entry(*key) else { return None };
    if slot.get().has_expired(now) {
        usage.forget(slot.remove().bytes());
        return None;
    }
    Some(slot.into_mut())
}
