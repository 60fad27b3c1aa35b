use std::error::Error;
use std::fmt;

use crate::write::WriteError;

/// A value could not be written as JSON.
///
/// That is a defect of the value's `Serialize`, such as a map whose keys are no strings. The text
/// is for the log: a client has no use for it and may learn too much from it.
///
/// ```
/// use std::collections::BTreeMap;
///
/// let by_pair = BTreeMap::from([((1, 2), "x")]);
/// let error = mainstay_json::to_bytes(&by_pair).unwrap_err();
/// assert_eq!(error.to_string(), "the value cannot be written as JSON");
/// let source = std::error::Error::source(&error).map(ToString::to_string);
/// assert_eq!(source.as_deref(), Some("key must be a string"));
/// ```
#[derive(Debug)]
pub struct EncodeError {
    cause: WriteError,
}

impl From<WriteError> for EncodeError {
    fn from(cause: WriteError) -> Self {
        Self { cause }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value cannot be written as JSON")
    }
}

impl Error for EncodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
