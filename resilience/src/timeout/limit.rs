use std::time::Duration;

use mainstay_core::{Clock, Deadline};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use crate::TokioClock;
use crate::permit::DropCause;

/// How long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// This long from its first poll.
    After(Duration),
    /// Until this instant.
    Until(Deadline),
    /// As long as it likes.
    Never,
}

impl Limit {
    /// The timer, which starts now.
    pub(super) fn timer(self) -> Option<Sleep> {
        match self {
            Limit::After(timeout) => Some(sleep(timeout)),
            Limit::Until(deadline) => Some(sleep_until(Instant::from_std(deadline.instant()))),
            Limit::Never => None,
        }
    }
}

impl Limit {
    /// Whether there is no time at all. Only a deadline needs the clock for that.
    pub(super) fn has_passed(self) -> bool {
        match self {
            Limit::After(timeout) => timeout.is_zero(),
            Limit::Until(deadline) => deadline.has_passed(TokioClock.now()),
            Limit::Never => false,
        }
    }

    /// Why what it cuts off was dropped.
    pub(super) fn cause(self) -> DropCause {
        match self {
            Limit::Until(_) => DropCause::Deadline,
            Limit::After(_) | Limit::Never => DropCause::TimedOut,
        }
    }

    /// This limit, or the deadline if that is earlier.
    pub(crate) fn earlier(self, deadline: Deadline) -> Self {
        match self.until() {
            Limit::Until(limit) => Limit::Until(limit.earlier(deadline)),
            Limit::After(_) | Limit::Never => Limit::Until(deadline),
        }
    }

    /// The same as an instant, for what has several parts that share it.
    pub(super) fn until(self) -> Self {
        match self {
            Limit::After(timeout) => Limit::Until(Deadline::after(TokioClock.now(), timeout)),
            other => other,
        }
    }
}

impl From<Duration> for Limit {
    fn from(timeout: Duration) -> Self {
        Limit::After(timeout)
    }
}

impl From<Deadline> for Limit {
    fn from(deadline: Deadline) -> Self {
        Limit::Until(deadline)
    }
}

/// Nothing means no limit, never an instant one.
impl<L: Into<Limit>> From<Option<L>> for Limit {
    fn from(limit: Option<L>) -> Self {
        limit.map_or(Limit::Never, Into::into)
    }
}
