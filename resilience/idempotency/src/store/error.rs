use std::error::Error as StdError;
use std::fmt;

/// A store could not do what it was asked for.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// It did not answer. Whether it has done what it was asked for is not known; the call may be
    /// repeated.
    Unavailable,
    /// It has as many keys as it may have, and takes no new ones.
    Full,
    /// What it has under the key was not written by this release, or not by this crate.
    Unreadable,
}

impl StoreError {
    /// Of this kind.
    pub fn new(kind: StoreErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// Of this kind, for this reason.
    ///
    /// ```
    /// use std::error::Error as _;
    ///
    /// use mainstay_idempotency::{StoreError, StoreErrorKind};
    ///
    /// let error = StoreError::with_source(StoreErrorKind::Full, "no room");
    /// assert_eq!(error.source().unwrap().to_string(), "no room");
    /// ```
    pub fn with_source(
        kind: StoreErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    /// It did not answer, for this reason.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::with_source(StoreErrorKind::Unavailable, source)
    }

    /// What kind of error it is.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StoreErrorKind::Unavailable => "the idempotency store is unavailable",
            StoreErrorKind::Full => "the idempotency store is full",
            StoreErrorKind::Unreadable => "the idempotency store has what cannot be read",
        })
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
