use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::Retry;
use super::core::Core;
use super::drive::Drive;
use super::service::Repeated;
use crate::classify::Classify;

pin_project! {
    /// The future of [`RetryService`](super::RetryService).
    ///
    /// Dropping it drops the attempt that runs; one that was waited for goes back to the budget.
    #[must_use = "futures do nothing unless polled"]
    pub struct RetryFuture<S, Req, C, P>
    where
        S: Service<Req>,
    {
        #[pin]
        attempts: Drive<Repeated<S, Req, C, P>, S::Future, Result<S::Response, S::Error>>,
    }
}

impl<S: Service<Req>, Req, C, P> RetryFuture<S, Req, C, P> {
    pub(super) fn new(source: Repeated<S, Req, C, P>, core: Core, first: S::Future) -> Self {
        Self { attempts: Drive::new(source, core, first) }
    }
}

impl<S, Req, C, P> Future for RetryFuture<S, Req, C, P>
where
    S: Service<Req>,
    Req: Clone,
    C: Classify<Result<S::Response, S::Error>>,
    P: Borrow<Retry<C>>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().attempts.poll(cx)
    }
}

impl<S: Service<Req>, Req, C, P> fmt::Debug for RetryFuture<S, Req, C, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture").finish_non_exhaustive()
    }
}
