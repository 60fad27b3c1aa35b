use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::ReplayError;
use super::reading::Reading;
use super::recording::Shared;
use super::tape::Next;

pub(super) type Polled = Poll<Option<Result<Frame<Bytes>, ReplayError>>>;

pin_project! {
    /// The body that the service inside of a [retry](crate::retry::HttpRetryService) is sent.
    ///
    /// It passes on the original body frame by frame, and keeps what it passes, up to a cap. The
    /// body of another attempt begins with what was kept, and then reads on. An attempt that is
    /// over while its body is still being read finds that it has failed.
    pub struct ReplayBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<B> {
        Empty,
        Once { #[pin] body: B },
        Reader { shared: Shared<B>, number: u32 },
    }
}

impl<B> ReplayBody<B> {
    pub(super) fn empty() -> Self {
        Self { kind: Kind::Empty }
    }

    /// A body that is sent once.
    pub(in crate::retry) fn once(body: B) -> Self {
        Self { kind: Kind::Once { body } }
    }

    pub(super) fn reader(shared: Shared<B>, number: u32) -> Self {
        Self { kind: Kind::Reader { shared, number } }
    }
}

impl<B> Body for ReplayBody<B>
where
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Data = Bytes;
    type Error = ReplayError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        match self.project().kind.project() {
            KindProjection::Empty => Poll::Ready(None),
            KindProjection::Once { body } => body.poll_frame(cx).map(|frame| frame.map(whole)),
            KindProjection::Reader { shared, number } => poll_reader(shared, *number, cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Empty => true,
            Kind::Once { body } => body.is_end_stream(),
            Kind::Reader { shared, number } => {
                let tape = shared.lock();
                tape.reader == *number && tape.is_end_stream()
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Once { body } => body.size_hint(),
            Kind::Reader { shared, number } => {
                let tape = shared.lock();
                if tape.reader == *number { tape.size_hint() } else { SizeHint::default() }
            }
        }
    }
}

fn poll_reader<B>(shared: &Shared<B>, number: u32, cx: &mut Context<'_>) -> Polled
where
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let next = {
        let mut tape = shared.lock();
        if tape.reader != number {
            return superseded();
        }
        let next = tape.next();
        if matches!(next, Next::Read(_) | Next::Wait) {
            tape.wait(cx.waker());
        }
        next
    };
    match next {
        Next::Give(frame) => Poll::Ready(Some(Ok(frame))),
        Next::Ended => Poll::Ready(None),
        Next::Failed(error) => Poll::Ready(Some(Err(error))),
        Next::Wait => Poll::Pending,
        Next::Read(rest) => Reading::new(shared, number, rest).poll(cx),
    }
}

pub(super) fn superseded() -> Polled {
    Poll::Ready(Some(Err(ReplayError::SUPERSEDED)))
}

pub(super) fn whole<D, E>(frame: Result<Frame<D>, E>) -> Result<Frame<Bytes>, ReplayError>
where
    D: Buf,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let frame = frame.map_err(ReplayError::body)?;
    Ok(frame.map_data(|mut data| data.copy_to_bytes(data.remaining())))
}

impl<B> fmt::Debug for ReplayBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayBody").finish_non_exhaustive()
    }
}
