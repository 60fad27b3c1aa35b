use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::source::Exchange;
use super::{MapBody, PeekBody};
use crate::classify::Classify;
use crate::retry::ReplayBody;
use crate::retry::core::Core;
use crate::retry::drive::Drive;

type Answer<R, E> = Result<Response<PeekBody<R>>, E>;

pin_project! {
    /// The future of [`HttpRetryService`](super::HttpRetryService).
    ///
    /// Dropping it drops the attempt that runs; one that was waited for goes back to the budget.
    #[must_use = "futures do nothing unless polled"]
    pub struct HttpRetryFuture<S, B, C, M, R>
    where
        S: Service<Request<M::Body>>,
        M: MapBody<ReplayBody<B>>,
        B: Body,
        R: Body,
    {
        #[pin]
        attempts: Drive<Exchange<S, B, C, M>, S::Future, Answer<R, S::Error>>,
    }
}

impl<S, B, C, M, R> HttpRetryFuture<S, B, C, M, R>
where
    S: Service<Request<M::Body>>,
    M: MapBody<ReplayBody<B>>,
    B: Body,
    R: Body,
{
    pub(super) fn new(source: Exchange<S, B, C, M>, core: Core, first: S::Future) -> Self {
        Self { attempts: Drive::new(source, core, first) }
    }
}

impl<S, B, C, M, R> Future for HttpRetryFuture<S, B, C, M, R>
where
    S: Service<Request<M::Body>, Response = Response<R>>,
    C: Classify<Result<Response<R>, S::Error>>,
    M: MapBody<ReplayBody<B>>,
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    R: Body + Unpin,
{
    type Output = Answer<R, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().attempts.poll(cx)
    }
}

impl<S, B, C, M, R> fmt::Debug for HttpRetryFuture<S, B, C, M, R>
where
    S: Service<Request<M::Body>>,
    M: MapBody<ReplayBody<B>>,
    B: Body,
    R: Body,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRetryFuture").finish_non_exhaustive()
    }
}
