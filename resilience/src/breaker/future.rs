use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::WatchedBody;
use super::layer::ResponseJudge;
use super::{Open, Permit};
use crate::Rejected;
use crate::classify::{Classify, HttpClassifier};
use crate::permit::held_unless_it_panics;

pin_project! {
    /// The future of [`CircuitBreakerService`](super::CircuitBreakerService).
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct CircuitBreakerFuture<F, C> {
        #[pin]
        state: State<F, C>,
    }
}

pin_project! {
    /// The future of [`HttpCircuitBreakerService`](super::HttpCircuitBreakerService).
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct HttpCircuitBreakerFuture<F, C = HttpClassifier> {
        #[pin]
        state: State<F, ResponseJudge<C>>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F, J> {
        Running {
            #[pin]
            future: F,
            held: Option<(Permit, J)>,
        },
        Rejected { open: Option<Open> },
    }
}

impl<F, C> CircuitBreakerFuture<F, C> {
    pub(super) fn running(future: F, permit: Permit, classify: C) -> Self {
        Self { state: State::running(future, permit, classify) }
    }

    pub(super) fn rejected(open: Open) -> Self {
        Self { state: State::Rejected { open: Some(open) } }
    }
}

impl<F, C> HttpCircuitBreakerFuture<F, C> {
    pub(super) fn running(future: F, permit: Permit, judge: ResponseJudge<C>) -> Self {
        Self { state: State::running(future, permit, judge) }
    }

    pub(super) fn rejected(open: Open) -> Self {
        Self { state: State::Rejected { open: Some(open) } }
    }
}

impl<F, J> State<F, J> {
    fn running(future: F, permit: Permit, judge: J) -> Self {
        Self::Running { future, held: Some((permit, judge)) }
    }

    /// Polls what runs; `settle` is given its result once, with the permit.
    fn poll_with<T, E, U>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        settle: impl FnOnce(Result<T, E>, Permit, J) -> Result<U, E>,
    ) -> Poll<Result<U, Rejected<Open, E>>>
    where
        F: Future<Output = Result<T, E>>,
    {
        match self.project() {
            StateProjection::Running { future, held } => {
                let Poll::Ready(result) = held_unless_it_panics(held, || future.poll(cx)) else {
                    return Poll::Pending;
                };
                match held.take() {
                    Some((permit, judge)) => {
                        Poll::Ready(settle(result, permit, judge).map_err(Rejected::Inner))
                    }
                    None => Poll::Pending,
                }
            }
            StateProjection::Rejected { open } => match open.take() {
                Some(open) => Poll::Ready(Err(Rejected::Rejection(open))),
                None => Poll::Pending,
            },
        }
    }
}

impl<F, C, T, E> Future for CircuitBreakerFuture<F, C>
where
    F: Future<Output = Result<T, E>>,
    C: Classify<Result<T, E>>,
{
    type Output = Result<T, Rejected<Open, E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().state.poll_with(cx, |result, permit, classify| {
            permit.finish(classify.classify(&result));
            result
        })
    }
}

impl<F, C, B, E> Future for HttpCircuitBreakerFuture<F, C>
where
    F: Future<Output = Result<Response<B>, E>>,
    C: Classify<Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<WatchedBody<B>>, Rejected<Open, E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let state = self.project().state;
        state.poll_with(cx, |result, permit, judge| judge.watch(result, permit))
    }
}
