use std::time::Duration;

use super::InvalidConfig;
use super::trip::millionths;

/// How a breaker finds out whether the other side is well again.
///
/// A few calls, the probes, are let through at a time. From how they end it is judged whether to
/// close or to open again; where calls can be slow, by [`SlowCalls`](super::SlowCalls) or
/// [`Config::slow_after`](super::Config::slow_after), a slow probe is a failed one.
///
/// ```
/// use mainstay_resilience::breaker::HalfOpen;
/// use std::time::Duration;
///
/// // Ten probes, two at a time; six of them have to go well. Then a tenth of the calls is let
/// // through, and then half of them, before it closes.
/// let half_open = HalfOpen::rate(10, 0.5)
///     .at_once(2)
///     .lease(Duration::from_secs(5))
///     .ramp([0.1, 0.5]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct HalfOpen {
    pub(super) judge: Judge,
    pub(super) at_once: u16,
    pub(super) lease: Duration,
    pub(super) ramp: Vec<f64>,
}

/// What is asked of probes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Judge {
    /// So many successes in a row.
    Consecutive(u32),
    /// Of so many calls, less than this share of failures.
    Rate { calls: u32, failures: f64 },
}

/// The most steps of a ramp.
pub(super) const MOST_STEPS: usize = 16;
/// The most probes at once.
pub(super) const MOST_AT_ONCE: u16 = 1024;

impl HalfOpen {
    /// Closes after so many successes in a row, at least 1, and opens with the first failure.
    pub const fn consecutive(successes: u32) -> Self {
        Self::new(Judge::Consecutive(successes))
    }

    /// Closes when of so many probes, at least 1, less than this share has failed, more than 0 and
    /// at most 1. Opens as soon as that cannot be reached.
    pub const fn rate(probes: u32, failures: f64) -> Self {
        Self::new(Judge::Rate { calls: probes, failures })
    }

    const fn new(judge: Judge) -> Self {
        Self { judge, at_once: 3, lease: Duration::from_secs(10), ramp: Vec::new() }
    }

    /// How many probes may run at once, from 1 to 1024. Default: 3.
    pub fn at_once(mut self, probes: u16) -> Self {
        self.at_once = probes;
        self
    }

    /// For how long a probe keeps its place. One that hangs loses it then to the next call, but
    /// still counts if it ends after all. Default: 10 s.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// After the probes, before it closes: the shares of the calls to let through, step by step,
    /// each more than 0 and at most 1. Each step is judged as the probes are. At most 16 steps;
    /// none by default.
    pub fn ramp(mut self, shares: impl Into<Vec<f64>>) -> Self {
        self.ramp = shares.into();
        self
    }
}

/// Three successes in a row, up to three probes at once, for 10 s each, no ramp.
impl Default for HalfOpen {
    fn default() -> Self {
        Self::consecutive(3)
    }
}

/// The same, checked.
#[derive(Clone, Debug)]
pub(super) struct Trials {
    pub(super) judge: CheckedJudge,
    pub(super) at_once: usize,
    pub(super) lease: Duration,
    /// In millionths.
    pub(super) ramp: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum CheckedJudge {
    Consecutive(u32),
    /// `failures` is how many are too many.
    Rate {
        calls: u32,
        failures: u32,
    },
}

impl Trials {
    pub(super) fn new(config: &HalfOpen) -> Result<Self, InvalidConfig> {
        if config.at_once == 0 || config.at_once > MOST_AT_ONCE || config.lease.is_zero() {
            return Err(InvalidConfig::Probes);
        }
        if config.ramp.len() > MOST_STEPS {
            return Err(InvalidConfig::Ramp);
        }
        Ok(Self {
            judge: config.judge.checked()?,
            at_once: usize::from(config.at_once),
            lease: config.lease,
            ramp: config.ramp.iter().map(|share| millionths(*share)).collect::<Result<_, _>>()?,
        })
    }
}

impl Judge {
    fn checked(self) -> Result<CheckedJudge, InvalidConfig> {
        match self {
            Self::Consecutive(0) | Self::Rate { calls: 0, .. } => Err(InvalidConfig::Probes),
            Self::Consecutive(successes) => Ok(CheckedJudge::Consecutive(successes)),
            Self::Rate { calls, failures } => {
                let share = u64::from(millionths(failures)?);
                let failures = (u64::from(calls) * share).div_ceil(1_000_000);
                let failures = u32::try_from(failures).unwrap_or(u32::MAX);
                Ok(CheckedJudge::Rate { calls, failures })
            }
        }
    }
}
