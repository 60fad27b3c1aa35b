use std::error::Error as StdError;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::builder::Total;
use super::error::{Attempted, Refused, flatten};
use super::future::Watched;
use super::{ClientFuture, StackClassifier};
use crate::Rejected;
use crate::breaker::{HttpCircuitBreakerService, WatchedBody};
use crate::retry::{HttpRetryService, MapBody, PeekBody, ReplayBody, Unmapped};
use crate::timeout::Timeout;

/// A client with its policies: from [`ClientStack::service`](super::ClientStack::service). `W` is
/// what the breaker makes of the client.
#[derive(Clone, Debug)]
pub struct ClientService<S, M = Unmapped, W = HttpCircuitBreakerService<Timeout<S>>> {
    layers: Timeout<Retrying<W, M>, Total>,
    client: PhantomData<fn() -> S>,
}

pub(super) type Retrying<W, M> = HttpRetryService<W, StackClassifier, M>;

impl<S, M, W> ClientService<S, M, W> {
    pub(super) fn new(layers: Timeout<Retrying<W, M>, Total>) -> Self {
        Self { layers, client: PhantomData }
    }
}

impl<S, M, W, B, R, E> Service<Request<B>> for ClientService<S, M, W>
where
    W: Service<Request<M::Body>, Response = Watched<R>, Error = Attempted<E>> + Clone,
    M: MapBody<ReplayBody<B>>,
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    R: Body + Unpin,
{
    type Response = Response<PeekBody<WatchedBody<R>>>;
    type Error = Rejected<Refused, E>;
    type Future = ClientFuture<W, B, M, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.layers.poll_ready(cx).map_err(flatten)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ClientFuture::new(self.layers.call(request))
    }
}
