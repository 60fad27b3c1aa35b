use std::fmt;
use std::time::Duration;

use super::Attempt;
use crate::budget::Cause;

/// What a retry policy did about an attempt that failed; see [`Retry::observe`](super::Retry::observe).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// There will be another attempt.
    #[non_exhaustive]
    Retrying {
        /// The one that will be made.
        attempt: Attempt,
        /// How long it waits.
        delay: Duration,
        /// What became of the one before.
        cause: Cause,
        /// Whether the other side said how long to wait: the delay is no shorter.
        pushed_back: bool,
    },
    /// There will be none: the result of the latest attempt is that of the call.
    ///
    /// After a [`Event::Retrying`] it says that the announced attempt was not made.
    #[non_exhaustive]
    GaveUp {
        /// The latest attempt that was made.
        attempt: Attempt,
        /// Why it was the last one.
        reason: GaveUp,
    },
}

/// Why a call that failed is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GaveUp {
    /// Another attempt is not expected to go better.
    NotTransient,
    /// The other side said not to come back.
    Stopped,
    /// The other side said to come back later than the policy
    /// [waits](super::Retry::max_pushback).
    PushbackTooLong,
    /// All attempts are made.
    Attempts,
    /// The time for all attempts is over.
    MaxElapsed,
    /// The deadline would come before an answer.
    Deadline,
    /// The budget is exhausted.
    Budget,
    /// A retry further out makes the attempts.
    Nested,
    /// The request may have effects that must not happen twice.
    NotIdempotent,
    /// The request's body is too large to be kept.
    BodyTooLarge,
    /// The request's body failed.
    BodyFailed,
    /// The service did not become ready for another attempt, or was not at once where there was a
    /// response that [could not wait](super#bodies).
    NotReady,
}

impl GaveUp {
    /// A short name in `snake_case`, for a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotTransient => "not_transient",
            Self::Stopped => "stopped",
            Self::PushbackTooLong => "pushback_too_long",
            Self::Attempts => "attempts",
            Self::MaxElapsed => "max_elapsed",
            Self::Deadline => "deadline",
            Self::Budget => "budget",
            Self::Nested => "nested",
            Self::NotIdempotent => "not_idempotent",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyFailed => "body_failed",
            Self::NotReady => "not_ready",
        }
    }
}

/// Its [name](GaveUp::as_str).
impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
