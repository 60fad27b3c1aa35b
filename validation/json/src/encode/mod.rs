//! Values out.

mod error;

use bytes::Bytes;
use serde::Serialize;

use crate::body::JsonBody;
use crate::pool::Scratch;
use crate::write::write;

pub use error::EncodeError;

/// The value as JSON, in [`Bytes`]: what `serde_json::to_vec` makes, byte for byte.
///
/// Once the thread has made a few answers, this allocates nothing. The value is written to a
/// buffer of the thread, as writing to a `Vec` is the fastest there is, and copied once to memory
/// that is won back when the last clone of the [`Bytes`] is gone, on whatever thread. Answers
/// that stay alive can pin 512 KiB a thread (8 MiB if they are longer than 16 KiB); past that, and
/// for what is larger than answers usually are, an answer gets memory of its own.
///
/// If it fails, or the value's `Serialize` panics, there is no answer, not even half of one. A
/// `Serialize` may itself call this, for which the thread has no second buffer: such an answer is
/// written to memory of its own.
///
/// There is no variant for secrets: others' answers lie in the same memory, and clones of it can
/// outlive any moment at which it could be erased. [`to_sensitive_body`](crate::to_sensitive_body) is for those.
///
/// ```
/// #[derive(serde::Serialize)]
/// struct Order { id: u64, item: &'static str }
///
/// let answer = mainstay_json::to_bytes(&Order { id: 7, item: "tea" })?;
/// assert_eq!(answer, r#"{"id":7,"item":"tea"}"#);
/// # Ok::<(), mainstay_json::EncodeError>(())
/// ```
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, EncodeError> {
    let mut scratch = Scratch::take();
    scratch.write(value)?;
    Ok(scratch.seal())
}

/// The value as JSON, as a body whose data is a buffer of the pool.
///
/// Once buffers of its size are there, this allocates nothing, and neither does whoever sends it:
/// hyper takes the body as it is. The buffer goes back when the data is dropped, on whatever
/// thread that is. A framework that wants [`Bytes`] in its bodies, as axum does, boxes a body;
/// give it [`to_bytes`].
///
/// ```
/// use http_body::Body;
///
/// let body = mainstay_json::to_body(&[1, 2, 3])?;
/// assert_eq!(body.size_hint().exact(), Some(7));
/// # Ok::<(), mainstay_json::EncodeError>(())
/// ```
pub fn to_body<T: Serialize + ?Sized>(value: &T) -> Result<JsonBody, EncodeError> {
    let mut scratch = Scratch::take();
    scratch.write(value)?;
    Ok(scratch.seal_in_buffer().into())
}

/// Appends the value as JSON, for who has memory of their own.
///
/// It is what [`to_bytes`] writes with, and the bytes are the same. If it fails, nothing is
/// appended; if the value's `Serialize` panics, half of it may be there.
///
/// ```
/// use std::collections::BTreeMap;
/// use mainstay_json::append_to;
///
/// let mut lines = Vec::new();
/// append_to(&mut lines, &[1, 2])?;
/// lines.push(b'\n');
/// append_to(&mut lines, "tea")?;
/// assert!(append_to(&mut lines, &BTreeMap::from([((1, 2), 3)])).is_err());
/// assert_eq!(lines, b"[1,2]\n\"tea\"");
/// # Ok::<(), mainstay_json::EncodeError>(())
/// ```
#[inline]
pub fn append_to<T: Serialize + ?Sized>(
    buffer: &mut Vec<u8>,
    value: &T,
) -> Result<(), EncodeError> {
    let before = buffer.len();
    write(buffer, value).map_err(|error| {
        buffer.truncate(before);
        error.into()
    })
}
