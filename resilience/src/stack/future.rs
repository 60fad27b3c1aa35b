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
use super::error::{Refused, flatten};
use super::service::Attempting;
use crate::Rejected;
use crate::breaker::WatchedBody;
use crate::retry::{HttpRetryFuture, MapBody, PeekBody, ReplayBody};
use crate::timeout::TimeoutFuture;

type Layers<S, B, M, R> =
    TimeoutFuture<HttpRetryFuture<Attempting<S>, B, StackClassifier, M, WatchedBody<R>>>;

pin_project! {
    /// The future of [`ClientService`](super::ClientService).
    #[must_use = "futures do nothing unless polled"]
    pub struct ClientFuture<S, B, M, R>
    where
        S: Service<Request<M::Body>, Response = Response<R>>,
        M: MapBody<ReplayBody<B>>,
        B: Body,
        R: Body,
    {
        #[pin]
        layers: Layers<S, B, M, R>,
    }
}

impl<S, B, M, R> ClientFuture<S, B, M, R>
where
    S: Service<Request<M::Body>, Response = Response<R>>,
    M: MapBody<ReplayBody<B>>,
    B: Body,
    R: Body,
{
    pub(super) fn new(layers: Layers<S, B, M, R>) -> Self {
        Self { layers }
    }
}

impl<S, B, M, R> Future for ClientFuture<S, B, M, R>
where
    S: Service<Request<M::Body>, Response = Response<R>> + Clone,
    M: MapBody<ReplayBody<B>>,
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    R: Body + Unpin,
{
    type Output = Result<Response<PeekBody<WatchedBody<R>>>, Rejected<Refused, S::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().layers.poll(cx).map_err(flatten)
    }
}

impl<S, B, M, R> fmt::Debug for ClientFuture<S, B, M, R>
where
    S: Service<Request<M::Body>, Response = Response<R>>,
    M: MapBody<ReplayBody<B>>,
    B: Body,
    R: Body,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientFuture").finish_non_exhaustive()
    }
}
