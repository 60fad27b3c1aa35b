use crate::{Fence, Key, StoreErrorKind};

/// What a layer did that no answer tells of; see
/// [`IdempotencyLayer::observe`](crate::IdempotencyLayer::observe).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A request runs without protection, as the store is out and
    /// [`OnOutage::Run`](crate::OnOutage::Run) is set.
    #[non_exhaustive]
    Unprotected {
        /// The key that it has not claimed.
        key: Key,
        /// What is the matter with the store.
        error: StoreErrorKind,
    },
    /// A try has lost its claim before its answer was stored, or may have: another may run.
    #[non_exhaustive]
    ClaimLost {
        /// Its key.
        key: Key,
        /// Its fence.
        fence: Fence,
    },
    /// A try has ended, and the store has not taken its answer. If it did not answer it is asked
    /// further while the lease lasts.
    #[non_exhaustive]
    NotStored {
        /// Its key.
        key: Key,
        /// Its fence.
        fence: Fence,
        /// What is the matter with the store.
        error: StoreErrorKind,
    },
    /// A try has ended, and its key could not be given up: it is held until the lease ends.
    #[non_exhaustive]
    NotReleased {
        /// Its key.
        key: Key,
        /// Its fence.
        fence: Fence,
        /// What is the matter with the store.
        error: StoreErrorKind,
    },
    /// A handler that was to run on without its client was dropped half-way: there are
    /// [too many](crate::IdempotencyLayer::most_detached) of them, or there is no runtime.
    #[non_exhaustive]
    HandlerDropped {
        /// Its key.
        key: Key,
    },
    /// A try has lost its client, and its key is not settled: too many others are, or there is no
    /// runtime. The lease runs out.
    #[non_exhaustive]
    NotSettled {
        /// Its key.
        key: Key,
    },
}

impl Event {
    /// The key that it is about.
    pub const fn key(&self) -> Key {
        match self {
            Self::Unprotected { key, .. }
            | Self::ClaimLost { key, .. }
            | Self::NotStored { key, .. }
            | Self::NotReleased { key, .. }
            | Self::HandlerDropped { key }
            | Self::NotSettled { key } => *key,
        }
    }

    /// A short name in `snake_case`, for a metric's label.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Unprotected { .. } => "unprotected",
            Self::ClaimLost { .. } => "claim_lost",
            Self::NotStored { .. } => "not_stored",
            Self::NotReleased { .. } => "not_released",
            Self::HandlerDropped { .. } => "handler_dropped",
            Self::NotSettled { .. } => "not_settled",
        }
    }
}
