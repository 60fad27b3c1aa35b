//! The pool of this thread.

use std::cell::RefCell;

use bytes::Bytes;
use mainstay_core::SystemClock;

use super::counters::{self, Counters, PoolStats};
use super::local::{Local, exact};
use super::shared::Shared;

static SHARED: Shared = Shared::new();

thread_local! {
    static LOCAL: RefCell<Local> = const { RefCell::new(Local::new()) };
}

/// What the pool has done, and what it holds.
///
/// It takes a lock and visits every thread: for metrics, not for each request.
///
/// ```
/// let held = mainstay_json::pool_stats().held_bytes;
/// assert!(held < 64 << 20);
/// ```
pub fn pool_stats() -> PoolStats {
    let mut stats = counters::total();
    stats.held_bytes += SHARED.bytes() as u64;
    stats
}

/// Takes out the buffer in which this thread writes answers.
#[inline]
pub(super) fn take_scratch() -> Vec<u8> {
    with_local(|local| local.take_scratch(&SystemClock, &SHARED)).unwrap_or_default()
}

/// Brings it back when nothing has become of the answer.
#[cold]
pub(super) fn put_scratch(scratch: Vec<u8>) {
    let _ = with(scratch, Local::put_scratch);
}

/// Makes an answer of the scratch, and brings it back.
#[inline]
pub(super) fn seal(scratch: Vec<u8>) -> Bytes {
    with(scratch, Local::seal).unwrap_or_else(|scratch| {
        orphan_fallback();
        exact(scratch)
    })
}

/// The same, in a buffer.
#[inline]
pub(super) fn seal_in_buffer(scratch: Vec<u8>) -> Vec<u8> {
    let seal = |local: &mut Local, scratch| local.seal_in_buffer(scratch, &SystemClock, &SHARED);
    with(scratch, seal).unwrap_or_else(|scratch| scratch)
}

/// An answer that is in a buffer already. Gives the buffer back if a copy was made.
pub(super) fn seal_buffer(buffer: Vec<u8>) -> Bytes {
    match with_local(|local| local.seal_copy(&buffer)) {
        Some(Some(bytes)) => {
            put(buffer);
            return bytes;
        }
        Some(None) => {}
        None => orphan_fallback(),
    }
    exact(buffer)
}

/// A free buffer of at least this capacity.
pub(super) fn take(capacity: usize) -> Vec<u8> {
    let taken = with_local(|local| local.take(capacity, &SystemClock, &SHARED));
    taken.unwrap_or_else(|| {
        orphan_fallback();
        Vec::with_capacity(capacity)
    })
}

/// Takes a buffer back. After the thread's own pool is gone, it is freed.
pub(super) fn put(buffer: Vec<u8>) {
    if buffer.capacity() > 0 {
        let _ = with(buffer, |local, buffer| local.put(buffer, &SystemClock, &SHARED));
    }
}

/// Runs with the pool of this thread. There is none while the thread's values are destroyed, and
/// the pool is lent to nobody who could come back for it, but for an allocator that makes JSON.
#[inline]
fn with_local<R>(then: impl FnOnce(&mut Local) -> R) -> Option<R> {
    LOCAL.try_with(|local| local.try_borrow_mut().ok().map(|mut local| then(&mut local))).ok()?
}

/// The same with a buffer, which comes back if there is no pool.
#[inline]
fn with<R>(buffer: Vec<u8>, then: impl FnOnce(&mut Local, Vec<u8>) -> R) -> Result<R, Vec<u8>> {
    let mut buffer = Some(buffer);
    let result = with_local(|local| buffer.take().map(|buffer| then(local, buffer)));
    result.flatten().ok_or_else(|| buffer.unwrap_or_default())
}

#[cold]
fn orphan_fallback() {
    Counters::orphan(PoolStats { fallbacks: 1, ..PoolStats::default() });
}
