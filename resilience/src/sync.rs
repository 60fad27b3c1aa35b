//! Atomics: the standard library's, or those of which `loom` checks all interleavings.

#[cfg(not(mainstay_loom))]
pub(crate) use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

#[cfg(mainstay_loom)]
pub(crate) use loom::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
