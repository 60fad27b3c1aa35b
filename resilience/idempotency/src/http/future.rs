use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::IdempotencyBody;
use super::detach::Running;
use super::refused::{IdempotencyError, Refused};

type Answer<B, E> = Result<Response<IdempotencyBody<B>>, IdempotencyError<E>>;

pin_project! {
    /// The future of [`IdempotencyService`](crate::IdempotencyService).
    ///
    /// Dropped while a handler runs in it, it moves that to a task of its own, on the runtime that
    /// it is dropped on. The task has neither the tracing span nor the task-local values of this
    /// one. Outside of a runtime the handler is dropped.
    #[must_use = "futures do nothing unless polled"]
    pub struct IdempotencyFuture<F, B, E>
    where
        B: Body,
        B: 'static,
        B::Error: 'static,
        E: 'static,
    {
        #[pin]
        state: State<F, Answer<B, E>>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, T: 'static> {
        Passed { #[pin] future: F },
        // Taken by the first poll.
        Refused { refused: Option<Refused> },
        Running { running: Running<T> },
    }
}

impl<F, B: Body<Error: 'static> + 'static, E: 'static> IdempotencyFuture<F, B, E> {
    pub(super) fn passed(future: F) -> Self {
        Self { state: State::Passed { future } }
    }

    pub(super) fn refused(refused: Refused) -> Self {
        Self { state: State::Refused { refused: Some(refused) } }
    }

    pub(super) fn running(running: Running<Answer<B, E>>) -> Self {
        Self { state: State::Running { running } }
    }
}

impl<F, B, E> Future for IdempotencyFuture<F, B, E>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes, Error: 'static> + 'static,
    E: 'static,
{
    type Output = Answer<B, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Passed { future } => future.poll(cx).map(|result| match result {
                Ok(response) => Ok(response.map(IdempotencyBody::unread)),
                Err(error) => Err(IdempotencyError::Inner(error)),
            }),
            StateProjection::Refused { refused } => match refused.take() {
                Some(refused) => Poll::Ready(Err(refused.into())),
                None => Poll::Pending,
            },
            StateProjection::Running { running } => running.poll(cx),
        }
    }
}

impl<F, B: Body<Error: 'static> + 'static, E: 'static> fmt::Debug for IdempotencyFuture<F, B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotencyFuture").finish_non_exhaustive()
    }
}
