//! Rejections as responses, for servers whose services must not fail.

mod answer;
mod body;
mod future;

use std::task::{Context, Poll};

use http::{Request, Response};
use mainstay_core::is_grpc;
use tower_layer::Layer;
use tower_service::Service;

pub use body::RespondBody;
pub use future::RespondFuture;

use crate::{Rejected, Rejection};
use answer::Answer;

/// A policy's layer whose rejections are answers: by the layer's own `respond()`.
///
/// Over HTTP the answer is the rejection's status with `Retry-After`, over gRPC a trailers-only
/// response with its code and `grpc-retry-pushback-ms`. Neither has a text: a layer that gives
/// errors their shape goes around this one. The error of the inner service stays as it is, so that
/// around a service that cannot fail this one cannot either, as `axum::Router::layer` wants it.
#[derive(Clone, Copy, Debug)]
pub struct Respond<L> {
    layer: L,
}

impl<L> Respond<L> {
    pub(crate) fn new(layer: L) -> Self {
        Self { layer }
    }
}

impl<S, L: Layer<S>> Layer<S> for Respond<L> {
    type Service = RespondService<L::Service>;

    fn layer(&self, inner: S) -> Self::Service {
        RespondService { inner: self.layer.layer(inner), rejected: None }
    }
}

/// The service that [`Respond`] makes.
#[derive(Debug)]
pub struct RespondService<S> {
    inner: S,
    /// A rejection that came before the request: the answer to the next call.
    rejected: Option<Answer>,
}

/// A clone has been asked for readiness by nobody yet.
impl<S: Clone> Clone for RespondService<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), rejected: None }
    }
}

impl<S, ReqBody, ResBody, R, E> Service<Request<ReqBody>> for RespondService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>, Error = Rejected<R, E>>,
    R: Rejection,
{
    type Response = Response<RespondBody<ResBody>>;
    type Error = E;
    type Future = RespondFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        if self.rejected.is_some() {
            return Poll::Ready(Ok(()));
        }
        self.inner.poll_ready(cx).map(|ready| match ready {
            Err(Rejected::Rejection(rejection)) => {
                self.rejected = Some(Answer::of(&rejection));
                Ok(())
            }
            Err(Rejected::Inner(error)) => Err(error),
            Ok(()) => Ok(()),
        })
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let grpc = is_grpc(request.headers());
        match self.rejected.take() {
            Some(answer) => RespondFuture::answered(answer, grpc),
            None => RespondFuture::new(self.inner.call(request), grpc),
        }
    }
}
