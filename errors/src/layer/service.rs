use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::body::FaultBody;
use super::config::Config;
use super::future::{FaultFuture, catch};
use super::request::Seen;
use crate::error::BoxError;

/// The service that [`FaultLayer`](crate::FaultLayer) makes.
#[derive(Debug)]
pub struct FaultService<S> {
    inner: S,
    config: Arc<Config>,
    /// Why the inner service is not ready and never will be: the answer to the next call.
    not_ready: Option<BoxError>,
}

impl<S> FaultService<S> {
    pub(super) fn new(inner: S, config: Arc<Config>) -> Self {
        Self { inner, config, not_ready: None }
    }
}

/// A clone has been asked for readiness by nobody yet.
impl<S: Clone> Clone for FaultService<S> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), Arc::clone(&self.config))
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for FaultService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    S::Error: Into<BoxError>,
    ResBody: Body<Data = Bytes>,
{
    type Response = Response<FaultBody<ResBody>>;
    type Error = Infallible;
    type Future = FaultFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.not_ready.is_some() {
            return Poll::Ready(Ok(()));
        }
        let inner = &mut self.inner;
        match catch(|| inner.poll_ready(cx)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(()))) => {}
            Ok(Poll::Ready(Err(error))) => self.not_ready = Some(error.into()),
            Err(panicked) => self.not_ready = Some(panicked.into()),
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let seen = Seen::of(&request);
        let config = Arc::clone(&self.config);
        if let Some(error) = self.not_ready.take() {
            return FaultFuture::failed(error, seen, config);
        }
        let inner = &mut self.inner;
        match catch(|| inner.call(request)) {
            Ok(future) => FaultFuture::new(future, seen, config),
            Err(panicked) => FaultFuture::failed(panicked.into(), seen, config),
        }
    }
}
