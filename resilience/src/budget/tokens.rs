use super::config::millionths;
use super::{Cause, Tokens};
use crate::sync::{AtomicU64, Ordering::Relaxed};

const TOKEN: u64 = 1_000_000;

/// A token bucket in one word: no order with other memory matters, so every access is relaxed.
///
/// Tokens are counted in millionths, so that parts of one are added as exactly as whole ones.
#[derive(Debug)]
pub(super) struct Bucket {
    tokens: AtomicU64,
    capacity: u64,
    retry_cost: u64,
    timeout_cost: u64,
    refund: u64,
}

impl Bucket {
    pub(super) fn new(config: Tokens) -> Self {
        let capacity = u64::from(config.capacity) * TOKEN;
        Self {
            tokens: AtomicU64::new(capacity),
            capacity,
            retry_cost: u64::from(config.retry_cost) * TOKEN,
            timeout_cost: u64::from(config.timeout_cost) * TOKEN,
            refund: millionths(config.refund).min(capacity),
        }
    }

    /// Takes the cost, and says how much that is; nothing if it is not all there.
    pub(super) fn withdraw(&self, cause: Cause) -> Option<u64> {
        let cost = match cause {
            Cause::Failure => self.retry_cost,
            Cause::Timeout => self.timeout_cost,
        };
        let take = |tokens: u64| tokens.checked_sub(cost);
        self.tokens.fetch_update(Relaxed, Relaxed, take).is_ok().then_some(cost)
    }

    pub(super) fn refund(&self) {
        self.put(self.refund);
    }

    /// What does not fit is lost. Nothing is written into a bucket that is full, as it mostly is.
    pub(super) fn put(&self, amount: u64) {
        let put = |tokens: u64| {
            (tokens < self.capacity).then(|| tokens.saturating_add(amount).min(self.capacity))
        };
        let _ = self.tokens.fetch_update(Relaxed, Relaxed, put);
    }

    pub(super) fn remaining(&self) -> u64 {
        self.tokens.load(Relaxed).checked_div(self.retry_cost).unwrap_or(u64::MAX)
    }
}
