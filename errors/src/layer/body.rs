use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::future::catch;
use super::trailers::Trailers;

pin_project! {
    /// The body of a response that went through [`FaultLayer`](crate::FaultLayer): the inner
    /// service's own, or a rendered fault.
    #[derive(Debug)]
    pub struct FaultBody<B> {
        #[pin]
        content: Content<B>,
    }
}

pin_project! {
    #[project = ContentProjection]
    #[derive(Debug)]
    enum Content<B> {
        Inner { #[pin] body: B },
        Grpc { #[pin] body: B, trailers: Trailers },
        Rendered { bytes: Bytes },
    }
}

impl<B> FaultBody<B> {
    pub(super) fn inner(body: B) -> Self {
        Self { content: Content::Inner { body } }
    }

    /// A gRPC response, whose trailers may turn out to be an error.
    pub(super) fn grpc(body: B, trailers: Trailers) -> Self {
        Self { content: Content::Grpc { body, trailers } }
    }

    pub(super) fn rendered(bytes: Bytes) -> Self {
        Self { content: Content::Rendered { bytes } }
    }
}

/// An empty body.
impl<B> Default for FaultBody<B> {
    fn default() -> Self {
        Self::rendered(Bytes::new())
    }
}

impl<B: Body<Data = Bytes>> Body for FaultBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut content = self.project().content;
        let panic = match content.as_mut().project() {
            ContentProjection::Inner { body } => return body.poll_frame(cx),
            ContentProjection::Grpc { body, trailers } => match catch(|| body.poll_frame(cx)) {
                Ok(polled) => return polled.map(|next| Some(next?.map(|it| shape(it, trailers)))),
                Err(panicked) => trailers.of_panic(&panicked),
            },
            ContentProjection::Rendered { bytes } if bytes.is_empty() => return Poll::Ready(None),
            ContentProjection::Rendered { bytes } => {
                return Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes)))));
            }
        };
        // What has panicked is not polled again.
        content.set(Content::Rendered { bytes: Bytes::new() });
        Poll::Ready(Some(Ok(Frame::trailers(panic))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Inner { body } | Content::Grpc { body, .. } => body.is_end_stream(),
            Content::Rendered { bytes } => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Inner { body } | Content::Grpc { body, .. } => body.size_hint(),
            Content::Rendered { bytes } => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}

fn shape(mut frame: Frame<Bytes>, trailers: &Trailers) -> Frame<Bytes> {
    if let Some(fields) = frame.trailers_mut() {
        trailers.shape(fields);
    }
    frame
}
