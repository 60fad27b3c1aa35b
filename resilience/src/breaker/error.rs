use std::fmt;
use std::time::Duration;

use mainstay_core::Code;

use super::{Name, State};
use crate::Rejection;

/// A breaker did not let the call through: it has not been made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub(super) name: Name,
    pub(super) refusal: Refusal,
}

/// Why a call is not let through: all of [`Open`] but the name, and small enough for a register or
/// two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    state: State,
    /// In nanoseconds; zero if it is not known.
    wait: u64,
}

impl Refusal {
    pub(super) const fn new(state: State, wait: u64) -> Self {
        Self { state, wait }
    }

    pub(super) fn wait(self) -> Option<Duration> {
        (self.wait > 0).then(|| Duration::from_nanos(self.wait))
    }
}

impl Open {
    /// The name of the breaker.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Whether it is open, or half-open and has enough probes.
    pub fn state(&self) -> State {
        self.refusal.state
    }

    /// How long it is until a call may be let through as a probe. `None` if nobody knows: while the
    /// breaker is half-open, or if it was opened by hand.
    pub fn wait(&self) -> Option<Duration> {
        self.refusal.wait()
    }
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "circuit breaker {} is {}", self.name, self.state())?;
        match self.wait() {
            Some(wait) => write!(f, " for {wait:?}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Open {}

/// 503 and `UNAVAILABLE`, with the wait.
impl Rejection for Open {
    fn code(&self) -> Code {
        Code::Unavailable
    }

    fn retry_after(&self) -> Option<Duration> {
        self.wait()
    }
}

/// What is wrong with a [`Config`](super::Config).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidConfig {
    /// A share is not more than 0 and at most 1.
    Rate,
    /// The minimum of calls is zero, or more than the window holds.
    MinCalls,
    /// Zero failures in a row.
    Consecutive,
    /// The window holds no calls, or no time.
    Window,
    /// The window cannot become that while it is in use: it is of another kind, or too long.
    WindowChange,
    /// Probes: none at once or more than 1024, none asked for, or a lease of zero.
    Probes,
    /// More than 16 steps.
    Ramp,
}

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rate => "a share has to be more than 0 and at most 1",
            Self::MinCalls => "the minimum of calls has to be from 1 to what the window holds",
            Self::Consecutive => "the failures in a row have to be at least 1",
            Self::Window => "the window has to hold at least one call, or 10 ms",
            Self::WindowChange => {
                "a window in use keeps its kind, and has a limit to what it can become"
            }
            Self::Probes => "there have to be from 1 to 1024 probes, with a lease",
            Self::Ramp => "a ramp has at most 16 steps",
        })
    }
}

impl std::error::Error for InvalidConfig {}
