use std::borrow::Borrow;
use std::future::Future;
use std::marker::PhantomData;
use std::task::Context;

use mainstay_core::Deadline;

use super::rules::Rules;
use super::run::Run;
use super::source::Source;
use super::timed::TimedCall;
use super::{Attempt, Retry};
use crate::classify::{AnyError, Classify, Verdict};
use crate::timeout::Limit;

/// Begins a call under a policy, or a reference to one.
///
/// ```
/// use mainstay_core::Deadline;
/// use mainstay_resilience::retry::{Retry, retry};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let policy = Retry::exponential().attempts(3);
/// let now = tokio::time::Instant::now().into_std();
///
/// let answer = retry(&policy)
///     .deadline(Deadline::after(now, Duration::from_secs(5)))
///     .attempt_timeout(Duration::from_secs(1))
///     .run(async |attempt| if attempt.is_retry() { Ok(42) } else { Err("busy") })
///     .await;
/// assert_eq!(answer, Ok(42));
/// # }
/// ```
pub fn retry<C, P: Borrow<Retry<C>>>(policy: P) -> RetryCall<P, C> {
    RetryCall { policy, deadline: None, classifier: PhantomData }
}

impl<C> Retry<C> {
    /// Calls a closure until what it returns is no transient failure, or the policy says that it is
    /// enough. The result is the last one.
    ///
    /// The closure is called once for each attempt: `async |attempt| …`, or where it owns what it
    /// needs, `move |attempt| { let mine = mine.clone(); async move { … } }`.
    ///
    /// For a deadline, or a limit on each attempt, see [`retry`].
    ///
    /// ```
    /// use mainstay_resilience::retry::Retry;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let policy = Retry::exponential().attempts(3);
    /// let answer: Result<u32, &str> = policy
    ///     .run(async |attempt| if attempt.number() < 3 { Err("busy") } else { Ok(42) })
    ///     .await;
    /// assert_eq!(answer, Ok(42));
    /// # }
    /// ```
    pub fn run<F, A>(&self, attempts: F) -> Run<&Self, C, F, A>
    where
        F: FnMut(Attempt) -> A,
        A: Future,
        C: Classify<A::Output>,
    {
        retry(self).run(attempts)
    }
}

/// A call under a retry policy, by [`retry`].
#[derive(Clone, Debug)]
#[must_use = "it does nothing until it is run"]
pub struct RetryCall<P, C = AnyError> {
    policy: P,
    deadline: Option<Deadline>,
    classifier: PhantomData<fn() -> C>,
}

impl<P: Borrow<Retry<C>>, C> RetryCall<P, C> {
    /// No attempt after the first is begun that would not be over by then, going by what attempts
    /// took of late. Default: none.
    ///
    /// An attempt that has begun is not cut off: that is what
    /// [`timeout`](crate::timeout::timeout) is for.
    pub fn deadline(mut self, deadline: impl Into<Option<Deadline>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// Cuts off attempts that take longer, and takes that for a transient failure. Default: none.
    pub fn attempt_timeout(self, limit: impl Into<Limit>) -> TimedCall<P, C> {
        TimedCall::new(self, limit.into())
    }

    /// Calls the closure until what it returns is no transient failure, or the policy says that it
    /// is enough. The result is the last one.
    pub fn run<F, A>(self, attempts: F) -> Run<P, C, F, A>
    where
        F: FnMut(Attempt) -> A,
        A: Future,
        C: Classify<A::Output>,
    {
        let deadline = self.deadline;
        Run::new(Closure { call: self, attempts }, deadline)
    }

    pub(super) fn policy(&self) -> &Retry<C> {
        self.policy.borrow()
    }

    pub(super) fn deadline_is(&self) -> Option<Deadline> {
        self.deadline
    }
}

/// Attempts that a closure makes.
pub(super) struct Closure<P, C, F> {
    call: RetryCall<P, C>,
    attempts: F,
}

impl<P, C, F, A> Source for Closure<P, C, F>
where
    P: Borrow<Retry<C>>,
    F: FnMut(Attempt) -> A,
    A: Future,
    C: Classify<A::Output>,
{
    type Attempt = A;
    type Output = A::Output;

    fn rules(&self) -> &Rules {
        &self.call.policy().rules
    }

    fn judge(&mut self, output: A::Output, _: bool, _: &mut Context<'_>) -> (A::Output, Verdict) {
        let verdict = self.call.policy().classifier.classify(&output);
        (output, verdict)
    }

    fn begin(&mut self, attempt: Attempt, _: bool) -> Option<A> {
        Some((self.attempts)(attempt))
    }
}
