use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use mainstay_core::Clock;

use super::builder::MemoryStoreBuilder;
use super::fence::Fences;
use super::shard::{Full, Shard};
use super::usage::Usage;
use crate::{
    Claim, Claimed, Completion, Held, Key, Promise, Renewal, Store, StoreError, StoreErrorKind,
};

/// Claims and records in the memory of this process.
///
/// For tests, and for services of one process in which an effect may run again after a restart:
/// claims and records go with the process.
///
/// It is bounded. With as many keys or bytes as it may have it refuses new keys
/// ([`StoreErrorKind::Full`]) and goes on with those that it has: a key that is evicted before its
/// time is an effect that happens twice. A key takes up to 1 KiB beside its record, which is
/// kept as it is given to [`Store::complete`]: a slice keeps all that it is a slice of. What has expired
/// is removed by the calls that come after, two of them at each claim, so that there is no task in
/// the background; the cost of that is a logarithm of the number of keys. A claim for which there
/// is no room removes up to 2048 keys, and is refused if that is not enough: the next one goes on.
///
/// In the long run it takes as many new keys in a second as it may have, divided by the time that
/// they are kept. By default that is 100 000 by 24 h: 1.2 in a second. A service that has more of
/// them needs [more keys](MemoryStoreBuilder::max_keys), or has to keep them for less time.
///
/// # Fences
///
/// They are microseconds: the calendar time when the store was made, and what has passed since. Each
/// is higher than the one before in this process. So they rise over restarts too, unless the
/// calendar is set back, or claims were granted at more than a million per second all along.
///
/// ```
/// use mainstay_idempotency::MemoryStore;
///
/// assert!(MemoryStore::new().is_empty());
/// ```
pub struct MemoryStore {
    shards: [Mutex<Shard>; SHARDS],
    usage: Usage,
    fences: Fences,
    clock: Arc<dyn Clock>,
}

const SHARDS: usize = 16;
/// At how many places of the queue of expiries each claim looks: more than it adds, so that the
/// queue is worked off.
const SWEPT_PER_CLAIM: usize = 2;
/// And at how many while nobody else has the shard, where there is more to remove.
const SWEPT_AT_ONCE: usize = 128;

impl MemoryStore {
    /// A store of up to 100 000 keys and 256 MiB of records.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A store with other limits, or another clock.
    pub fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder::new()
    }

    pub(super) fn with(max_keys: usize, max_bytes: usize, clock: Arc<dyn Clock>) -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        let fences = Fences::begin(clock.as_ref());
        Self { shards, usage: Usage::new(max_keys, max_bytes), fences, clock }
    }

    /// How many keys there are, with those that have expired but are not removed yet.
    pub fn len(&self) -> usize {
        self.usage.keys()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes of records there are.
    pub fn bytes(&self) -> usize {
        self.usage.bytes()
    }

    /// Removes all that has expired, and says how many keys that were. There is no need to call it,
    /// unless memory is to be freed while no claims come. Calls that come meanwhile
    /// wait until 128 keys are removed, at most.
    pub fn sweep(&self) -> usize {
        let now = self.clock.now();
        let mut removed = 0;
        for shard in &self.shards {
            loop {
                let (swept, has_more) = self.sweep_some(shard, now);
                removed += swept;
                if !has_more {
                    break;
                }
            }
        }
        removed
    }

    /// How many keys were removed, and whether there may be more.
    fn sweep_some(&self, shard: &Mutex<Shard>, now: Instant) -> (usize, bool) {
        let mut removed = Vec::new();
        // The lock is let go of at the end of the statement, before what is removed is freed.
        let more = locked(shard).sweep(SWEPT_AT_ONCE, now, &self.usage, |gone| removed.push(gone));
        (removed.len(), more)
    }

    /// Another try after each part of the store in which there was something to remove. All of that
    /// may be far more than one request has time for.
    fn claim_with_room(&self, claim: &Claim, now: Instant) -> Result<Claimed, Full> {
        let fence = || self.fences.next(now);
        self.shards
            .iter()
            .filter(|shard| self.sweep_some(shard, now).0 > 0)
            .find_map(|_| self.shard(&claim.key).claim(claim, now, &self.usage, fence).ok())
            .ok_or(Full)
    }

    /// Keys are digests, and this is as good a part of one as any.
    #[expect(clippy::indexing_slicing, reason = "it is less than the number of shards")]
    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        let [first, ..] = *key.as_bytes();
        locked(&self.shards[usize::from(first) % SHARDS])
    }
}

impl Store for MemoryStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let now = self.clock.now();
        let mut shard = self.shard(&claim.key);
        shard.sweep(SWEPT_PER_CLAIM, now, &self.usage, drop);
        let answer = shard.claim(claim, now, &self.usage, || self.fences.next(now));
        drop(shard);
        answer
            .or_else(|Full| self.claim_with_room(claim, now))
            .map_err(|Full| StoreError::new(StoreErrorKind::Full))
    }

    async fn complete(
        &self,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> Result<Completion, StoreError> {
        let now = self.clock.now();
        Ok(self.shard(&held.key).complete(held, record, keep, now, &self.usage))
    }

    async fn release(&self, held: &Held) -> Result<(), StoreError> {
        self.shard(&held.key).release(held, &self.usage);
        Ok(())
    }

    async fn renew(&self, held: &Held, lease: Duration) -> Result<Renewal, StoreError> {
        let now = self.clock.now();
        Ok(self.shard(&held.key).renew(held, lease, now, &self.usage))
    }

    fn promise(&self) -> Promise {
        Promise::in_memory()
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("usage", &self.usage).finish_non_exhaustive()
    }
}

/// Nothing that is done under the lock can panic half-way, except for want of memory.
fn locked(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
