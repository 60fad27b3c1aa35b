use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::Error;

/// An [`Error`] on its way to the layer: in a box, as a status's source, or in the extensions of
/// a response.
#[derive(Clone, Debug)]
pub(crate) struct Carried(Arc<Error>);

impl Carried {
    pub(crate) fn new(error: Error) -> Self {
        Self(Arc::new(error))
    }

    pub(crate) fn error(&self) -> &Error {
        &self.0
    }
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Carried {
    /// The fault itself, so that a walk along the causes finds it by its type.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.0.fault())
    }
}
