use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::error::ProbeError;
use super::message::{ProbeResponse, Reading};
use super::state::{Reply, Shared};

/// The future of a [`Probe`](super::Probe): it reads the request, then ends as the handle says.
pub struct ProbeFuture<T> {
    shared: Arc<Shared>,
    key: u64,
    number: u64,
    /// Taken when the request has been read to its end.
    read: Option<Reading>,
    ended: bool,
    response: PhantomData<fn() -> T>,
}

impl<T> ProbeFuture<T> {
    pub(super) fn new(shared: Arc<Shared>, key: u64, number: u64, read: Reading) -> Self {
        Self { shared, key, number, read: Some(read), ended: false, response: PhantomData }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(read) = &mut self.read {
            let result = ready!(read.as_mut().poll(cx));
            self.read = None;
            if let Err(why) = result {
                let law = format!("request {} did not arrive as it was sent: {why}", self.number);
                self.shared.with(|state| state.violated(law));
            }
        }
        Poll::Ready(())
    }
}

impl<T: ProbeResponse> Future for ProbeFuture<T> {
    type Output = Result<T, ProbeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.ended {
            let law = format!("call {} was polled after it had ended", self.number);
            self.shared.with(|state| state.violated(law));
            return Poll::Pending;
        }
        ready!(self.poll_read(cx));
        let reply = ready!(self.shared.with(|state| state.poll_call(self.key, cx)));
        self.ended = true;
        self.shared.with(|state| state.end(self.key, Some(reply)));
        Poll::Ready(match reply {
            Reply::Respond => Ok(T::respond(self.number, &self.shared)),
            Reply::Fail => Err(ProbeError::Failed(self.number)),
            // Without the hook, which would print.
            Reply::Panic => resume_unwind(Box::new("the probe panicked as it was told")),
        })
    }
}

impl<T> Drop for ProbeFuture<T> {
    fn drop(&mut self) {
        if !self.ended {
            self.shared.with(|state| state.end(self.key, None));
        }
    }
}

impl<T> fmt::Debug for ProbeFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProbeFuture")
            .field("number", &self.number)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
