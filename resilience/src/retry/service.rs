use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::core::Core;
use super::layer::Shared;
use super::nested::nest;
use super::rules::Rules;
use super::source::Source;
use super::{Attempt, Deadlines, GaveUp, NoDeadline, RetryFuture};
use crate::classify::{AnyError, Classify, Verdict};

/// Calls the inner service again if a call fails; see [`RetryLayer`](super::RetryLayer).
///
/// Ready when the inner service is. The value that was ready makes the first attempt, and before
/// every other it is made ready again. Should it fail then, the call ends as the attempt before.
#[derive(Debug)]
pub struct RetryService<S, C = AnyError, D = NoDeadline> {
    inner: S,
    shared: Arc<Shared<C, D>>,
}

impl<S, C, D> RetryService<S, C, D> {
    pub(super) fn new(inner: S, shared: Arc<Shared<C, D>>) -> Self {
        Self { inner, shared }
    }
}

impl<S: Clone, C, D> Clone for RetryService<S, C, D> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<S, C, D, Req> Service<Req> for RetryService<S, C, D>
where
    S: Service<Req> + Clone,
    Req: Clone,
    C: Classify<Result<S::Response, S::Error>>,
    D: Deadlines<Req>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = RetryFuture<S, Req, C, D>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let mut core = Core::new(self.shared.deadlines.deadline(&request));
        core.begin(&self.shared.policy.rules);
        let shared = Arc::clone(&self.shared);
        if !core.may_retry() {
            let first = self.inner.call(request);
            return RetryFuture::new(Repeated { shared, kept: None }, core, first);
        }
        // The value that is ready is the one that is called; another one is left in its place.
        let clone = self.inner.clone();
        let mut service = mem::replace(&mut self.inner, clone);
        let first = nest(true, || service.call(request.clone()));
        RetryFuture::new(Repeated { shared, kept: Some(Kept { service, request }) }, core, first)
    }
}

/// Attempts that a service makes.
pub(super) struct Repeated<S, Req, C, D> {
    shared: Arc<Shared<C, D>>,
    /// Nothing, where there is no other attempt.
    kept: Option<Kept<S, Req>>,
}

struct Kept<S, Req> {
    service: S,
    request: Req,
}

impl<S, Req, C, D> Source for Repeated<S, Req, C, D>
where
    S: Service<Req>,
    Req: Clone,
    C: Classify<Result<S::Response, S::Error>>,
{
    type Attempt = S::Future;
    type Output = Result<S::Response, S::Error>;

    fn rules(&self) -> &Rules {
        &self.shared.policy.rules
    }

    fn judge(
        &mut self,
        output: Self::Output,
        _: bool,
        _: &mut Context<'_>,
    ) -> (Self::Output, Verdict) {
        let verdict = self.shared.policy.classifier.classify(&output);
        (output, verdict)
    }

    fn rewind(&mut self) -> Result<(), GaveUp> {
        self.kept.as_ref().map(drop).ok_or(GaveUp::Attempts)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Output>> {
        match &mut self.kept {
            Some(kept) => kept.service.poll_ready(cx).map_err(Err),
            None => Poll::Ready(Ok(())),
        }
    }

    fn begin(&mut self, _: Attempt, last: bool) -> Option<S::Future> {
        if last {
            let Kept { mut service, request } = self.kept.take()?;
            return Some(service.call(request));
        }
        let kept = self.kept.as_mut()?;
        Some(kept.service.call(kept.request.clone()))
    }

    /// A response may have a place at the service until it is read or dropped; an error has not.
    fn is_in_the_way(result: &Self::Output) -> bool {
        result.is_ok()
    }
}
