//! Futures around futures. They are types of their own, as an `async fn` keeps room for what it is
//! given twice.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

pin_project! {
    /// Runs `work` to its end, and `other` beside it. What is done at once never polls the other.
    pub(crate) struct Beside<W, O> {
        #[pin]
        work: W,
        #[pin]
        other: O,
        other_is_over: bool,
    }
}

impl<W, O> Beside<W, O> {
    pub(crate) fn new(work: W, other: O) -> Self {
        Self { work, other, other_is_over: false }
    }
}

impl<W: Future, O: Future> Future for Beside<W, O> {
    type Output = W::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<W::Output> {
        let this = self.project();
        let worked = this.work.poll(cx);
        if worked.is_pending() && !*this.other_is_over {
            *this.other_is_over = this.other.poll(cx).is_ready();
        }
        worked
    }
}

pin_project! {
    /// The output, or `None` if it takes too long. The clock is looked at only if it is not there
    /// at once.
    pub(crate) struct Within<F> {
        limit: Duration,
        #[pin]
        future: F,
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<F> Within<F> {
    pub(crate) fn new(limit: Duration, future: F) -> Self {
        Self { limit, future, timer: None }
    }
}

impl<F: Future> Future for Within<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Some(output));
        }
        if this.timer.is_none() {
            this.timer.set(Some(sleep(*this.limit)));
        }
        match this.timer.as_pin_mut() {
            Some(timer) => timer.poll(cx).map(|()| None),
            None => Poll::Pending,
        }
    }
}

/// What somebody has panicked with.
pub(crate) type Panicked = Box<dyn Any + Send>;

/// Runs a step of the service inside; a panic becomes an error, which is passed on when the key is
/// settled.
///
/// The step is asserted to be unwind safe as a thread's end would be: what has panicked is dropped.
pub(crate) fn caught<T>(step: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(step))
}

pin_project! {
    /// The same of a future.
    pub(crate) struct Caught<F> {
        #[pin]
        pub(crate) future: F,
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().future;
        match caught(|| future.poll(cx)) {
            Ok(polled) => polled.map(Ok),
            Err(panicked) => Poll::Ready(Err(panicked)),
        }
    }
}
