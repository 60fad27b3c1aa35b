//! Futures around futures. They are types of their own, as an `async fn` keeps room for what it is
//! given twice.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::coop::Unconstrained;
use tokio::task::unconstrained;
use tokio::time::{Sleep, sleep};

pin_project! {
    /// Runs `work` to its end, and `other` beside it. What is done at once never polls the other.
    ///
    /// The other does not count against tokio's budget: work that uses it up each time it is polled
    /// would leave it none, and no timer of it would ever be due.
    pub(crate) struct Beside<W, O> {
        #[pin]
        work: W,
        #[pin]
        other: Unconstrained<O>,
        other_is_over: bool,
    }
}

impl<W, O> Beside<W, O> {
    pub(crate) fn new(work: W, other: O) -> Self {
        Self { work, other: unconstrained(other), other_is_over: false }
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
    /// at once. It is due however much of tokio's budget the future takes.
    pub(crate) struct Within<F> {
        limit: Duration,
        #[pin]
        future: F,
        #[pin]
        timer: Option<Unconstrained<Sleep>>,
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
            this.timer.set(Some(unconstrained(sleep(*this.limit))));
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use tokio::task::consume_budget;
    use tokio::time::{Instant, advance};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Lets the time pass, and takes all of tokio's budget whenever it is polled.
    async fn busy(time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            poll_fn(|cx| {
                while pin!(consume_budget()).poll(cx).is_ready() {}
                Poll::Ready(())
            })
            .await;
            advance(Duration::from_millis(100)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn busy_work_leaves_time_for_what_is_beside_it() {
        let mut seconds = 0;
        let other = async {
            loop {
                sleep(SECOND).await;
                seconds += 1;
            }
        };
        Beside::new(busy(10 * SECOND), other).await;
        assert!((8..=10).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn busy_work_ends_within_its_limit() {
        assert_eq!(Within::new(SECOND, busy(10 * SECOND)).await, None);
    }
}
