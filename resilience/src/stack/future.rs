use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::StackClassifier;
use super::error::{Attempted, Refused, flatten};
use crate::Rejected;
use crate::breaker::WatchedBody;
use crate::retry::{HttpRetryFuture, MapBody, PeekBody, ReplayBody};
use crate::timeout::TimeoutFuture;

pub(super) type Watched<R> = Response<WatchedBody<R>>;
type Layers<W, B, M, R> = TimeoutFuture<HttpRetryFuture<W, B, StackClassifier, M, WatchedBody<R>>>;

pin_project! {
    /// The future of [`ClientService`](super::ClientService).
    #[must_use = "futures do nothing unless polled"]
    pub struct ClientFuture<W, B, M, R>
    where
        W: Service<Request<M::Body>, Response = Watched<R>>,
        M: MapBody<ReplayBody<B>>,
        B: Body,
        R: Body,
    {
        #[pin]
        layers: Layers<W, B, M, R>,
    }
}

impl<W, B, M, R> ClientFuture<W, B, M, R>
where
    W: Service<Request<M::Body>, Response = Watched<R>>,
    M: MapBody<ReplayBody<B>>,
    B: Body,
    R: Body,
{
    pub(super) fn new(layers: Layers<W, B, M, R>) -> Self {
        Self { layers }
    }
}

impl<W, B, M, R, E> Future for ClientFuture<W, B, M, R>
where
    W: Service<Request<M::Body>, Response = Watched<R>, Error = Attempted<E>> + Clone,
    M: MapBody<ReplayBody<B>>,
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    R: Body + Unpin,
{
    type Output = Result<Response<PeekBody<WatchedBody<R>>>, Rejected<Refused, E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().layers.poll(cx).map_err(flatten)
    }
}

impl<W, B, M, R> fmt::Debug for ClientFuture<W, B, M, R>
where
    W: Service<Request<M::Body>, Response = Watched<R>>,
    M: MapBody<ReplayBody<B>>,
    B: Body,
    R: Body,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientFuture").finish_non_exhaustive()
    }
}
