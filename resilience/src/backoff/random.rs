use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where jitter gets its chance from.
///
/// Nothing that is drawn here is a secret, so speed and an even spread are all it needs.
pub trait RandomSource: Send + Sync {
    /// A number of which every bit is as likely to be set as not.
    fn next_u64(&self) -> u64;
}

/// The generator of this thread, which the system has seeded. It takes no lock.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadRandom;

/// The same numbers again from the same seed, for tests and simulations.
///
/// Clones, and threads that share one, take turns in one series of numbers.
///
/// ```
/// use mainstay_resilience::backoff::{RandomSource, SeededRandom};
///
/// let (one, other) = (SeededRandom::new(42), SeededRandom::new(42));
/// assert_eq!(one.next_u64(), other.next_u64());
/// assert_ne!(one.next_u64(), one.next_u64());
/// ```
#[derive(Clone, Debug)]
pub struct SeededRandom(Arc<AtomicU64>);

impl SeededRandom {
    /// A series that only depends on the seed.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }
}

impl RandomSource for ThreadRandom {
    fn next_u64(&self) -> u64 {
        fastrand::u64(..)
    }
}

impl RandomSource for SeededRandom {
    fn next_u64(&self) -> u64 {
        // 2^64 divided by the golden ratio: every state comes up once before one comes again.
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.fetch_add(STEP, Ordering::Relaxed);
        fastrand::Rng::with_seed(state).u64(..)
    }
}

impl<R: RandomSource + ?Sized> RandomSource for &R {
    fn next_u64(&self) -> u64 {
        (**self).next_u64()
    }
}

impl<R: RandomSource + ?Sized> RandomSource for Arc<R> {
    fn next_u64(&self) -> u64 {
        (**self).next_u64()
    }
}
