//! The pool of this thread.

use std::cell::RefCell;
use std::mem::take;

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
    with_local(Local::take_scratch).unwrap_or_default()
}

/// Brings it back when nothing has become of the answer.
#[cold]
pub(super) fn put_scratch(scratch: &mut Vec<u8>) {
    with_local(|local| local.put_scratch(take(scratch)));
}

/// Makes an answer of the scratch, and brings it back.
#[inline]
pub(super) fn seal(scratch: &mut Vec<u8>) -> Bytes {
    with_local(|local| local.seal(scratch, &SystemClock, &SHARED)).unwrap_or_else(|| {
        orphan_fallback();
        exact(take(scratch))
    })
}

/// The same, in a buffer.
#[inline]
pub(super) fn seal_in_buffer(scratch: &mut Vec<u8>) -> Vec<u8> {
    let sealed = with_local(|local| local.seal_in_buffer(scratch, &SystemClock, &SHARED));
    sealed.unwrap_or_else(|| take(scratch))
}

/// An answer that is in a buffer already. Gives the buffer back if a copy was made.
pub(super) fn seal_buffer(mut buffer: Vec<u8>) -> Bytes {
    match with_local(|local| local.seal_copy(&buffer)) {
        Some(Some(bytes)) => {
            put_buffer(&mut buffer);
            return bytes;
        }
        Some(None) => {}
        None => orphan_fallback(),
    }
    exact(buffer)
}

/// A free buffer of at least this capacity.
pub(super) fn take_buffer(capacity: usize) -> Vec<u8> {
    let taken = with_local(|local| local.take(capacity, &SystemClock, &SHARED));
    taken.unwrap_or_else(|| {
        orphan_fallback();
        Vec::with_capacity(capacity)
    })
}

/// Takes a buffer back. After the thread's own pool is gone, it is freed.
pub(super) fn put_buffer(buffer: &mut Vec<u8>) {
    if buffer.capacity() > 0 {
        with_local(|local| local.put(take(buffer), &SystemClock, &SHARED));
    }
}

/// Runs with the pool of this thread. There is none while the thread's values are destroyed, and
/// the pool is lent to nobody who could come back for it, but for an allocator that makes JSON.
#[inline]
fn with_local<R>(then: impl FnOnce(&mut Local) -> R) -> Option<R> {
    LOCAL.try_with(|local| local.try_borrow_mut().ok().map(|mut local| then(&mut local))).ok()?
}

#[cold]
fn orphan_fallback() {
    Counters::orphan(PoolStats { fallbacks: 1, ..PoolStats::default() });
}
