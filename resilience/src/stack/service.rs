use std::error::Error as StdError;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::builder::Total;
use super::error::{Refused, flatten};
use super::{ClientFuture, StackClassifier};
use crate::Rejected;
use crate::breaker::{HttpCircuitBreakerService, WatchedBody};
use crate::retry::{HttpRetryService, MapBody, PeekBody, ReplayBody, Unmapped};
use crate::timeout::Timeout;

/// A client with its policies: from [`ClientStack::service`](super::ClientStack::service).
#[derive(Clone, Debug)]
pub struct ClientService<S, M = Unmapped> {
    layers: Timeout<Retrying<S, M>, Total>,
}

pub(super) type Retrying<S, M> = HttpRetryService<Attempting<S>, StackClassifier, M>;
pub(super) type Attempting<S> = HttpCircuitBreakerService<Timeout<S>>;

impl<S, M> ClientService<S, M> {
    pub(super) fn new(layers: Timeout<Retrying<S, M>, Total>) -> Self {
        Self { layers }
    }
}

impl<S, M, B, R> Service<Request<B>> for ClientService<S, M>
where
    S: Service<Request<M::Body>, Response = Response<R>> + Clone,
    M: MapBody<ReplayBody<B>>,
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    R: Body + Unpin,
{
    type Response = Response<PeekBody<WatchedBody<R>>>;
    type Error = Rejected<Refused, S::Error>;
    type Future = ClientFuture<S, B, M, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.layers.poll_ready(cx).map_err(flatten)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ClientFuture::new(self.layers.call(request))
    }
}
