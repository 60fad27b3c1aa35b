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
//!
//! ```
//! use std::future::pending;
//! use std::time::Duration;
//!
//! use mainstay_resilience::breaker::{CircuitBreaker, Consecutive};
//! use mainstay_resilience::timeout::timeout;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let breaker = CircuitBreaker::builder("payments").trip(Consecutive::failures(2)).build()?;
//! let charge = || timeout(Duration::from_secs(2), pending::<Result<(), std::io::Error>>());
//! for _ in 0..2 {
//!     let error = breaker.call(charge()).await.unwrap_err(); // after two seconds each
//!     assert!(error.rejection().is_none(), "it is the timeout's");
//! }
//! let error = breaker.call(charge()).await.unwrap_err(); // at once: nobody is asked
//! assert!(error.rejection().is_some(), "it is the breaker's");
//! # Ok(())
//! # }
//! ```
//!
//! # Runtime
//!
//! What waits, [`timeout`], [`retry`] and [`stack`], waits with tokio's timers: it panics as these do
//! where no runtime of tokio's is entered, or one that is built without them. The rest waits for
//! nothing and runs anywhere.
//!
//! # Features
//!
//! - `errors`: rejections are faults of `mainstay-errors`.

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
