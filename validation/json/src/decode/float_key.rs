//! Names that are read as floats.

use std::fmt;

use serde::de::{self, DeserializeOwned, Unexpected, Visitor};

use super::key::Key;
use super::names::{Name, Names};

/// Around the visitor of a name that is read as a float. One float has many spellings, so that it
/// is read from the name here: the spelling is measured, and the float remembered.
pub(super) struct FloatKey<'n, 'c, 'l, 'de, V, N> {
    pub(super) key: Key<'n, 'c, 'l, 'de, V, N>,
    pub(super) read: fn(&str) -> Option<f64>,
}

impl<'c, 'l, 'de, V, N> Visitor<'de> for FloatKey<'_, 'c, 'l, 'de, V, N>
where
    V: Visitor<'de>,
    N: Names<'c, 'l, 'de>,
{
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.inner.expecting(f)
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<V::Value, E> {
        self.key.measure(text.as_bytes())?;
        let Some(float) = (self.read)(text) else {
            return Err(E::invalid_type(Unexpected::Str(text), &self));
        };
        self.key.names.other(|| Name::float(float))?;
        self.key.inner.visit_f64(float)
    }
}

/// The float, with no white space around it.
pub(super) fn read<F: DeserializeOwned + Into<f64>>(text: &str) -> Option<f64> {
    let begins = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let ends = text.ends_with(|last: char| last.is_ascii_digit());
    serde_json::from_str::<F>(text).ok().filter(|_| begins && ends).map(Into::into)
}
