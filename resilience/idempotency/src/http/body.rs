use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// A body that may have been read already, in whole or in part: of requests on their way in,
    /// and of responses on their way out.
    pub struct IdempotencyBody<B: Body> {
        read: Read,
        error: Option<B::Error>,
        #[pin]
        rest: Rest<B>,
        trailers: Option<HeaderMap>,
    }
}

pin_project! {
    #[project = RestProjection]
    enum Rest<B> {
        Nothing,
        Unread { #[pin] body: B },
        // It was pinned to be read from, and is moved on.
        Begun { body: Pin<Box<B>> },
    }
}

/// What was read of a body: most often it is one piece.
#[derive(Debug, Default)]
pub(super) struct Read {
    one: Bytes,
    /// All of it, where it is several: kept apart, pieces of one byte would take thirty.
    several: Vec<u8>,
}

impl<B: Body> IdempotencyBody<B> {
    /// One that nobody has read from.
    pub(super) fn unread(body: B) -> Self {
        Self { read: Read::default(), error: None, rest: Rest::Unread { body }, trailers: None }
    }

    /// One that is all there.
    pub(super) fn whole(data: Bytes, trailers: Option<HeaderMap>) -> Self {
        Self { read: Read::of(data), error: None, rest: Rest::Nothing, trailers }
    }

    /// One that was read up to here, and goes on.
    pub(super) fn begun(read: Read, body: Pin<Box<B>>) -> Self {
        Self { read, error: None, rest: Rest::Begun { body }, trailers: None }
    }

    /// One that was read up to an error.
    pub(super) fn broken(read: Read, error: B::Error) -> Self {
        Self { read, error: Some(error), rest: Rest::Nothing, trailers: None }
    }
}

impl<B> Rest<B> {
    fn body(&self) -> Option<&B> {
        match self {
            Self::Nothing => None,
            Self::Unread { body } => Some(body),
            Self::Begun { body } => Some(body),
        }
    }
}

impl Read {
    fn of(data: Bytes) -> Self {
        let mut read = Self::default();
        read.push(data);
        read
    }

    pub(super) fn push(&mut self, data: Bytes) {
        if data.is_empty() {
            return;
        }
        if self.len() == 0 {
            self.one = data;
            return;
        }
        self.several.extend_from_slice(&mem::take(&mut self.one));
        self.several.extend_from_slice(&data);
    }

    /// How many bytes.
    pub(super) fn len(&self) -> usize {
        self.one.len().saturating_add(self.several.len())
    }

    /// All of it in one piece; copied only if it was several.
    pub(super) fn into_bytes(self) -> Bytes {
        if self.several.is_empty() { self.one } else { Bytes::from(self.several) }
    }

    fn take(&mut self) -> Option<Bytes> {
        let all = mem::take(self).into_bytes();
        if all.is_empty() { None } else { Some(all) }
    }
}

impl<B: Body<Data = Bytes>> Body for IdempotencyBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        if let Some(piece) = this.read.take() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        if let Some(error) = this.error.take() {
            return Poll::Ready(Some(Err(error)));
        }
        match this.rest.project() {
            RestProjection::Unread { body } => body.poll_frame(cx),
            RestProjection::Begun { body } => body.as_mut().poll_frame(cx),
            RestProjection::Nothing => {
                Poll::Ready(this.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let is_over = self.read.len() == 0 && self.error.is_none() && self.trailers.is_none();
        is_over && self.rest.body().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let read = self.read.len() as u64;
        let mut hint = SizeHint::new();
        let Some(rest) = self.rest.body() else {
            // A length would have a server end the message before the error, or the trailers.
            if self.error.is_some() || self.trailers.is_some() {
                hint.set_lower(read);
                return hint;
            }
            return SizeHint::with_exact(read);
        };
        let rest = rest.size_hint();
        hint.set_lower(rest.lower().saturating_add(read));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(read));
        }
        hint
    }
}

/// An empty one.
impl<B: Body> Default for IdempotencyBody<B> {
    fn default() -> Self {
        Self::whole(Bytes::new(), None)
    }
}

impl<B: Body> fmt::Debug for IdempotencyBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotencyBody")
            .field("read", &self.read.len())
            .field("goes_on", &self.rest.body().is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    fn read(pieces: usize) -> Read {
        let mut read = Read::default();
        for _ in 0..pieces {
            read.push(Bytes::from_static(b"x"));
        }
        read
    }

    /// A peer may send a byte at a time: that takes the memory of bytes, not that of pieces.
    #[test]
    fn what_is_read_takes_twice_its_length_at_most() {
        let pieces = 1 << 16;
        let read = read(pieces);
        assert!(read.len() == pieces && read.several.capacity() <= 2 * pieces);
        assert_eq!(read.into_bytes().len(), pieces);
    }

    #[test]
    fn a_length_is_told_only_of_what_ends_with_its_bytes() {
        let bytes = || Bytes::from_static(b"xxx");
        let whole = IdempotencyBody::<Full<Bytes>>::whole(bytes(), None);
        assert_eq!(whole.size_hint().exact(), Some(3));
        let trailers = Some(HeaderMap::new());
        let with_trailers = IdempotencyBody::<Full<Bytes>>::whole(bytes(), trailers);
        let broken =
            IdempotencyBody::<axum::body::Body>::broken(read(3), axum::Error::new("reset"));
        for hint in [with_trailers.size_hint(), broken.size_hint()] {
            assert_eq!((hint.lower(), hint.upper()), (3, None));
        }
    }
}
