use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::future::Timer;
use super::{Elapsed, Limit, TimeoutFuture};
use crate::permit::Scope;
use crate::{Rejected, Respond};

/// Makes [`BodyTimeout`](super::BodyTimeout) services: by
/// [`TimeoutLayer::including_body`](super::TimeoutLayer::including_body).
#[derive(Clone, Copy, Debug)]
pub struct BodyTimeoutLayer<L = Limit> {
    pub(super) limits: L,
}

impl<L> BodyTimeoutLayer<L> {
    pub(super) fn new(limits: L) -> Self {
        Self { limits }
    }

    /// Answers a request whose time is up before there is a response, instead of failing; see
    /// [`Respond`]. A body whose time is up fails all the same.
    pub fn respond(self) -> Respond<Self> {
        Respond::new(self)
    }
}

pin_project! {
    /// The future of [`BodyTimeout`](super::BodyTimeout).
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct BodyTimeoutFuture<F> {
        #[pin]
        response: TimeoutFuture<F>,
        limit: Limit,
    }
}

impl<F> BodyTimeoutFuture<F> {
    pub(super) fn new(future: F, limit: Limit) -> Self {
        Self { response: TimeoutFuture::new(future, limit), limit }
    }

    /// There was no time to make the call in.
    pub(super) fn too_late(limit: Limit) -> Self {
        Self { response: TimeoutFuture::too_late(), limit }
    }
}

impl<F, B, E> Future for BodyTimeoutFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<TimeoutBody<B>>, Rejected<Elapsed, E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let limit = *this.limit;
        let timed = |body| TimeoutBody { body: Some(body), timer: Timer::new(limit) };
        this.response.poll(cx).map(|result| result.map(|response| response.map(timed)))
    }
}

pin_project! {
    /// A body that fails with [`Elapsed`] if its last frame is not there in time.
    #[derive(Debug)]
    pub struct TimeoutBody<B> {
        #[pin]
        body: Option<B>,
        #[pin]
        timer: Timer,
    }
}

impl<B: Body> Body for TimeoutBody<B> {
    type Data = B::Data;
    type Error = Rejected<Elapsed, B::Error>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Self::Error>>> {
        let mut this = self.project();
        let Some(body) = this.body.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        match body.poll_frame(cx) {
            Poll::Ready(frame) => Poll::Ready(frame.map(|it| it.map_err(Rejected::Inner))),
            Poll::Pending => this.timer.as_mut().poll_elapsed(cx).map(|elapsed| {
                let _cause = Scope::enter(this.timer.cause());
                this.body.set(None);
                Some(Err(Rejected::Rejection(elapsed)))
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}
