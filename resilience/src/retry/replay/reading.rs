use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};

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
        let rest = self.rest.take().map_or(Rest::Ended, |rest| rest_after(&polled, rest));
        let frame = match &polled {
            Poll::Ready(Some(Ok(frame))) => Some(frame),
            _ => None,
        };
        if self.done(rest, frame) { polled } else { superseded() }
    }
}

impl<B: Body> Reading<'_, B> {
    /// Whether the reader still has the say.
    fn done(&self, rest: Rest<B>, frame: Option<&Frame<Bytes>>) -> bool {
        let (current, waiting) = {
            let mut tape = self.shared.lock();
            if let Some(frame) = frame {
                tape.record(frame, self.number);
            }
            (tape.reader == self.number, tape.put_back(rest, self.number))
        };
        if let Some(waiting) = waiting {
            waiting.wake();
        }
        current
    }
}

/// It has panicked: nobody shall wait for it to come back.
impl<B: Body> Drop for Reading<'_, B> {
    fn drop(&mut self) {
        if self.rest.take().is_some() {
            self.done(Rest::Failed, None);
        }
    }
}

fn rest_after<B: Body>(polled: &Polled, rest: Pin<Box<B>>) -> Rest<B> {
    match polled {
        Poll::Ready(Some(Err(_))) => Rest::Failed,
        Poll::Ready(None) => Rest::Ended,
        _ if rest.is_end_stream() => Rest::Ended,
        _ => Rest::Goes { hint: rest.size_hint(), on: rest },
    }
}
