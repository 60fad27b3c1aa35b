//! How long to wait before the next attempt, and when to stop trying.
//!
//! # Why
//!
//! Whatever fails for one client fails for all of them at the same moment. If each then waits the
//! same time they come back together, and the service that was about to recover gets a wave in
//! place of its load. So delays grow, and they are drawn at random: see [`Jitter`] for the ways to
//! do that and what each of them promises.
//!
//! # Use
//!
//! A [`Backoff`] is a plain value, which can be a constant. Every series of attempts begins a
//! [`Schedule`] of its own, which is an iterator.
//!
//! ```
//! use mainstay_resilience::backoff::{Backoff, Jitter};
//! use std::time::Duration;
//!
//! const DELAYS: Backoff =
//!     Backoff::exponential().base(Duration::from_millis(50)).cap(Duration::from_secs(1)).attempts(4);
//!
//! // Four attempts have three delays between them.
//! assert_eq!(DELAYS.schedule().count(), 3);
//!
//! let exact: Vec<u128> = DELAYS.jitter(Jitter::None).schedule().map(|it| it.as_millis()).collect();
//! assert_eq!(exact, [50, 100, 200]);
//! ```
//!
//! # Time
//!
//! Nothing here reads a clock or sleeps. A limit on the whole time has to know what the attempts
//! themselves took, so whoever makes them says how much time went by:
//!
//! ```
//! use mainstay_resilience::backoff::Backoff;
//! use std::time::Duration;
//!
//! let minute = Duration::from_secs(60);
//! let backoff = Backoff::exponential().attempts(10).max_elapsed(minute);
//! let mut schedule = backoff.schedule();
//! assert!(schedule.next_after(Duration::from_millis(30)).is_some());
//! // The second attempt hung for a minute: there is no third.
//! assert_eq!(schedule.next_after(minute), None);
//! ```
//!
//! # Chance
//!
//! Random numbers come from a [`RandomSource`]: by default [`ThreadRandom`], in tests
//! [`SeededRandom`], which says the same again from the same seed.
//!
//! # Errors
//!
//! None. No configuration panics or overflows; what makes no sense is brought into range, and each
//! setter says how. Delays are counted in nanoseconds and end at 584 years.

mod config;
mod curve;
mod jitter;
mod random;
mod schedule;

#[cfg(test)]
mod tests;

pub use config::Backoff;
pub(crate) use config::nanos;
pub use jitter::Jitter;
pub use random::{RandomSource, SeededRandom, ThreadRandom};
pub use schedule::Schedule;
