use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::time::Sleep;

use super::{Elapsed, Limit};
use crate::Rejected;
use crate::permit::{DropCause, Scope};

/// Runs a future for no longer than a limit; see [`Timeout`](super::Timeout) for a layer.
///
/// The future is polled first, and the timer is armed only if it is not ready then: a call that is
/// answered at once costs no timer. Dropping this future drops the inner one; when the time is up the
/// inner one is dropped at once, and its permits are told [why](crate::permit::DropCause).
///
/// # Errors
///
/// [`Elapsed`] when the time is up.
///
/// # Panics
///
/// Outside of a tokio runtime with time, if the future is not ready on its first poll.
///
/// ```
/// use mainstay_resilience::timeout::timeout;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let answer = timeout(Duration::from_secs(1), async { 42 }).await;
/// assert_eq!(answer, Ok(42));
/// let never = timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
/// assert!(never.is_err());
/// # }
/// ```
pub fn timeout<F: Future>(limit: impl Into<Limit>, future: F) -> Timed<F> {
    Timed::new(future, limit.into())
}

pin_project! {
    /// The future of [`timeout`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Timed<F> {
        #[pin]
        future: Option<F>,
        #[pin]
        timer: Timer,
    }
}

impl<F> Timed<F> {
    fn new(future: F, limit: Limit) -> Self {
        Self { future: Some(future), timer: Timer::new(limit) }
    }
}

impl<F: Future> Future for Timed<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            return Poll::Ready(Err(Elapsed(())));
        };
        match future.poll(cx) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => this.timer.as_mut().poll_elapsed(cx).map(|elapsed| {
                let _cause = Scope::enter(this.timer.cause());
                this.future.set(None);
                Err(elapsed)
            }),
        }
    }
}

pin_project! {
    /// A timer that is armed when it is first asked.
    #[derive(Debug)]
    pub(super) struct Timer {
        limit: Limit,
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl Timer {
    pub(super) fn new(limit: Limit) -> Self {
        Self { limit, sleep: None }
    }

    /// Why what it cuts off is dropped.
    pub(super) fn cause(&self) -> DropCause {
        self.limit.cause()
    }

    pub(super) fn poll_elapsed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Elapsed> {
        let mut this = self.project();
        if this.sleep.is_none() {
            this.sleep.set(this.limit.timer());
        }
        match this.sleep.as_pin_mut() {
            Some(sleep) => sleep.poll(cx).map(|()| Elapsed(())),
            None => Poll::Pending,
        }
    }
}

pin_project! {
    /// The future of [`Timeout`](super::Timeout).
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct TimeoutFuture<F> {
        #[pin]
        timed: Timed<F>,
    }
}

impl<F> TimeoutFuture<F> {
    pub(super) fn new(future: F, limit: Limit) -> Self {
        Self { timed: Timed::new(future, limit) }
    }

    /// There was no time to make the call in.
    pub(super) fn too_late() -> Self {
        Self { timed: Timed { future: None, timer: Timer::new(Limit::Never) } }
    }
}

impl<F, T, E> Future for TimeoutFuture<F>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<T, Rejected<Elapsed, E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().timed.poll(cx).map(|output| match output {
            Ok(result) => result.map_err(Rejected::Inner),
            Err(elapsed) => Err(Rejected::Rejection(elapsed)),
        })
    }
}
