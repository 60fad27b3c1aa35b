use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use mainstay_core::Deadline;
use pin_project_lite::pin_project;

use super::call::Closure;
use super::core::Core;
use super::drive::Drive;
use super::nested::nest;
use super::source::Source;
use super::{Attempt, Retry};
use crate::classify::Classify;

pin_project! {
    /// Makes the first attempt when it is first polled.
    pub(super) struct Lazy<X, F, T> {
        unstarted: Option<(X, Core)>,
        #[pin]
        running: Option<Drive<X, F, T>>,
    }
}

impl<X, F, T> Lazy<X, F, T> {
    pub(super) fn new(source: X, deadline: Option<Deadline>) -> Self {
        Self { unstarted: Some((source, Core::new(deadline))), running: None }
    }
}

impl<X, F, T> Future for Lazy<X, F, T>
where
    X: Source<Attempt = F, Output = T>,
    F: Future,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut this = self.project();
        if let Some((mut source, mut core)) = this.unstarted.take() {
            core.begin(source.rules());
            let first = nest(core.may_retry(), || source.begin(Attempt::FIRST, core.is_last()));
            this.running.set(first.map(|first| Drive::new(source, core, first)));
        }
        match this.running.as_pin_mut() {
            Some(running) => running.poll(cx),
            // The closure has panicked when it was first called.
            None => Poll::Pending,
        }
    }
}

pin_project! {
    /// The future of [`RetryCall::run`](super::RetryCall::run) and [`Retry::run`].
    ///
    /// Dropping it drops the attempt that runs; one that was waited for goes back to the budget.
    #[must_use = "futures do nothing unless polled"]
    pub struct Run<P, C, F, A>
    where
        A: Future,
    {
        #[pin]
        attempts: Lazy<Closure<P, C, F>, A, A::Output>,
    }
}

impl<P, C, F, A: Future> Run<P, C, F, A> {
    pub(super) fn new(source: Closure<P, C, F>, deadline: Option<Deadline>) -> Self {
        Self { attempts: Lazy::new(source, deadline) }
    }
}

impl<P, C, F, A> Future for Run<P, C, F, A>
where
    P: Borrow<Retry<C>>,
    F: FnMut(Attempt) -> A,
    A: Future,
    C: Classify<A::Output>,
{
    type Output = A::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<A::Output> {
        self.project().attempts.poll(cx)
    }
}

impl<P, C, F, A: Future> fmt::Debug for Run<P, C, F, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}
