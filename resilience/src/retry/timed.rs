use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use mainstay_core::Deadline;
use pin_project_lite::pin_project;

use super::rules::Rules;
use super::run::Lazy;
use super::source::Source;
use super::{Attempt, Retry, RetryCall};
use crate::Rejected;
use crate::classify::{AnyError, Classify, Verdict};
use crate::timeout::{Elapsed, Limit, Timed, timeout};

/// A call of which each attempt has a limit, by
/// [`RetryCall::attempt_timeout`](super::RetryCall::attempt_timeout).
#[derive(Clone, Debug)]
#[must_use = "it does nothing until it is run"]
pub struct TimedCall<P, C = AnyError> {
    call: RetryCall<P, C>,
    limit: Limit,
}

impl<P: Borrow<Retry<C>>, C> TimedCall<P, C> {
    pub(super) fn new(call: RetryCall<P, C>, limit: Limit) -> Self {
        Self { call, limit }
    }

    /// As [`RetryCall::deadline`](super::RetryCall::deadline), which may be said before or after the
    /// limit of each attempt.
    pub fn deadline(mut self, deadline: impl Into<Option<Deadline>>) -> Self {
        self.call = self.call.deadline(deadline);
        self
    }

    /// As [`RetryCall::run`](super::RetryCall::run).
    ///
    /// The policy judges what the closure returns. An attempt that was cut off is a timeout, which
    /// a [bucket](crate::budget::Tokens) charges as such; if it was the last one the call fails
    /// with [`Elapsed`].
    pub fn run<F, A, T, E>(self, attempts: F) -> TimedRun<P, C, F, A, T, E>
    where
        F: FnMut(Attempt) -> A,
        A: Future<Output = Result<T, E>>,
        C: Classify<Result<T, E>>,
    {
        let deadline = self.call.deadline_is();
        TimedRun { attempts: Lazy::new(TimedClosure { call: self, attempts }, deadline) }
    }
}

/// Attempts that a closure makes, and that are cut off.
struct TimedClosure<P, C, F> {
    call: TimedCall<P, C>,
    attempts: F,
}

impl<P, C, F, A, T, E> Source for TimedClosure<P, C, F>
where
    P: Borrow<Retry<C>>,
    F: FnMut(Attempt) -> A,
    A: Future<Output = Result<T, E>>,
    C: Classify<Result<T, E>>,
{
    type Attempt = Timed<A>;
    type Output = Result<T, Rejected<Elapsed, E>>;

    fn rules(&self) -> &Rules {
        &self.call.call.policy().rules
    }

    fn judge(
        &mut self,
        output: Result<Result<T, E>, Elapsed>,
        _: bool,
        _: &mut Context<'_>,
    ) -> (Self::Output, Verdict) {
        match output {
            Ok(result) => {
                let verdict = self.call.call.policy().classifier.classify(&result);
                (result.map_err(Rejected::Inner), verdict)
            }
            Err(elapsed) => (Err(Rejected::Rejection(elapsed)), Verdict::timed_out()),
        }
    }

    fn begin(&mut self, attempt: Attempt, _: bool) -> Option<Timed<A>> {
        Some(timeout(self.call.limit, (self.attempts)(attempt)))
    }
}

pin_project! {
    /// The future of [`TimedCall::run`].
    ///
    /// Dropping it drops the attempt that runs; one that was waited for goes back to the budget.
    #[must_use = "futures do nothing unless polled"]
    pub struct TimedRun<P, C, F, A, T, E> {
        #[pin]
        attempts: Lazy<TimedClosure<P, C, F>, Timed<A>, Result<T, Rejected<Elapsed, E>>>,
    }
}

impl<P, C, F, A, T, E> Future for TimedRun<P, C, F, A, T, E>
where
    P: Borrow<Retry<C>>,
    F: FnMut(Attempt) -> A,
    A: Future<Output = Result<T, E>>,
    C: Classify<Result<T, E>>,
{
    type Output = Result<T, Rejected<Elapsed, E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().attempts.poll(cx)
    }
}

impl<P, C, F, A, T, E> fmt::Debug for TimedRun<P, C, F, A, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimedRun").finish_non_exhaustive()
    }
}
