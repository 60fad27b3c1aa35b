use std::error::Error as StdError;
use std::fmt;

/// Why a [`ReplayBody`](super::ReplayBody) ended before its end.
///
/// It prints as its [source](StdError::source), which is the error of the body itself, unless the
/// attempt that read it was over and another has taken its place, or the body has panicked.
#[derive(Debug)]
pub struct ReplayError(Kind);

#[derive(Debug)]
enum Kind {
    Body(Box<dyn StdError + Send + Sync>),
    Superseded,
    Panicked,
}

impl ReplayError {
    pub(super) fn body(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Kind::Body(error.into()))
    }

    pub(super) const SUPERSEDED: Self = Self(Kind::Superseded);
    pub(super) const PANICKED: Self = Self(Kind::Panicked);
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Body(error) => error.fmt(f),
            Kind::Superseded => f.write_str("the attempt that this was the body of is over"),
            Kind::Panicked => f.write_str("the body panicked while it was read"),
        }
    }
}

impl StdError for ReplayError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0 {
            Kind::Body(error) => Some(&**error),
            Kind::Superseded | Kind::Panicked => None,
        }
    }
}
