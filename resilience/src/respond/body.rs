use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The inner service's body, or none where a policy answered.
    #[derive(Debug)]
    pub struct RespondBody<B> {
        #[pin]
        body: Option<B>,
    }
}

impl<B> RespondBody<B> {
    pub(super) fn inner(body: B) -> Self {
        Self { body: Some(body) }
    }

    pub(super) fn empty() -> Self {
        Self { body: None }
    }
}

impl<B> Default for RespondBody<B> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<B: Body> Body for RespondBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project().body.as_pin_mut() {
            Some(body) => body.poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}
