use std::fmt;
use std::time::Duration;

use super::Tally;
use crate::window::Counts;

/// Where a breaker is in its cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Calls are let through and counted.
    Closed,
    /// Calls are rejected.
    Open,
    /// A few calls are let through, to see whether the other side is well again.
    HalfOpen,
}

/// How far a breaker acts on its state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Counts, decides and rejects.
    #[default]
    Auto,
    /// Counts and decides, reports what it would have rejected, and lets everything through.
    Shadow,
    /// Rejects everything.
    ForcedOpen,
    /// Counts, and lets everything through.
    ForcedClosed,
    /// Lets everything through and counts nothing.
    Disabled,
}

/// Why a breaker went from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Too large a share of the calls in the window failed.
    FailureRate(Counts),
    /// Too large a share of the calls in the window was slow.
    SlowCalls(Counts),
    /// So many calls in a row failed.
    Consecutive(u32),
    /// A [`TripWhen`](super::TripWhen) said so.
    TripWhen(Tally),
    /// The time to be open is over.
    Waited,
    /// The probes went well.
    Recovered,
    /// The probes did not go well.
    NotRecovered,
    /// Somebody has changed the [`Mode`].
    Mode,
    /// Somebody has asked for it, with [`CircuitBreaker::open_for`](super::CircuitBreaker::open_for).
    Asked,
}

/// What a breaker is at now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its state. In a mode that does not act on the state it is [`State::Closed`].
    pub state: State,
    /// Its mode.
    pub mode: Mode,
    /// Goes up by one with each change, and round to zero after 2^32 of them.
    pub epoch: u32,
}

/// What a breaker is at now, with all that led to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// State and mode.
    pub status: Status,
    /// What is in the window.
    pub counts: Counts,
    /// How many calls in a row have failed last.
    pub consecutive_failures: u32,
    /// How long it will be open yet.
    pub wait: Option<Duration>,
    /// How it goes with the probes, while it is half-open.
    pub probation: Option<Probation>,
}

/// How it goes with the probes of a breaker that is half-open.
///
/// ```
/// use mainstay_core::ManualClock;
/// use mainstay_resilience::breaker::{CircuitBreaker, Consecutive};
/// use mainstay_resilience::classify::Verdict;
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let builder = CircuitBreaker::builder("payments").trip(Consecutive::failures(1));
/// let breaker = builder.clock(clock.clone()).build()?;
/// breaker.try_acquire()?.finish(Verdict::failure());
/// clock.advance(Duration::from_secs(6));
///
/// let probe = breaker.try_acquire()?;
/// let probation = breaker.snapshot().probation.ok_or("it is not half-open")?;
/// assert_eq!((probation.in_flight, probation.succeeded), (1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probation {
    /// How many probes are on their way, with those whose lease has ended.
    pub in_flight: u32,
    /// How many calls were let through since it is half-open, with those that did not count.
    pub admitted: u64,
    /// How many have gone well in this step.
    pub succeeded: u32,
    /// How many have not, in this step.
    pub failed: u32,
    /// Zero for the probes, then the step of the [ramp](super::HalfOpen::ramp).
    pub step: usize,
    /// In millionths.
    pub(super) share: Option<u32>,
}

impl Probation {
    /// Which share of the calls is let through, in a step of the ramp.
    pub fn share(&self) -> Option<f64> {
        self.share.map(|millionths| f64::from(millionths) / 1e6)
    }
}

impl Status {
    /// Whether calls are rejected now, at least some of them.
    pub fn rejects(&self) -> bool {
        match self.mode {
            Mode::Auto => self.state != State::Closed,
            Mode::ForcedOpen => true,
            Mode::Shadow | Mode::ForcedClosed | Mode::Disabled => false,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Shadow => "shadow",
            Self::ForcedOpen => "forced open",
            Self::ForcedClosed => "forced closed",
            Self::Disabled => "disabled",
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FailureRate(counts) => {
                write!(f, "{} of {} calls failed", counts.failed, counts.calls)
            }
            Self::SlowCalls(counts) => {
                write!(f, "{} of {} calls were slow", counts.slow, counts.calls)
            }
            Self::Consecutive(failures) => write!(f, "{failures} calls in a row failed"),
            Self::TripWhen(Tally { counts: Counts { calls, failed, slow }, .. }) => {
                write!(f, "of {calls} calls {failed} failed and {slow} were slow")
            }
            Self::Waited => f.write_str("the time to be open is over"),
            Self::Recovered => f.write_str("the probes went well"),
            Self::NotRecovered => f.write_str("the probes did not go well"),
            Self::Mode => f.write_str("the mode was changed"),
            Self::Asked => f.write_str("somebody has asked for it"),
        }
    }
}
