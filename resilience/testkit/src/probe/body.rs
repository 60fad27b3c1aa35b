use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame};

use super::message::number_header;
use super::state::Shared;

/// The body of a [`Probe`](super::Probe)'s HTTP response: the number as text, then trailers.
///
/// It counts as long as it exists. The handle can have it stop before the trailers.
#[derive(Debug)]
pub struct ProbeBody {
    shared: Arc<Shared>,
    key: u64,
    number: u64,
    next: Part,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Data,
    Trailers,
    End,
}

impl ProbeBody {
    pub(super) fn new(shared: Arc<Shared>, number: u64) -> Self {
        let key = shared.with(|state| {
            state.counts.bodies += 1;
            state.key()
        });
        Self { shared, key, number, next: Part::Data }
    }

    fn stalls(&self, cx: &Context<'_>) -> bool {
        self.shared.with(|state| {
            if state.bodies_stall {
                state.wait(self.key, cx);
            }
            state.bodies_stall
        })
    }
}

impl Body for ProbeBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = match self.next {
            Part::Data => {
                self.next = Part::Trailers;
                Frame::data(self.number.to_string().into())
            }
            Part::Trailers if self.stalls(cx) => return Poll::Pending,
            Part::Trailers => {
                self.next = Part::End;
                let (name, value) = number_header(self.number);
                Frame::trailers(HeaderMap::from_iter([(name, value)]))
            }
            Part::End => return Poll::Ready(None),
        };
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.next, Part::End)
    }
}

impl Drop for ProbeBody {
    fn drop(&mut self) {
        self.shared.with(|state| {
            state.counts.bodies -= 1;
            state.forget(self.key);
        });
    }
}
