//! What a configuration was made of, to be shown or to be changed in part. The setters have the
//! plain names.

use std::time::Duration;

use super::half_open::Judge;
use super::{Config, Consecutive, FailureRate, HalfOpen, SlowCalls, TripWhen, Window};
use crate::backoff::Backoff;
use crate::permit::DropWeights;

/// What it says, as it was set or is by default.
///
/// ```
/// use mainstay_resilience::breaker::{CircuitBreaker, SlowCalls};
/// use std::time::Duration;
///
/// let slow = SlowCalls::longer_than(Duration::from_secs(2));
/// let breaker = CircuitBreaker::builder("payments").trip(slow).build()?;
/// let config = breaker.config();
/// assert_eq!(config.get_window().get_calls(), Some(100));
/// assert_eq!(config.get_slow_calls().map(|rule| rule.get_rate()), Some(0.5));
/// assert_eq!(config.get_failure_rate(), None);
/// # Ok::<(), mainstay_resilience::breaker::InvalidConfig>(())
/// ```
impl Config {
    /// See [`Config::window`].
    pub fn get_window(&self) -> Window {
        self.window
    }

    /// The rule on the share of failed calls, if there is one.
    pub fn get_failure_rate(&self) -> Option<FailureRate> {
        self.failure_rate
    }

    /// The rule on the share of slow calls, if there is one.
    pub fn get_slow_calls(&self) -> Option<SlowCalls> {
        self.slow_calls
    }

    /// See [`Config::slow_after`].
    pub fn get_slow_after(&self) -> Option<Duration> {
        self.slow_after
    }

    /// The rule on failures in a row, if there is one.
    pub fn get_consecutive(&self) -> Option<Consecutive> {
        self.consecutive
    }

    /// The rule by a function, if there is one.
    pub fn get_trip_when(&self) -> Option<&TripWhen> {
        self.trip_when.as_ref()
    }

    /// See [`Config::half_open`].
    pub fn get_half_open(&self) -> &HalfOpen {
        &self.half_open
    }

    /// See [`Config::open_for`].
    pub fn get_open_for(&self) -> Backoff {
        self.open_for
    }

    /// Whether there is a function of [`Config::open_by`].
    pub fn has_open_by(&self) -> bool {
        self.open_by.is_some()
    }

    /// See [`Config::max_pushback`].
    pub fn get_max_pushback(&self) -> Duration {
        self.max_pushback
    }

    /// See [`Config::drop_weights`].
    pub fn get_drop_weights(&self) -> DropWeights {
        self.weights
    }
}

impl FailureRate {
    /// From which share on it opens.
    pub const fn get_rate(&self) -> f64 {
        self.rate
    }

    /// See [`FailureRate::min_calls`]; `None` if it was not set.
    pub const fn get_min_calls(&self) -> Option<u32> {
        self.min_calls
    }
}

impl SlowCalls {
    /// A call is slow when it took longer than this.
    pub const fn get_limit(&self) -> Duration {
        self.longer_than
    }

    /// From which share on it opens.
    pub const fn get_rate(&self) -> f64 {
        self.rate
    }

    /// See [`SlowCalls::min_calls`]; `None` if it was not set.
    pub const fn get_min_calls(&self) -> Option<u32> {
        self.min_calls
    }
}

impl Consecutive {
    /// How many failures in a row open.
    pub const fn get_failures(&self) -> u32 {
        self.failures
    }
}

impl HalfOpen {
    /// How many successes in a row close it, if it is judged by those.
    pub const fn get_successes(&self) -> Option<u32> {
        match self.judge {
            Judge::Consecutive(successes) => Some(successes),
            Judge::Rate { .. } => None,
        }
    }

    /// Of how many probes which share must not fail, if it is judged by that.
    pub const fn get_rate(&self) -> Option<(u32, f64)> {
        match self.judge {
            Judge::Consecutive(_) => None,
            Judge::Rate { calls, failures } => Some((calls, failures)),
        }
    }

    /// See [`HalfOpen::at_once`].
    pub const fn get_at_once(&self) -> u16 {
        self.at_once
    }

    /// See [`HalfOpen::lease`].
    pub const fn get_lease(&self) -> Duration {
        self.lease
    }

    /// See [`HalfOpen::ramp`].
    pub fn get_ramp(&self) -> &[f64] {
        &self.ramp
    }
}
