//! The serialiser: values as compact JSON, byte for byte as `serde_json` writes them.
//!
//! `serde_json` looks at each byte of a string by itself and writes piece by piece to whatever
//! there is, which is half of what an answer costs. This one looks at eight at a time and writes
//! to memory alone, which cannot fail. What fails is the value: a map whose keys are no strings,
//! or a `Serialize` that says so.
//!
//! In one thing it is not `serde_json`: a sequence or map that says it is empty and is not comes
//! out well-formed.

mod compound;
mod error;
mod escape;
mod key;
mod number;
mod output;
mod refuse;
mod serializer;
mod verbatim;

use serde::Serialize;

use serializer::Writer;

pub(crate) use error::WriteError;
pub(crate) use output::Output;

type Result<T = ()> = std::result::Result<T, WriteError>;

/// Appends the value. If it fails, half of it may be there.
#[inline]
pub(crate) fn write<O: Output, T: Serialize + ?Sized>(out: &mut O, value: &T) -> Result {
    value.serialize(Writer { out })
}
