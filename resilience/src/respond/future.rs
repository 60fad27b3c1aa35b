use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use pin_project_lite::pin_project;

use super::RespondBody;
use super::answer::Answer;
use crate::{Rejected, Rejection};

pin_project! {
    /// The future of [`RespondService`](super::RespondService).
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct RespondFuture<F> {
        #[pin]
        state: State<F>,
        grpc: bool,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F> {
        Running { #[pin] future: F },
        Answered { answer: Answer },
    }
}

impl<F> RespondFuture<F> {
    pub(super) fn new(future: F, grpc: bool) -> Self {
        Self { state: State::Running { future }, grpc }
    }

    pub(super) fn answered(answer: Answer, grpc: bool) -> Self {
        Self { state: State::Answered { answer }, grpc }
    }
}

impl<F, B, R, E> Future for RespondFuture<F>
where
    F: Future<Output = Result<Response<B>, Rejected<R, E>>>,
    R: Rejection,
{
    type Output = Result<Response<RespondBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let grpc = *this.grpc;
        match this.state.project() {
            StateProjection::Answered { answer } => Poll::Ready(Ok(answer.into_response(grpc))),
            StateProjection::Running { future } => future.poll(cx).map(|result| match result {
                Ok(response) => Ok(response.map(RespondBody::inner)),
                Err(Rejected::Rejection(rejection)) => {
                    Ok(Answer::of(&rejection).into_response(grpc))
                }
                Err(Rejected::Inner(error)) => Err(error),
            }),
        }
    }
}
