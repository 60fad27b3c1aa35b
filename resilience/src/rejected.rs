use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;
use mainstay_core::Code;

/// Why a policy did not let a call through, or not to its end.
///
/// It says how it renders, so that a rejection means the same over HTTP and gRPC whatever policy
/// it is of.
pub trait Rejection: StdError + Send + Sync + 'static {
    /// The canonical code.
    fn code(&self) -> Code;

    /// The HTTP status: that of the code, unless there is a more exact one.
    fn http_status(&self) -> StatusCode {
        self.code().http_status()
    }

    /// How long to wait before trying again, if that is known.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
}

/// What a policy fails with: a rejection of its own, or the error of what it is around, unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected<R, E> {
    /// The policy's own.
    Rejection(R),
    /// Of the service or future inside.
    Inner(E),
}

impl<R, E> Rejected<R, E> {
    /// The rejection, if it is one.
    pub const fn rejection(&self) -> Option<&R> {
        match self {
            Rejected::Rejection(rejection) => Some(rejection),
            Rejected::Inner(_) => None,
        }
    }

    /// The inner error, if it is one.
    pub fn into_inner(self) -> Option<E> {
        match self {
            Rejected::Rejection(_) => None,
            Rejected::Inner(error) => Some(error),
        }
    }
}

impl<R: fmt::Display, E: fmt::Display> fmt::Display for Rejected<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejected::Rejection(rejection) => rejection.fmt(f),
            Rejected::Inner(error) => error.fmt(f),
        }
    }
}

/// Either is the source, so that a walk along the causes finds it by its type.
impl<R, E> StdError for Rejected<R, E>
where
    R: StdError + 'static,
    E: StdError + 'static,
{
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Rejected::Rejection(rejection) => Some(rejection),
            Rejected::Inner(error) => Some(error),
        }
    }
}
