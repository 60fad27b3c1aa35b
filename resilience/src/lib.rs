//! Resilience policies: each usable around a plain future and as a `tower` layer.
//!
//! So far: [`classify`], the judgement that all policies share, [`window`], what they count
//! in, and [`backoff`], how long they wait.

pub mod backoff;
pub mod classify;
pub mod window;

mod sync;
