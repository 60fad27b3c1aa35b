//! What the pool tells of itself.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// What the pool has done since the program began, and what it holds now.
///
/// Each thread counts for itself, so that counting costs no cache line that is passed around.
/// While other threads run, the numbers are each right but not all of one instant.
///
/// ```
/// let answer = mainstay_json::to_bytes(&[1, 2, 3])?;
/// let stats = mainstay_json::pool_stats();
/// assert!(stats.hits + stats.misses > 0);
/// # Ok::<(), mainstay_json::EncodeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Buffers asked for that were there.
    pub hits: u64,
    /// Buffers asked for that had to be allocated. They are kept afterwards.
    pub misses: u64,
    /// Answers that got memory of their own, which is freed after them: they were larger than
    /// usual, or answers that are still alive have all that may be pinned.
    pub fallbacks: u64,
    /// Buffers given up because they were larger than usual, more than needed, or idle.
    pub trimmed: u64,
    /// Bytes that the pool holds now, for answers to come or under answers that are alive.
    /// Buffers that are out, as a [`Buffer`](crate::Buffer) or a
    /// [`JsonBody`](crate::JsonBody), are not among them.
    pub held_bytes: u64,
}

/// The counts of one thread. Only that thread writes.
#[derive(Debug, Default)]
#[repr(align(128))] // Alone on its cache lines: another thread's count beside it would slow both.
pub(super) struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    fallbacks: AtomicU64,
    trimmed: AtomicU64,
    held_bytes: AtomicU64,
}

/// Everybody's counts.
static REGISTRY: Mutex<Registry> = Mutex::new(Registry { threads: Vec::new(), ended: ZERO });

const ZERO: PoolStats = PoolStats { hits: 0, misses: 0, fallbacks: 0, trimmed: 0, held_bytes: 0 };

struct Registry {
    /// As many as threads that live and use the pool.
    threads: Vec<Arc<Counters>>,
    /// The sum of those that have ended.
    ended: PoolStats,
}

impl Counters {
    /// Counters of a thread, until they are [ended](Self::end).
    pub(super) fn register() -> Arc<Self> {
        let counters = Arc::<Self>::default();
        with_registry(|registry| registry.threads.push(Arc::clone(&counters)));
        counters
    }

    /// Adds what the thread has done to what all have done. It holds nothing any more.
    pub(super) fn end(counters: &Arc<Self>) {
        with_registry(|registry| {
            registry.threads.retain(|it| !Arc::ptr_eq(it, counters));
            let done = PoolStats { held_bytes: 0, ..counters.read() };
            registry.ended = registry.ended.plus(done);
        });
    }

    /// Counts for a thread whose own counters are gone.
    pub(super) fn orphan(done: PoolStats) {
        with_registry(|registry| registry.ended = registry.ended.plus(done));
    }

    #[inline]
    pub(super) fn hit(&self) {
        add(&self.hits, 1);
    }

    #[inline]
    pub(super) fn miss(&self) {
        add(&self.misses, 1);
    }

    #[inline]
    pub(super) fn fallback(&self) {
        add(&self.fallbacks, 1);
    }

    #[inline]
    pub(super) fn trimmed(&self, buffers: usize) {
        add(&self.trimmed, buffers as u64);
    }

    #[inline]
    pub(super) fn holds(&self, bytes: usize) {
        self.held_bytes.store(bytes as u64, Relaxed);
    }

    pub(super) fn read(&self) -> PoolStats {
        PoolStats {
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
            fallbacks: self.fallbacks.load(Relaxed),
            trimmed: self.trimmed.load(Relaxed),
            held_bytes: self.held_bytes.load(Relaxed),
        }
    }
}

/// There is one writer, so that it need not be one locked instruction.
#[inline]
fn add(count: &AtomicU64, more: u64) {
    count.store(count.load(Relaxed).wrapping_add(more), Relaxed);
}

impl PoolStats {
    fn plus(self, other: Self) -> Self {
        Self {
            hits: self.hits.wrapping_add(other.hits),
            misses: self.misses.wrapping_add(other.misses),
            fallbacks: self.fallbacks.wrapping_add(other.fallbacks),
            trimmed: self.trimmed.wrapping_add(other.trimmed),
            held_bytes: self.held_bytes.wrapping_add(other.held_bytes),
        }
    }
}

/// The sum of all threads, those that have ended among them.
pub(super) fn total() -> PoolStats {
    with_registry(|registry| {
        let living = registry.threads.iter().map(|counters| counters.read());
        living.fold(registry.ended, PoolStats::plus)
    })
}

fn with_registry<R>(then: impl FnOnce(&mut Registry) -> R) -> R {
    then(&mut REGISTRY.lock().unwrap_or_else(PoisonError::into_inner))
}
