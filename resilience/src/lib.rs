//! Resilience policies: each usable around a plain future and as a `tower` layer.
//!
//! So far: [`timeout`], [`backoff`], [`budget`], and what the policies share: [`classify`], how
//! they judge a result, [`window`], what they count in, and [`Rejection`], what they fail with.

pub mod backoff;
pub mod budget;
pub mod classify;
pub mod timeout;
pub mod window;

mod rejected;
mod respond;
mod sync;

#[cfg(feature = "errors")]
mod errors;

pub use rejected::{Rejected, Rejection};
pub use respond::{Respond, RespondBody, RespondFuture, RespondService};
