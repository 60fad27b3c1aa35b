use std::num::NonZeroUsize;
use std::sync::Arc;

use mainstay_core::Clock;

use super::clock::TokioClock;
use super::store::MemoryStore;

/// How a [`MemoryStore`] is made.
#[derive(Clone)]
pub struct MemoryStoreBuilder {
    max_keys: usize,
    max_bytes: usize,
    clock: Arc<dyn Clock>,
}

impl MemoryStoreBuilder {
    pub(super) fn new() -> Self {
        Self { max_keys: 100_000, max_bytes: 256 << 20, clock: Arc::new(TokioClock) }
    }

    /// How many keys there may be, by default 100 000. It should be more than come new in the time
    /// that they are [kept](crate::Idempotent::keep): at 100 in a second and 24 h, 8.64 million.
    #[must_use]
    pub fn max_keys(mut self, keys: NonZeroUsize) -> Self {
        self.max_keys = keys.get();
        self
    }

    /// With how many bytes of records new keys are refused, by default 256 MiB.
    ///
    /// A claim that was granted can be completed even so, as its effect has happened: the records
    /// of those that run at the time come on top.
    #[must_use]
    pub fn max_bytes(mut self, bytes: NonZeroUsize) -> Self {
        self.max_bytes = bytes.get();
        self
    }

    /// Which clock leases and expiry go by, by default that of the tokio runtime.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The store.
    pub fn build(self) -> MemoryStore {
        MemoryStore::with(self.max_keys, self.max_bytes, self.clock)
    }
}

impl std::fmt::Debug for MemoryStoreBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStoreBuilder")
            .field("max_keys", &self.max_keys)
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}
