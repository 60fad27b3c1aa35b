//! JSON into values, within limits.

mod access;
mod classify;
mod context;
mod deserializer;
mod error;
mod excerpt;
mod float_key;
mod key;
mod missing;
mod names;
mod place;
mod raw;
mod receive;
#[cfg(any(feature = "axum", feature = "errors"))]
pub(crate) mod told;
mod variant;
mod visitor;
mod walk;

use serde::Deserialize;

use crate::Limits;
use context::Context;
use deserializer::Deserializer;
pub use error::{DecodeError, ErrorKind};
pub use receive::{FromBody, ReadBody, Received, from_body, read_body};

/// Reads a value from a slice that holds one JSON text and nothing else but white space.
///
/// ```
/// use mainstay_json::{Limits, from_slice};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Line<'a> {
///     sku: &'a str,
///     quantity: u32,
/// }
///
/// let line: Line<'_> = from_slice(br#"{"sku":"A-1","quantity":2}"#, &Limits::new())?;
/// assert_eq!((line.sku, line.quantity), ("A-1", 2));
/// # Ok::<(), mainstay_json::DecodeError>(())
/// ```
pub fn from_slice<'de, T: Deserialize<'de>>(
    input: &'de [u8],
    limits: &Limits,
) -> Result<T, DecodeError> {
    if input.len() > limits.most_bytes() {
        return Err(DecodeError::too_large());
    }
    // Once for all is faster than string by string, as `serde_json` does it in a slice.
    let text = match str::from_utf8(input) {
        Ok(text) => text,
        Err(error) => return Err(classify::not_utf8(input, error)),
    };
    let context = Context::new(input, limits);
    let mut json = serde_json::Deserializer::from_str(text);
    let read = T::deserialize(Deserializer { inner: &mut json, context: &context, depth: 0 })
        .and_then(|value| json.end().map(|()| value));
    match read {
        Ok(value) if context.refusal().is_none() => Ok(value),
        // A type that carries on after an error does not get around a limit.
        Ok(_) => {
            Err(classify::located(serde::de::Error::custom("a limit was passed over"), context))
        }
        Err(error) => Err(classify::located(error, context)),
    }
}
