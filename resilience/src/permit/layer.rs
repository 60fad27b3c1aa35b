use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::{DropCause, DroppedAs, dropped_as};

/// Says of what a service drops why: a layer around a whole server, whose futures are dropped when
/// the client hangs up.
///
/// Without it the breakers of clients further in take a client that hangs up for a timeout.
///
/// ```
/// use axum::{Router, routing::get};
/// use mainstay_resilience::permit::DroppedAsLayer;
///
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello" }))
///     .layer(DroppedAsLayer::caller_gone());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DroppedAsLayer {
    cause: DropCause,
}

impl DroppedAsLayer {
    /// For servers: [`DropCause::CallerGone`].
    pub const fn caller_gone() -> Self {
        Self::new(DropCause::CallerGone)
    }

    /// For any other cause.
    pub const fn new(cause: DropCause) -> Self {
        Self { cause }
    }
}

impl<S> Layer<S> for DroppedAsLayer {
    type Service = DroppedAsService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DroppedAsService { inner, cause: self.cause }
    }
}

/// The service that [`DroppedAsLayer`] makes.
#[derive(Clone, Debug)]
pub struct DroppedAsService<S> {
    inner: S,
    cause: DropCause,
}

impl<S: Service<Req>, Req> Service<Req> for DroppedAsService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = DroppedAs<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        dropped_as(self.cause, self.inner.call(request))
    }
}
