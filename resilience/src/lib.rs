//! Resilience policies: each usable around a plain future and as a `tower` layer.
//!
//! So far: [`classify`], the judgement that all policies share, and [`window`], what they count in.

pub mod classify;
pub mod window;

mod sync;
