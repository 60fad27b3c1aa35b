use std::time::Duration;

use super::{InvalidConfig, TripWhen};

/// What opens a breaker. Any of its rules does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Trip {
    /// A share of failed calls.
    FailureRate(FailureRate),
    /// A share of slow calls.
    SlowCalls(SlowCalls),
    /// Failures in a row.
    Consecutive(Consecutive),
    /// Whatever a function says.
    When(TripWhen),
}

/// Opens when at least this share of the calls in the window has failed.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct FailureRate {
    pub(super) rate: f64,
    pub(super) min_calls: Option<u32>,
}

/// Opens when at least a share of the calls in the window was slow, failed or not.
///
/// It costs two readings of the clock a call.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct SlowCalls {
    pub(super) longer_than: Duration,
    pub(super) rate: f64,
    pub(super) min_calls: Option<u32>,
}

/// Opens when so many calls in a row have failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Consecutive {
    pub(super) failures: u32,
}

/// Fewer calls than this tell nothing, unless somebody says so.
const MIN_CALLS: u32 = 20;

impl FailureRate {
    /// A share, more than 0 and at most 1: at 0.5 it opens when half of the calls have failed.
    pub const fn at_least(rate: f64) -> Self {
        Self { rate, min_calls: None }
    }

    /// How many calls there have to be in the window before the share is looked at, at least 1.
    /// Default: 20, or as many as the window holds if that is less.
    pub const fn min_calls(self, calls: u32) -> Self {
        Self { min_calls: Some(calls), ..self }
    }
}

impl SlowCalls {
    /// A call is slow when it took longer than this. Half of the calls have to be.
    pub const fn longer_than(limit: Duration) -> Self {
        Self { longer_than: limit, rate: 0.5, min_calls: None }
    }

    /// The share of slow calls, more than 0 and at most 1. Default: 0.5.
    pub const fn rate(self, rate: f64) -> Self {
        Self { rate, ..self }
    }

    /// How many calls there have to be in the window before the share is looked at, at least 1.
    /// Default: 20, or as many as the window holds if that is less.
    pub const fn min_calls(self, calls: u32) -> Self {
        Self { min_calls: Some(calls), ..self }
    }
}

impl Consecutive {
    /// So many failures in a row, at least 1. Ignored calls do not interrupt the row.
    pub const fn failures(failures: u32) -> Self {
        Self { failures }
    }
}

/// A share of the calls in a window, as it is compared: in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) millionths: u32,
    pub(super) min_calls: u32,
}

impl Share {
    /// `most` is how many calls the window holds, if there is a limit.
    pub(super) fn new(
        rate: f64,
        min_calls: Option<u32>,
        most: Option<u32>,
    ) -> Result<Self, InvalidConfig> {
        let most = most.unwrap_or(u32::MAX);
        let min_calls = min_calls.unwrap_or(MIN_CALLS.min(most));
        if min_calls == 0 || min_calls > most {
            return Err(InvalidConfig::MinCalls);
        }
        Ok(Self { millionths: millionths(rate)?, min_calls })
    }
}

/// A share as it is counted: a million is all of them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 1")]
pub(super) fn millionths(rate: f64) -> Result<u32, InvalidConfig> {
    let in_range = rate > 0.0 && rate <= 1.0;
    if in_range { Ok((rate * 1e6).round().max(1.0) as u32) } else { Err(InvalidConfig::Rate) }
}

impl From<FailureRate> for Trip {
    fn from(rule: FailureRate) -> Self {
        Self::FailureRate(rule)
    }
}

impl From<SlowCalls> for Trip {
    fn from(rule: SlowCalls) -> Self {
        Self::SlowCalls(rule)
    }
}

impl From<Consecutive> for Trip {
    fn from(rule: Consecutive) -> Self {
        Self::Consecutive(rule)
    }
}

impl From<TripWhen> for Trip {
    fn from(rule: TripWhen) -> Self {
        Self::When(rule)
    }
}
