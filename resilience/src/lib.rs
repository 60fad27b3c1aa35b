//! Resilience policies: each usable around a plain future and as a `tower` layer.
//!
//! So far: [`classify`], the judgement that all policies share.

pub mod classify;
