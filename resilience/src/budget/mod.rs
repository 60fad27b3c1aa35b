//! How many retries all calls together may make.
//!
//! # Why
//!
//! A limit on attempts is a limit per call. When a service is down every call fails, and with three
//! attempts each its clients send three times the load to the one that can bear it least. A budget
//! is a limit on the sum: while little fails every failure may be tried again, and when everything
//! fails hardly any is.
//!
//! A [`Budget`] is shared: clones draw on the same one, so keep one for each service that is called.
//! There are two kinds.
//!
//! - [`Ratio`]: in the last ten seconds, retries are at most a share of the calls, plus a few each
//!   second so that a client with few calls has some as well. As in Finagle and `tower`.
//! - [`Tokens`]: a bucket from which every retry takes tokens, one after a timeout twice as many,
//!   and into which success puts some back. It knows no time. As in the AWS SDKs.
//!
//! # Use
//!
//! ```
//! use mainstay_core::{Clock, ManualClock};
//! use mainstay_resilience::budget::{Budget, Cause, Exhausted, Ratio};
//!
//! let clock = ManualClock::new();
//! let budget = Budget::new(Ratio::new(0.1).min_per_second(0));
//! for _call in 0..20 {
//!     budget.call_started(|| clock.now());
//! }
//! // All twenty fail: two of them may be tried again.
//! let first = budget.try_withdraw(clock.now(), Cause::Failure)?;
//! let second = budget.try_withdraw(clock.now(), Cause::Failure)?;
//! assert_eq!(budget.try_withdraw(clock.now(), Cause::Failure).err(), Some(Exhausted));
//!
//! // The deadline came before the second retry was sent: another call may have it.
//! second.give_back();
//! assert_eq!(budget.remaining(clock.now()), 1);
//! # first.succeeded();
//! # Ok::<(), Exhausted>(())
//! ```
//!
//! # Cancellation
//!
//! A [`Permit`] that is dropped is spent, as the retry may have been sent. One whose retry was not
//! sent is [given back](Permit::give_back).
//!
//! # Threads
//!
//! No lock is taken, and whatever threads do at the same time, no more is handed out than allowed.
//! Where the two cannot both be had, a little less is handed out instead.

mod config;
mod handle;
mod permit;
mod ratio;
mod series;
mod tokens;

#[cfg(all(test, mainstay_loom))]
mod loom;
#[cfg(not(mainstay_loom))]
#[cfg(test)]
mod tests;

pub use config::{Ratio, Tokens};
pub use handle::Budget;
pub use permit::{Cause, Exhausted, Permit, Ticket};
