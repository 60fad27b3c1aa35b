//! Whether this thread is at work for a call that somebody tries again already.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

thread_local! {
    /// Set while a call that may be retried is polled, so that it follows the call as a task-local
    /// would, whatever the runtime.
    static NESTED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a retry further out, or [`without_retries`], has the say.
pub(super) fn is_nested() -> bool {
    NESTED.get()
}

/// Runs `inside`, in which retries are nested if `nests`.
pub(super) fn nest<T>(nests: bool, inside: impl FnOnce() -> T) -> T {
    if !nests {
        return inside();
    }
    let _before = Before(NESTED.replace(true));
    inside()
}

/// What was the case before, and is again after, also when unwinding.
struct Before(bool);

impl Drop for Before {
    fn drop(&mut self) {
        NESTED.set(self.0);
    }
}

/// Runs a future in which every retry policy of this crate makes one attempt, but for those that
/// [do not mind](super::Retry::even_when_nested).
///
/// It is for work that somebody tries again as a whole, such as a message that a queue delivers
/// again. What the future spawns is not reached by it.
///
/// ```
/// use mainstay_resilience::retry::{Retry, without_retries};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let policy = Retry::exponential().attempts(3);
/// let call = policy.run(async |attempt| Err::<(), _>(attempt.number()));
/// assert_eq!(without_retries(call).await, Err(1));
/// # }
/// ```
pub fn without_retries<F: Future>(future: F) -> WithoutRetries<F> {
    WithoutRetries::new(future, true)
}

pin_project! {
    /// The future of [`without_retries`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct WithoutRetries<F> {
        #[pin]
        future: F,
        nests: bool,
    }
}

impl<F> WithoutRetries<F> {
    pub(super) fn new(future: F, nests: bool) -> Self {
        Self { future, nests }
    }
}

impl<F: Future> Future for WithoutRetries<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        nest(*this.nests, || this.future.poll(cx))
    }
}
