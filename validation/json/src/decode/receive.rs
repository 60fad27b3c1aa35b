use std::error::Error as StdError;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::{Body, Frame};
use pin_project_lite::pin_project;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{DecodeError, from_slice};
use crate::{Buffer, Limits};

type BoxError = Box<dyn StdError + Send + Sync>;

/// What is reserved for a body that says how long it will be, and may be lying.
const MOST_RESERVED: usize = 64 * 1024;

/// How many frames are read before others have their turn, should they all be there.
const FRAMES_A_TURN: usize = 128;

/// Reads a body to its end into a buffer of the pool.
///
/// A body that is too large is refused before anything of it is read if it says so itself, else
/// when it gets there. No more is reserved than 64 KiB and twice what has arrived, whatever the
/// body says of its length. Trailers are skipped.
///
/// A body may be as slow as its sender. There is no timer in here: put the deadline of the request
/// around the call. A future that is dropped gives its buffer back.
///
/// ```
/// use http_body_util::Full;
/// use mainstay_json::{Limits, read_body};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Line<'a> {
///     sku: &'a str,
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let body = Full::new(&br#"{"sku":"A-1"}"#[..]);
/// let received = read_body(body, &Limits::new()).await?;
/// let line: Line<'_> = received.decode()?; // borrows from what was received
/// assert_eq!(line.sku, "A-1");
/// # Ok::<(), mainstay_json::DecodeError>(())
/// # }).unwrap();
/// ```
pub fn read_body<B: Body>(body: B, limits: &Limits) -> ReadBody<B> {
    ReadBody { body, limits: *limits, declared: 0, buffer: None }
}

/// Reads a value from a body, within limits: [`read_body`] and [`Received::decode`] in one.
///
/// ```
/// use http_body_util::Full;
/// use mainstay_json::{Limits, from_body};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let numbers: Vec<u8> = from_body(Full::new(&b"[1,2]"[..]), &Limits::new()).await?;
/// assert_eq!(numbers, [1, 2]);
/// # Ok::<(), mainstay_json::DecodeError>(())
/// # }).unwrap();
/// ```
pub fn from_body<T: DeserializeOwned, B: Body>(body: B, limits: &Limits) -> FromBody<T, B> {
    FromBody { read: read_body(body, limits), value: PhantomData }
}

pin_project! {
    /// The future of [`read_body`].
    pub struct ReadBody<B> {
        #[pin]
        body: B,
        limits: Limits,
        declared: u64,
        buffer: Option<Buffer>,
    }
}

impl<B> ReadBody<B> {
    /// Takes the length from `Content-Length` as well, for a body that does not know it: one in a
    /// wrapper without a size hint, or with the limit of the wrapper as its hint. A body that can
    /// only be shorter than this is refused as too large. What is no number is ignored.
    ///
    /// ```
    /// use http_body_util::Full;
    /// use mainstay_json::{ErrorKind, Limits, read_body};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("content-length", "4096".parse().unwrap());
    /// let body = Full::new(&b"[]"[..]);
    /// let error = read_body(body, &Limits::new().body(1024)).headers(&headers).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::BodyTooLarge);
    /// # });
    /// ```
    #[must_use]
    pub fn headers(mut self, headers: &HeaderMap) -> Self {
        let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        self.declared = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        self
    }
}

impl<B> Future for ReadBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = Result<Received, DecodeError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let limit = this.limits.most_bytes();
        let buffer = if let Some(buffer) = this.buffer.as_mut() {
            buffer
        } else {
            let hint = this.body.size_hint();
            // A limit that somebody else has put around the body bounds its hint, and would be met
            // only once so much was read.
            if hint.upper().is_some_and(|most| *this.declared > most) {
                return Poll::Ready(Err(DecodeError::too_large()));
            }
            this.buffer.insert(begin(hint.lower().max(*this.declared), limit)?)
        };
        for _ in 0..FRAMES_A_TURN {
            match ready!(this.body.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => append(buffer, frame, limit)?,
                Some(Err(error)) => return Poll::Ready(Err(DecodeError::body(error.into()))),
                None => {
                    let buffer = this.buffer.take().unwrap_or_else(|| Buffer::with_capacity(0));
                    return Poll::Ready(Ok(Received { buffer, limits: *this.limits }));
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A buffer for a body that says it has so many bytes.
fn begin(declared: u64, limit: usize) -> Result<Buffer, DecodeError> {
    match usize::try_from(declared) {
        Ok(declared) if declared <= limit => Ok(Buffer::with_capacity(declared.min(MOST_RESERVED))),
        _ => Err(DecodeError::too_large()),
    }
}

fn append<D: Buf>(buffer: &mut Buffer, frame: Frame<D>, limit: usize) -> Result<(), DecodeError> {
    let Ok(mut data) = frame.into_data() else { return Ok(()) };
    if data.remaining() > limit.saturating_sub(buffer.len()) {
        return Err(DecodeError::too_large());
    }
    while data.has_remaining() {
        let chunk = data.chunk();
        buffer.extend_from_slice(chunk);
        let length = chunk.len();
        data.advance(length);
    }
    Ok(())
}

impl<B> fmt::Debug for ReadBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBody").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A body that was received whole. Its buffer goes back to the pool when this is dropped.
pub struct Received {
    buffer: Buffer,
    limits: Limits,
}

impl Received {
    /// Reads the value, within the limits that the body was received by. It may borrow: `&str` for
    /// strings without escapes, `Cow<str>` with `#[serde(borrow)]`, `&RawValue`.
    ///
    /// See [`read_body`] for an example.
    pub fn decode<'de, T: Deserialize<'de>>(&'de self) -> Result<T, DecodeError> {
        from_slice(&self.buffer, &self.limits)
    }

    /// The bytes as they were received, to check a signature over them for instance.
    ///
    /// ```
    /// use http_body_util::Full;
    /// use mainstay_json::{Limits, read_body};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let received = read_body(Full::new(&b" [1]\n"[..]), &Limits::new()).await?;
    /// assert_eq!(received.as_bytes(), b" [1]\n");
    /// # Ok::<(), mainstay_json::DecodeError>(())
    /// # }).unwrap();
    /// ```
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer
    }
}

/// Without the content, which is not for logs.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("bytes", &self.buffer.len()).finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`from_body`].
    pub struct FromBody<T, B> {
        #[pin]
        read: ReadBody<B>,
        value: PhantomData<fn() -> T>,
    }
}

impl<T, B> FromBody<T, B> {
    /// See [`ReadBody::headers`].
    ///
    /// ```
    /// # use http_body_util::Full;
    /// # use mainstay_json::{Limits, from_body};
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let request = http::Request::new(Full::new(&b"[1,2]"[..]));
    /// let (parts, body) = request.into_parts();
    /// let numbers: Vec<u8> = from_body(body, &Limits::new()).headers(&parts.headers).await?;
    /// # assert_eq!(numbers, [1, 2]);
    /// # Ok::<(), mainstay_json::DecodeError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn headers(mut self, headers: &HeaderMap) -> Self {
        self.read = self.read.headers(headers);
        self
    }
}

impl<T, B> Future for FromBody<T, B>
where
    T: DeserializeOwned,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = Result<T, DecodeError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.project().read.poll(cx)).and_then(|received| received.decode()).into()
    }
}

impl<T, B> fmt::Debug for FromBody<T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read.fmt(f)
    }
}
