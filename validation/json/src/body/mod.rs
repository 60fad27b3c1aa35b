//! The body of an answer.

mod data;

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::pool::Buffer;
use crate::sensitive::Sensitive;
use data::Memory;

pub use data::JsonData;

/// A body that is one pooled buffer, of known length.
///
/// [`to_body`](crate::to_body) and [`to_sensitive_body`](crate::to_sensitive_body) make one; a
/// [`Buffer`] that was written by hand is turned into one by `From`.
///
/// ```
/// use mainstay_json::{Buffer, JsonBody};
///
/// let mut buffer = Buffer::with_capacity(16);
/// buffer.extend_from_slice(b"null");
/// let response = http::Response::new(JsonBody::from(buffer));
/// assert_eq!(&**response.body(), b"null");
/// ```
#[derive(Debug)]
pub struct JsonBody {
    data: Option<JsonData>,
}

impl JsonBody {
    /// The body as [`Bytes`], for a framework whose bodies are of those.
    ///
    /// What is sensitive stays where it is, for one allocation, and is erased with the last clone.
    /// Else it is copied as [`to_bytes`](crate::to_bytes) does.
    ///
    /// ```
    /// let body = mainstay_json::to_sensitive_body("s3cret")?;
    /// assert_eq!(body.into_bytes(), r#""s3cret""#);
    /// # Ok::<(), mainstay_json::EncodeError>(())
    /// ```
    pub fn into_bytes(self) -> Bytes {
        self.data.map(JsonData::into_bytes).unwrap_or_default()
    }

    fn of(memory: Memory) -> Self {
        let data = JsonData::new(memory);
        Self { data: Some(data).filter(|it| !it.is_empty()) }
    }

    fn len(&self) -> usize {
        self.data.as_ref().map_or(0, |data| data.len())
    }
}

impl From<Buffer> for JsonBody {
    fn from(buffer: Buffer) -> Self {
        Self::of(Memory::Pooled(buffer))
    }
}

impl From<Sensitive> for JsonBody {
    fn from(sensitive: Sensitive) -> Self {
        Self::of(Memory::Sensitive(sensitive))
    }
}

impl std::ops::Deref for JsonBody {
    type Target = [u8];

    /// What has not been sent yet.
    fn deref(&self) -> &[u8] {
        self.data.as_deref().unwrap_or_default()
    }
}

impl Body for JsonBody {
    type Data = JsonData;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<JsonData>, Infallible>>> {
        Poll::Ready(self.data.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len() as u64)
    }
}
