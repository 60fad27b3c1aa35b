use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::core::Core;
use super::drive::Drive;
use super::service::Repeated;
use crate::classify::Classify;

pin_project! {
    /// The future of [`RetryService`](super::RetryService).
    ///
    /// Dropping it drops the attempt that runs; one that was waited for goes back to the budget.
    #[must_use = "futures do nothing unless polled"]
    pub struct RetryFuture<S, Req, C, D>
    where
        S: Service<Req>,
    {
        #[pin]
        attempts: Drive<Repeated<S, Req, C, D>, S::Future, Result<S::Response, S::Error>>,
    }
}

impl<S: Service<Req>, Req, C, D> RetryFuture<S, Req, C, D> {
    pub(super) fn new(source: Repeated<S, Req, C, D>, core: Core, first: S::Future) -> Self {
        Self { attempts: Drive::new(source, core, first) }
    }
}

impl<S, Req, C, D> Future for RetryFuture<S, Req, C, D>
where
    S: Service<Req>,
    Req: Clone,
    C: Classify<Result<S::Response, S::Error>>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().attempts.poll(cx)
    }
}

impl<S: Service<Req>, Req, C, D> fmt::Debug for RetryFuture<S, Req, C, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture").finish_non_exhaustive()
    }
}
