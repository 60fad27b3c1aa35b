use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;
use mainstay_core::Code;

use crate::breaker::Open;
use crate::timeout::Elapsed;
use crate::{Rejected, Rejection};

/// Which policy of a [`ClientStack`](super::ClientStack) has ended a call, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The whole call took too long.
    Deadline(Elapsed),
    /// The breaker did not let the latest attempt through.
    Open(Open),
    /// The latest attempt took too long.
    Attempt(Elapsed),
}

/// The errors of the stack as they come out of its layers.
pub(super) type Nested<E> = Rejected<Elapsed, Attempted<E>>;
/// The errors of an attempt.
pub(super) type Attempted<E> = Rejected<Open, Rejected<Elapsed, E>>;

/// Says in one level what the layers say in three.
pub(super) fn flatten<E>(error: Nested<E>) -> Rejected<Refused, E> {
    match error {
        Rejected::Rejection(elapsed) => Rejected::Rejection(Refused::Deadline(elapsed)),
        Rejected::Inner(Rejected::Rejection(open)) => Rejected::Rejection(Refused::Open(open)),
        Rejected::Inner(Rejected::Inner(Rejected::Rejection(elapsed))) => {
            Rejected::Rejection(Refused::Attempt(elapsed))
        }
        Rejected::Inner(Rejected::Inner(Rejected::Inner(error))) => Rejected::Inner(error),
    }
}

impl Refused {
    fn rejection(&self) -> &dyn Rejection {
        match self {
            Self::Deadline(elapsed) | Self::Attempt(elapsed) => elapsed,
            Self::Open(open) => open,
        }
    }
}

impl Rejection for Refused {
    fn code(&self) -> Code {
        self.rejection().code()
    }

    fn http_status(&self) -> StatusCode {
        self.rejection().http_status()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.rejection().retry_after()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline(_) => f.write_str("the call took too long"),
            Self::Open(open) => open.fmt(f),
            Self::Attempt(_) => f.write_str("the attempt took too long"),
        }
    }
}

impl StdError for Refused {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Deadline(elapsed) | Self::Attempt(elapsed) => Some(elapsed),
            Self::Open(open) => Some(open),
        }
    }
}
