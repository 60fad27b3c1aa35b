use std::sync::atomic::{AtomicUsize, Ordering};

/// How much all shards have together, and how much they may have.
#[derive(Debug)]
pub(super) struct Usage {
    keys: AtomicUsize,
    bytes: AtomicUsize,
    max_keys: usize,
    max_bytes: usize,
}

impl Usage {
    pub(super) fn new(max_keys: usize, max_bytes: usize) -> Self {
        Self { keys: AtomicUsize::new(0), bytes: AtomicUsize::new(0), max_keys, max_bytes }
    }

    /// Counts another key, unless there are as many as there may be.
    pub(super) fn admit(&self) -> bool {
        if self.bytes.load(Ordering::Relaxed) >= self.max_bytes {
            return false;
        }
        let more = |keys: usize| (keys < self.max_keys).then(|| keys + 1);
        self.keys.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// A key is gone, with so many bytes.
    pub(super) fn forget(&self, bytes: usize) {
        self.keys.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn add_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn keys(&self) -> usize {
        self.keys.load(Ordering::Relaxed)
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}
