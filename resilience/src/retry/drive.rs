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
        // Armed only while the service is not ready.
        Readying { #[pin] limit: Option<Sleep> },
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
                    this.state.set(State::READYING);
                    None
                }
                StateProjection::Readying { .. } => ready!(self.as_mut().poll_readying(cx)),
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
        let (mut result, verdict) = this.source.judge(output, this.core.may_retry(), cx);
        let Some(delay) = this.core.ended(this.source.rules(), &verdict) else {
            if let Some(refund) = X::owes(&mut result) {
                *refund = this.core.ended_openly(this.source.rules());
            }
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

    fn poll_readying(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let source = self.as_mut().project().source;
        match nest(true, || source.poll_ready(cx)) {
            Poll::Pending => self.not_ready(cx).map(Some),
            Poll::Ready(Err(error)) => {
                Poll::Ready(Some(self.give_up(GaveUp::NotReady).unwrap_or(error)))
            }
            Poll::Ready(Ok(())) => self.begin(),
        }
    }

    /// The service is waited for as long as an attempt may begin.
    ///
    /// Where that is limited, a result that may be in the way is the answer at once: kept, it might
    /// wait for the very place that it holds; dropped, it would leave no answer for when the time
    /// is up.
    fn not_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut this = self.as_mut().project();
        let Some(result) = &this.result else { return Poll::Pending };
        let reason = match this.core.left_to_begin(this.source.rules()) {
            Ok(None) => {
                this.result.take_if(|it| X::is_in_the_way(it));
                return Poll::Pending;
            }
            Ok(Some(_)) if X::is_in_the_way(result) => GaveUp::NotReady,
            Ok(Some(left)) => {
                ready!(this.state.as_mut().poll_limit(left.time, cx));
                left.then
            }
            Err(reason) => reason,
        };
        self.give_up(reason).map_or(Poll::Pending, Poll::Ready)
    }

    /// Time has passed since the attempt was announced, so whether it may begin is asked again.
    fn begin(mut self: Pin<&mut Self>) -> Poll<Option<T>> {
        let mut this = self.as_mut().project();
        let left = this.core.left_to_begin(this.source.rules());
        if let (Err(reason), Some(_)) = (left, &this.result) {
            return Poll::Ready(self.give_up(reason));
        }
        // Before the next attempt begins nothing is left of the one before.
        *this.result = None;
        let last = this.core.is_last();
        let attempt = this.core.retry(this.source.rules());
        // It has said in `rewind` that it can begin.
        let Some(attempt) = nest(true, || this.source.begin(attempt, last)) else {
            return Poll::Pending;
        };
        this.state.set(State::Running { attempt });
        Poll::Ready(None)
    }

    /// The attempt that was announced is not made. The result of the one before, if it is kept.
    fn give_up(self: Pin<&mut Self>, reason: GaveUp) -> Option<T> {
        let this = self.project();
        this.core.abandon(this.source.rules(), reason);
        this.result.take()
    }
}

impl<F> State<F> {
    const READYING: Self = Self::Readying { limit: None };

    /// A timer takes a millisecond at the least, so there is none where there is nothing to wait for.
    fn wait(delay: Duration) -> Self {
        if delay.is_zero() { Self::READYING } else { Self::Waiting { sleep: sleep(delay) } }
    }

    /// Ready when the service has been waited for so long, from when this was first asked.
    fn poll_limit(self: Pin<&mut Self>, time: Duration, cx: &mut Context<'_>) -> Poll<()> {
        let StateProjection::Readying { mut limit } = self.project() else { return Poll::Pending };
        if limit.is_none() {
            limit.set(Some(sleep(time)));
        }
        limit.as_pin_mut().map_or(Poll::Pending, |limit| limit.poll(cx))
    }
}
