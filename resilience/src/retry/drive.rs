use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use super::GaveUp;
use super::core::Core;
use super::nested::nest;
use super::source::Source;

/// How many steps are made before other tasks have their turn: attempts that fail at once, with no
/// delay between them, would keep them from it.
const TURNS: usize = 64;

pin_project! {
    /// Makes the attempts that [`Core`] decides on, from the first one on, which has begun.
    pub(super) struct Drive<X, F, T> {
        source: X,
        core: Core,
        // Of the latest attempt: it is the answer if there is no other in the end.
        result: Option<T>,
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Running { #[pin] attempt: F },
        Waiting { #[pin] sleep: Sleep },
        Readying,
    }
}

impl<X, F, T> Drive<X, F, T> {
    pub(super) fn new(source: X, core: Core, attempt: F) -> Self {
        Self { source, core, result: None, state: State::Running { attempt } }
    }
}

impl<X, F, T> Future for Drive<X, F, T>
where
    X: Source<Attempt = F, Output = T>,
    F: Future,
{
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        for _ in 0..TURNS {
            let mut this = self.as_mut().project();
            let answer = match this.state.as_mut().project() {
                StateProjection::Running { attempt } => {
                    let output = ready!(nest(this.core.may_retry(), || attempt.poll(cx)));
                    self.as_mut().ended(output, cx)
                }
                StateProjection::Waiting { sleep } => {
                    ready!(sleep.poll(cx));
                    this.state.set(State::Readying);
                    None
                }
                StateProjection::Readying => ready!(self.as_mut().poll_readying(cx)),
            };
            if let Some(answer) = answer {
                return Poll::Ready(answer);
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<X, F, T> Drive<X, F, T>
where
    X: Source<Attempt = F, Output = T>,
    F: Future,
{
    /// An attempt has ended: with an answer, or there is another.
    fn ended(self: Pin<&mut Self>, output: F::Output, cx: &mut Context<'_>) -> Option<T> {
        let mut this = self.project();
        let (result, verdict) = this.source.judge(output, this.core.may_retry(), cx);
        let Some(delay) = this.core.ended(this.source.rules(), &verdict) else {
            return Some(result);
        };
        if let Err(reason) = this.source.rewind() {
            this.core.abandon(this.source.rules(), reason);
            return Some(result);
        }
        *this.result = Some(result);
        // What has ended is dropped here, with whatever place at the service it still holds.
        this.state.set(State::wait(delay));
        None
    }

    fn poll_readying(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut this = self.project();
        let (source, core) = (this.source, this.core);
        match nest(true, || source.poll_ready(cx)) {
            Poll::Pending => {
                this.result.take_if(|it| X::is_in_the_way(it));
                Poll::Pending
            }
            Poll::Ready(Err(error)) => {
                core.abandon(source.rules(), GaveUp::NotReady);
                Poll::Ready(Some(this.result.take().unwrap_or(error)))
            }
            Poll::Ready(Ok(())) => {
                // Before the next attempt begins nothing is left of the one before.
                *this.result = None;
                let last = core.is_last();
                let attempt = core.retry(source.rules());
                // It has said in `rewind` that it can begin.
                let Some(attempt) = nest(true, || source.begin(attempt, last)) else {
                    return Poll::Pending;
                };
                this.state.set(State::Running { attempt });
                Poll::Ready(None)
            }
        }
    }
}

impl<F> State<F> {
    /// A timer takes a millisecond at the least, so there is none where there is nothing to wait for.
    fn wait(delay: Duration) -> Self {
        if delay.is_zero() { Self::Readying } else { Self::Waiting { sleep: sleep(delay) } }
    }
}
