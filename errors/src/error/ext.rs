use std::borrow::Cow;

use super::{BoxError, Error};
use crate::Fault;

/// The explicit words by which an error that is no fault becomes an [`Error`].
///
/// ```
/// use mainstay_errors::{Error, Fault, ResultExt};
///
/// #[derive(Debug, thiserror::Error, Fault)]
/// #[error("bad port")]
/// #[fault(invalid_argument, reason = "BAD_PORT", message = "The port is not a number.")]
/// struct BadPort;
///
/// fn port(text: &str) -> Result<u16, Error> {
///     text.parse().or_fault(BadPort)
/// }
///
/// let error = port("http").unwrap_err();
/// assert_eq!(error.fault().kind().reason, "BAD_PORT");
/// assert_eq!(format!("{error:#}"), "bad port: invalid digit found in string");
/// ```
pub trait ResultExt<T, E>: Sized {
    /// Says that the error is our own mistake: `INTERNAL`, with the error as the cause.
    ///
    /// # Errors
    ///
    /// If the result is one.
    fn internal(self) -> Result<T, Error>
    where
        E: Into<BoxError>;

    /// Says which fault the error amounts to, with the error as the cause.
    ///
    /// # Errors
    ///
    /// If the result is one.
    fn or_fault<F: Fault>(self, fault: F) -> Result<T, Error>
    where
        E: Into<BoxError>;

    /// Adds a note for the log to a fault.
    ///
    /// # Errors
    ///
    /// If the result is one.
    fn note(self, note: impl Into<Cow<'static, str>>) -> Result<T, Error>
    where
        E: Into<Error>;
}

impl<T, E> ResultExt<T, E> for Result<T, E> {
    fn internal(self) -> Result<T, Error>
    where
        E: Into<BoxError>,
    {
        self.map_err(Error::internal)
    }

    fn or_fault<F: Fault>(self, fault: F) -> Result<T, Error>
    where
        E: Into<BoxError>,
    {
        self.map_err(|cause| Error::new(fault).caused_by(cause))
    }

    fn note(self, note: impl Into<Cow<'static, str>>) -> Result<T, Error>
    where
        E: Into<Error>,
    {
        self.map_err(|error| error.into().note(note))
    }
}
