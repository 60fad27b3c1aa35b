//! Resilience policies: each usable around a plain future and as a `tower` layer.
//!
//! - [`breaker`]: stops calling what is down.
//! - [`backoff`]: how long to wait between attempts.
//! - [`budget`]: how many retries all calls together may make.
//! - [`retry`]: tries again, and knows when not to.
//! - [`timeout`]: how long a call may take.
//! - [`stack`]: all of them around an HTTP client, in the right order.
//!
//! What they share: [`classify`], how they judge a result; [`permit`], how they learn what became of
//! a call; [`window`], what they count in; and [`Rejection`], what they fail with.

pub mod backoff;
pub mod breaker;
pub mod budget;
pub mod classify;
pub mod permit;
pub mod retry;
pub mod stack;
pub mod timeout;
pub mod window;

mod clock;
mod rejected;
mod respond;
mod sync;

#[cfg(feature = "errors")]
mod errors;

pub use clock::TokioClock;
pub use rejected::{Rejected, Rejection};
pub use respond::{Respond, RespondBody, RespondFuture, RespondService};
