use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::stripe::Handle;
use super::{Open, Permit};
use crate::Rejected;
use crate::classify::Classify;
use crate::permit::held_unless_it_panics;

pin_project! {
    /// The future of [`CircuitBreaker::call`](super::CircuitBreaker::call).
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Call<F, C> {
        #[pin]
        future: F,
        classify: C,
        // Taken when the future is first polled.
        breaker: Option<Handle>,
        permit: Option<Permit>,
    }
}

impl<F, C> Call<F, C> {
    pub(super) fn new(breaker: Handle, classify: C, future: F) -> Self {
        Self { future, classify, breaker: Some(breaker), permit: None }
    }
}

impl<F, C, T, E> Future for Call<F, C>
where
    F: Future<Output = Result<T, E>>,
    C: Classify<Result<T, E>>,
{
    type Output = Result<T, Rejected<Open, E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(breaker) = this.breaker.take() {
            match breaker.into_permit() {
                Ok(permit) => *this.permit = Some(permit),
                Err(open) => return Poll::Ready(Err(Rejected::Rejection(open))),
            }
        }
        held_unless_it_panics(this.permit, || this.future.poll(cx)).map(|result| {
            if let Some(permit) = this.permit.take() {
                permit.finish(this.classify.classify(&result));
            }
            result.map_err(Rejected::Inner)
        })
    }
}
