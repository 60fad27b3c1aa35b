use std::error::Error as StdError;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use mainstay_core::Deadline;
use tower_service::Service;

use super::layer::Shared;
use super::source::{Exchange, Kept};
use super::{HttpRetryFuture, MapBody, PeekBody, Unmapped};
use crate::classify::{Classify, HttpClassifier};
use crate::retry::core::Core;
use crate::retry::nested::nest;
use crate::retry::replay::Recording;
use crate::retry::{Attempt, GaveUp, ReplayBody};

/// Sends a request again if it fails; see [`HttpRetryLayer`](super::HttpRetryLayer).
///
/// Ready when the inner service is. The value that was ready makes the first attempt, and before
/// every other it is made ready again. Should it fail then, the call ends as the attempt before,
/// if that has ended with an error, or else, where the response had to be dropped meanwhile to let
/// the service become ready, with the error of readiness.
#[derive(Debug)]
pub struct HttpRetryService<S, C = HttpClassifier, M = Unmapped> {
    inner: S,
    shared: Arc<Shared<C, M>>,
}

impl<S, C, M> HttpRetryService<S, C, M> {
    pub(super) fn new(inner: S, shared: Arc<Shared<C, M>>) -> Self {
        Self { inner, shared }
    }
}

impl<S: Clone, C, M> Clone for HttpRetryService<S, C, M> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<S, C, M, B, R> Service<Request<B>> for HttpRetryService<S, C, M>
where
    S: Service<Request<M::Body>, Response = Response<R>> + Clone,
    C: Classify<Result<Response<R>, S::Error>>,
    M: MapBody<ReplayBody<B>>,
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    R: Body + Unpin,
{
    type Response = Response<PeekBody<R>>;
    type Error = S::Error;
    type Future = HttpRetryFuture<S, B, C, M, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (head, body) = request.into_parts();
        let mut core = Core::new(head.extensions.get::<Deadline>().copied());
        let rules = &self.shared.policy.rules;
        if let Some(within) = self.shared.within {
            core.limit(within, rules);
        }
        core.begin(rules);
        match self.record(&mut core, &head, body) {
            Ok(recording) => self.call_and_keep(core, head, recording),
            Err(body) => self.call_once(core, head, body),
        }
    }
}

impl<S, C, M> HttpRetryService<S, C, M> {
    /// Of a request that is sent once the body comes back.
    fn record<B: Body>(&self, core: &mut Core, head: &Parts, body: B) -> Result<Recording<B>, B> {
        if !core.may_retry() {
            return Err(body);
        }
        let again = head.extensions.get::<Attempt>().is_some();
        if again && !self.shared.policy.rules.even_when_nested {
            core.refuse(GaveUp::Nested);
            return Err(body);
        }
        if !self.shared.eligible.allows(head) {
            core.refuse(GaveUp::NotIdempotent);
            return Err(body);
        }
        Recording::new(body, self.shared.body_cap)
            .inspect_err(|_| core.refuse(GaveUp::BodyTooLarge))
    }

    fn call_once<B, R>(
        &mut self,
        core: Core,
        head: Parts,
        body: B,
    ) -> HttpRetryFuture<S, B, C, M, R>
    where
        S: Service<Request<M::Body>, Response = Response<R>>,
        M: MapBody<ReplayBody<B>>,
        B: Body,
        R: Body,
    {
        let shared = Arc::clone(&self.shared);
        let body = shared.map.map_body(ReplayBody::once(body));
        let first = self.inner.call(Request::from_parts(head, body));
        HttpRetryFuture::new(Exchange { shared, kept: None }, core, first)
    }

    fn call_and_keep<B, R>(
        &mut self,
        core: Core,
        head: Parts,
        body: Recording<B>,
    ) -> HttpRetryFuture<S, B, C, M, R>
    where
        S: Service<Request<M::Body>, Response = Response<R>> + Clone,
        M: MapBody<ReplayBody<B>>,
        B: Body,
        R: Body,
    {
        let shared = Arc::clone(&self.shared);
        let first = shared.map.map_body(body.reader());
        let first = Request::from_parts(head.clone(), first);
        // The value that is ready is the one that is called; another one is left in its place.
        let clone = self.inner.clone();
        let mut service = mem::replace(&mut self.inner, clone);
        let first = nest(true, || service.call(first));
        let kept = Kept { service, head, body };
        HttpRetryFuture::new(Exchange { shared, kept: Some(kept) }, core, first)
    }
}
