use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::Body;

use super::ReplayError;
use super::body::{Polled, superseded, whole};
use super::recording::Shared;
use super::tape::Rest;

/// The rest of a body, while it is read outside of the lock.
pub(super) struct Reading<'a, B: Body> {
    shared: &'a Shared<B>,
    number: u32,
    rest: Option<Pin<Box<B>>>,
}

impl<'a, B> Reading<'a, B>
where
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    pub(super) fn new(shared: &'a Shared<B>, number: u32, rest: Pin<Box<B>>) -> Self {
        Self { shared, number, rest: Some(rest) }
    }

    pub(super) fn poll(mut self, cx: &mut Context<'_>) -> Polled {
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let polled = rest.as_mut().poll_frame(cx).map(|frame| frame.map(whole));
        let ended = matches!(polled, Poll::Ready(None)) || rest.is_end_stream();
        let hint = rest.size_hint();
        // From here on nothing can panic.
        let rest = match self.rest.take() {
            Some(on) if !ended => Rest::Goes { on, hint },
            _ => Rest::Ended,
        };
        self.done(polled, rest)
    }
}

impl<B: Body> Reading<'_, B> {
    /// What the reader is told. One that has lost the say is not told what was read, which is the
    /// next one's, and neither is it told the error.
    fn done(&self, polled: Polled, rest: Rest<B>) -> Polled {
        let (polled, waiting) = {
            let mut tape = self.shared.lock();
            if let Poll::Ready(Some(Ok(frame))) = &polled {
                tape.record(frame, self.number);
            }
            let current = tape.reader == self.number;
            let (polled, rest) = match (current, polled) {
                (true, failed @ Poll::Ready(Some(Err(_)))) => (failed, Rest::Failed(None)),
                (true, polled) => (polled, rest),
                (false, Poll::Ready(Some(Err(error)))) => (superseded(), Rest::Failed(Some(error))),
                (false, _) => (superseded(), rest),
            };
            (polled, tape.put_back(rest, self.number))
        };
        if let Some(waiting) = waiting {
            waiting.wake();
        }
        polled
    }
}

/// It has panicked: nobody shall wait for it to come back, nor take that for its end.
impl<B: Body> Drop for Reading<'_, B> {
    fn drop(&mut self) {
        if self.rest.take().is_some() {
            let _ = self.done(Poll::Pending, Rest::Failed(Some(ReplayError::PANICKED)));
        }
    }
}
