use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::core::Core;
use super::nested::nest;
use super::rules::Rules;
use super::source::Source;
use super::{Attempt, Deadlines, GaveUp, NoDeadline, Retry, RetryFuture};
use crate::classify::{AnyError, Classify, Verdict};

/// Calls the inner service again if a call fails; see [`RetryLayer`](super::RetryLayer).
///
/// Ready when the inner service is. The value that was ready makes the first attempt, and before
/// every other it is made ready again. Should it fail then, or [not be ready in
/// time](super#deadlines), the call ends as the attempt before.
pub struct RetryService<S, C = AnyError, D = NoDeadline, P = Arc<Retry<C>>> {
    inner: S,
    policy: P,
    deadlines: D,
    classifier: PhantomData<fn() -> C>,
}

impl<S, C, D, P> RetryService<S, C, D, P> {
    pub(super) fn new(inner: S, policy: P, deadlines: D) -> Self {
        Self { inner, policy, deadlines, classifier: PhantomData }
    }
}

impl<S, C, D, P, Req> Service<Req> for RetryService<S, C, D, P>
where
    S: Service<Req> + Clone,
    Req: Clone,
    C: Classify<Result<S::Response, S::Error>>,
    D: Deadlines<Req>,
    P: Borrow<Retry<C>> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = RetryFuture<S, Req, C, P>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let mut core = Core::new(self.deadlines.deadline(&request));
        core.begin(&self.policy.borrow().rules);
        let policy = self.policy.clone();
        if !core.may_retry() {
            let first = self.inner.call(request);
            return RetryFuture::new(Repeated::new(policy, None), core, first);
        }
        // The value that is ready is the one that is called; another one is left in its place.
        let clone = self.inner.clone();
        let mut service = mem::replace(&mut self.inner, clone);
        let first = nest(true, || service.call(request.clone()));
        RetryFuture::new(Repeated::new(policy, Some(Kept { service, request })), core, first)
    }
}

impl<S: Clone, C, D: Clone, P: Clone> Clone for RetryService<S, C, D, P> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.policy.clone(), self.deadlines.clone())
    }
}

impl<S: fmt::Debug, C, D: fmt::Debug, P: fmt::Debug> fmt::Debug for RetryService<S, C, D, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryService")
            .field("inner", &self.inner)
            .field("policy", &self.policy)
            .field("deadlines", &self.deadlines)
            .finish()
    }
}

/// Attempts that a service makes.
pub(super) struct Repeated<S, Req, C, P> {
    policy: P,
    /// Nothing, where there is no other attempt.
    kept: Option<Kept<S, Req>>,
    classifier: PhantomData<fn() -> C>,
}

impl<S, Req, C, P> Repeated<S, Req, C, P> {
    fn new(policy: P, kept: Option<Kept<S, Req>>) -> Self {
        Self { policy, kept, classifier: PhantomData }
    }
}

struct Kept<S, Req> {
    service: S,
    request: Req,
}

impl<S, Req, C, P> Source for Repeated<S, Req, C, P>
where
    S: Service<Req>,
    Req: Clone,
    C: Classify<Result<S::Response, S::Error>>,
    P: Borrow<Retry<C>>,
{
    type Attempt = S::Future;
    type Output = Result<S::Response, S::Error>;

    fn rules(&self) -> &Rules {
        &self.policy.borrow().rules
    }

    fn judge(
        &mut self,
        output: Self::Output,
        _: bool,
        _: &mut Context<'_>,
    ) -> (Self::Output, Verdict) {
        let verdict = self.policy.borrow().classifier.classify(&output);
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
