use std::error::Error;
use std::fmt;

/// Why a value is no JSON. It is one pointer, as it is returned for each part of each value.
#[derive(Debug)]
pub(crate) struct WriteError(Box<Cause>);

#[derive(Debug)]
enum Cause {
    KeyIsNoString,
    KeyIsNotFinite,
    VerbatimIsNoString,
    Display,
    Custom(String),
}

impl WriteError {
    #[cold]
    pub(super) fn key_is_no_string() -> Self {
        Self(Box::new(Cause::KeyIsNoString))
    }

    #[cold]
    pub(super) fn key_is_not_finite() -> Self {
        Self(Box::new(Cause::KeyIsNotFinite))
    }

    #[cold]
    pub(super) fn verbatim_is_no_string() -> Self {
        Self(Box::new(Cause::VerbatimIsNoString))
    }

    #[cold]
    pub(super) fn display() -> Self {
        Self(Box::new(Cause::Display))
    }
}

impl serde::ser::Error for WriteError {
    #[cold]
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(Box::new(Cause::Custom(text.to_string())))
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.0 {
            Cause::KeyIsNoString => "key must be a string",
            Cause::KeyIsNotFinite => "float key must be finite (got NaN or +/-inf)",
            Cause::VerbatimIsNoString => "a raw value or number must be a string of JSON",
            Cause::Display => "a value's Display failed",
            Cause::Custom(text) => text,
        })
    }
}

impl Error for WriteError {}
