use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Frame, SizeHint};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Status;

use crate::orders::OrderError;

/// Ends answers that would stream for ever, as a watch of the health or a reflection does.
///
/// What an answer has to say already is said first: a watcher still hears that the service does
/// not serve, and a page of orders is complete.
pub(super) async fn with_the_service(
    State(closing): State<CancellationToken>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    if response.body().is_end_stream() {
        return response;
    }
    // Boxed, as the future cannot be moved and the body has to be.
    let closing = Box::pin(closing.cancelled_owned());
    response.map(|body| Body::new(Ending { body, closing, ended: false }))
}

/// A body that ends when it has nothing to say and the service closes.
struct Ending {
    body: Body,
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
    ended: bool,
}

impl HttpBody for Ending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        self.closing.as_mut().poll(context).map(|()| {
            self.ended = true;
            Some(Ok(Frame::trailers(draining())))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn draining() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    // Fails for text that is no header's value, and the message is escaped.
    let _ = Status::from(OrderError::Draining).add_header(&mut trailers);
    trailers
}
