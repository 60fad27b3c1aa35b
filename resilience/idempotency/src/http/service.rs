use std::error::Error as StdError;
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::body::IdempotencyBody;
use super::config::Config;
use super::detach::{Detach, Layered, Running, Tasks};
use super::flight::{Flight, Flights};
use super::future::IdempotencyFuture;
use super::refused::IdempotencyError;
use super::run::Try;
use crate::Store;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// The service that [`IdempotencyLayer`](crate::IdempotencyLayer) makes.
///
/// It is ready when the inner one is. The value that is ready is the one that is called, once the
/// key is claimed; it is dropped where an answer is there already.
pub struct IdempotencyService<S, St> {
    inner: S,
    shared: Arc<Shared<St>>,
}

/// What all services and tries of a layer share.
pub(super) struct Shared<St> {
    pub(super) store: Arc<St>,
    pub(super) config: Config,
    pub(super) flights: Arc<Flights>,
    pub(super) tasks: Tasks,
}

impl<St: Store> Layered for Shared<St> {
    fn config(&self) -> &Config {
        &self.config
    }

    fn tasks(&self) -> &Tasks {
        &self.tasks
    }
}

impl<S, St> IdempotencyService<S, St> {
    pub(super) fn new(inner: S, shared: Arc<Shared<St>>) -> Self {
        Self { inner, shared }
    }
}

impl<S, St, ReqBody, ResBody> Service<Request<ReqBody>> for IdempotencyService<S, St>
where
    S: Service<Request<IdempotencyBody<ReqBody>>, Response = Response<ResBody>>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    St: Store,
    ReqBody: Body<Data = Bytes> + Send + 'static,
    ReqBody::Error: Into<BoxError> + Send,
    ResBody: Body<Data = Bytes> + Send + 'static,
    ResBody::Error: Send + 'static,
{
    type Response = Response<IdempotencyBody<ResBody>>;
    type Error = IdempotencyError<S::Error>;
    type Future = IdempotencyFuture<S::Future, ResBody, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(IdempotencyError::Inner)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (parts, body) = request.into_parts();
        match self.shared.config.key(&parts) {
            Ok(Some(key)) => {
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                let flight = Arc::new(Flight::default());
                let shared = Arc::clone(&self.shared);
                let layer: Arc<dyn Layered> = Arc::<Shared<St>>::clone(&shared);
                let detach = Detach { key, flight: Arc::clone(&flight), layer };
                // In a box, as it is moved to a task of its own if the client goes away.
                let job = Box::pin(Try { shared, inner, parts, body, key, flight }.run());
                IdempotencyFuture::running(Running::new(job, detach))
            }
            Ok(None) => {
                let body = IdempotencyBody::unread(body);
                IdempotencyFuture::passed(self.inner.call(Request::from_parts(parts, body)))
            }
            Err(refused) => IdempotencyFuture::refused(refused),
        }
    }
}

/// A clone has been asked for readiness by nobody yet.
impl<S: Clone, St> Clone for IdempotencyService<S, St> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<S: fmt::Debug, St> fmt::Debug for IdempotencyService<S, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotencyService")
            .field("inner", &self.inner)
            .field("config", &self.shared.config)
            .finish_non_exhaustive()
    }
}
