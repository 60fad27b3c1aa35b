use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::StoreError;

/// Why an effect was not run.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotRun {
    /// Another try is running it, and has not ended in the time to
    /// [wait](crate::Idempotent::wait).
    Running {
        /// After this time its lease ends, unless it is renewed. A message of a queue is best
        /// given back to come again after that.
        left: Duration,
    },
    /// Another try was running it and has died: whether it has happened nobody knows. Only
    /// [at most once](crate::AtMostOnce).
    Abandoned,
    /// The key was used to ask for something else.
    Reused,
    /// The store failed, or is full. If it has granted the claim all the same, that is
    /// [given back](crate::Idempotent#cancellation).
    Store(StoreError),
}

/// An effect has happened, but its record is not stored.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotStored {
    /// The claim was lost before, and nobody has completed it yet: another try may be running, or
    /// run.
    Lost(Bytes),
    /// The store did not take the record. When the lease ends the effect runs again, or never, as
    /// the [guarantee](crate::Guarantee) says, unless it was stored and only the answer was lost; an
    /// [owner](crate::Owner::complete) can try again until then.
    Store {
        /// Why.
        error: StoreError,
        /// What was to be stored.
        record: Bytes,
    },
}

/// Why [`Idempotent::run`](crate::Idempotent::run) has no record to give.
#[derive(Debug)]
pub enum RunError<E> {
    /// The effect was not run.
    NotRun(NotRun),
    /// It was run, and failed with this.
    Failed(E),
    /// It was run, and its record is not stored.
    NotStored(NotStored),
}

impl NotStored {
    /// What was to be stored.
    pub fn record(&self) -> &Bytes {
        match self {
            Self::Lost(record) | Self::Store { record, .. } => record,
        }
    }
}

impl fmt::Display for NotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running { .. } => "another try with the idempotency key is running",
            Self::Abandoned => "a try with the idempotency key was abandoned half-way",
            Self::Reused => "the idempotency key was used for something else",
            Self::Store(_) => "the idempotency key could not be claimed",
        })
    }
}

impl fmt::Display for NotStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lost(_) => "the claim of the idempotency key was lost before its effect was done",
            Self::Store { .. } => "the effect is done, but its record could not be stored",
        })
    }
}

impl<E> fmt::Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRun(error) => error.fmt(f),
            Self::Failed(_) => f.write_str("the effect has failed"),
            Self::NotStored(error) => error.fmt(f),
        }
    }
}

impl StdError for NotRun {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl StdError for NotStored {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Store { error, .. } => Some(error),
            Self::Lost(_) => None,
        }
    }
}

impl<E: StdError + 'static> StdError for RunError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::NotRun(error) => error.source(),
            Self::Failed(error) => Some(error),
            Self::NotStored(error) => error.source(),
        }
    }
}

impl<E> From<NotRun> for RunError<E> {
    fn from(error: NotRun) -> Self {
        Self::NotRun(error)
    }
}

impl<E> From<NotStored> for RunError<E> {
    fn from(error: NotStored) -> Self {
        Self::NotStored(error)
    }
}
