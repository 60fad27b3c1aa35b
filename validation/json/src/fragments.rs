//! Answers that are mostly constant.

use bytes::Bytes;
use serde::Serialize;

use crate::pool::Scratch;
use crate::{EncodeError, JsonBody};

/// Writes an answer of which most is constant, piece by piece, straight into pooled memory.
///
/// What is constant is copied as it stands, with no escaping and no look at each key: it is the
/// caller's promise that the pieces make one JSON text. [`value`](Self::value) and
/// [`string`](Self::string) see to theirs.
///
/// ```
/// use mainstay_json::Fragments;
///
/// fn health(version: &str, uptime_secs: u64) -> Result<bytes::Bytes, mainstay_json::EncodeError> {
///     Fragments::new()
///         .raw(r#"{"status":"up","version":"#)
///         .string(version)
///         .raw(r#","uptime_secs":"#)
///         .value(&uptime_secs)
///         .raw("}")
///         .into_bytes()
/// }
///
/// let answer = health("1.4.0 \"beta\"", 60)?;
/// assert_eq!(answer, r#"{"status":"up","version":"1.4.0 \"beta\"","uptime_secs":60}"#);
/// # Ok::<(), mainstay_json::EncodeError>(())
/// ```
///
/// If a value fails there is no answer: the error comes out at the end, and what follows it is not
/// written.
///
/// ```
/// # use mainstay_json::Fragments;
/// let no_key = std::collections::BTreeMap::from([((1, 2), 3)]);
/// let half = Fragments::new().raw(r#"{"map":"#).value(&no_key).raw("}");
/// assert!(half.into_bytes().is_err());
/// ```
///
/// Who can write to a `Vec` needs no crate in common: this is a problem document of
/// `mainstay-errors`, with
/// [`Buffer::as_mut_vec`](crate::Buffer::as_mut_vec).
///
/// ```
/// use mainstay_errors::{BareFault, Problem};
/// use mainstay_json::{Buffer, JsonBody};
///
/// let fault = BareFault::from_status(http::StatusCode::NOT_FOUND);
/// let mut buffer = Buffer::with_capacity(512);
/// Problem::new(&fault).write_to(buffer.as_mut_vec());
/// let body = JsonBody::from(buffer);
/// let document: serde_json::Value = serde_json::from_slice(&body)?;
/// assert_eq!(document["status"], 404);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "the answer is made by `into_bytes` or `into_body`"]
pub struct Fragments {
    scratch: Scratch,
    failed: Option<EncodeError>,
}

impl Fragments {
    /// An empty answer.
    pub fn new() -> Self {
        Self { scratch: Scratch::take(), failed: None }
    }

    /// Appends a piece of JSON as it stands.
    #[inline]
    pub fn raw(mut self, json: &'static str) -> Self {
        if self.failed.is_none() {
            self.scratch.push(json);
        }
        self
    }

    /// Appends a string, in quotes and escaped.
    pub fn string(self, text: &str) -> Self {
        self.value(text)
    }

    /// Appends any value. After one that fails nothing is written any more.
    pub fn value<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        if self.failed.is_none() {
            self.failed = self.scratch.write(value).err().map(EncodeError::from);
        }
        self
    }

    /// The answer as [`Bytes`], in memory as that of [`to_bytes`](crate::to_bytes).
    pub fn into_bytes(self) -> Result<Bytes, EncodeError> {
        self.finished().map(|mut scratch| scratch.seal())
    }

    /// The answer as a body, as that of [`to_body`](crate::to_body).
    pub fn into_body(self) -> Result<JsonBody, EncodeError> {
        self.finished().map(|mut scratch| scratch.seal_in_buffer().into())
    }

    fn finished(self) -> Result<Scratch, EncodeError> {
        self.failed.map_or(Ok(self.scratch), Err)
    }
}

impl Default for Fragments {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn nothing_is_written_after_a_value_that_fails() {
        let failed = Fragments::new().raw("[").value(&BTreeMap::from([((1, 2), 3)]));
        let before = format!("{:?}", failed.scratch);
        let failed = failed.raw("a piece").string("a string").value(&[1, 2]);
        assert_eq!(format!("{:?}", failed.scratch), before);
        assert!(failed.into_bytes().is_err());
    }
}
