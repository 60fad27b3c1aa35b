//! Sliding windows of the latest calls: what a policy counts failures in.
//!
//! # Why
//!
//! A failure rate is a rate of something. Counters that only grow answer for the whole life of the
//! process, so that after a long health nothing is an outage any more; a queue of all calls of the
//! last seconds costs the more the busier the service is. [`CountWindow`] is a ring of the last
//! calls and [`TimeWindow`] a ring of buckets of time: both forget exactly what is too old, cost
//! the same at any size, and take no lock.
//!
//! # Epochs
//!
//! Whoever keeps a window starts anew at times: a breaker that has closed again does not count the
//! failures that opened it. It does so by recording under the next epoch. That empties the window
//! at once, at no cost, and without waiting for calls that are still on their way: what they
//! record under an old epoch changes nothing, and they are told that they are [`Late`].
//!
//! ```
//! use mainstay_resilience::window::{Counts, CountWindow, Late, Sample};
//!
//! let window = CountWindow::new(100.try_into()?);
//! for _ in 0..1000 {
//!     window.record(0, Sample::default())?;
//! }
//! let counts = window.record(0, Sample { failed: true, slow: false })?;
//! assert_eq!(counts, Counts { calls: 100, failed: 1, slow: 0 });
//!
//! assert_eq!(window.record(1, Sample::default())?.calls, 1);
//! assert_eq!(window.record(0, Sample::default()), Err(Late));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod count;
mod tagged;
mod time;

#[cfg(all(test, mainstay_loom))]
mod loom;

pub use count::CountWindow;
pub use tagged::Late;
pub(crate) use tagged::Tagged;
pub use time::TimeWindow;

/// One call, as a window counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Whether it failed.
    pub failed: bool,
    /// Whether it took longer than it should, failed or not.
    pub slow: bool,
}

/// How many calls are in a window, and of which sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub calls: u32,
    /// Those that failed.
    pub failed: u32,
    /// Those that were slow.
    pub slow: u32,
}
