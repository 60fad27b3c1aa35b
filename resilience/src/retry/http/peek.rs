use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use mainstay_core::Outcome;
use pin_project_lite::pin_project;

use crate::classify::GrpcClassifier;
use crate::retry::ticket::Refund;

type Polled<B> = Option<Result<Frame<<B as Body>::Data>, <B as Body>::Error>>;

pin_project! {
    /// The body of a response, of which a retry may have seen the first frame.
    ///
    /// A gRPC response says how the call went in its trailers. Where these are there already, as
    /// of a call that failed before it had anything to say, they decide about another attempt.
    /// They are not waited for: the first frame of a stream may come when the caller has sent
    /// more, and the caller does not before it has the response. Where they come later they only
    /// decide whether the [budget](crate::budget) is told that the call went well.
    pub struct PeekBody<B>
    where
        B: Body,
    {
        // What was seen, until it is passed on.
        first: Option<Polled<B>>,
        // What is to be done when the end is known.
        end: Option<End>,
        #[pin]
        body: B,
    }
}

/// A call of gRPC whose end is still to come.
struct End {
    grpc: GrpcClassifier,
    refund: Option<Refund>,
}

impl End {
    fn comes(self, trailers: &HeaderMap) {
        let success = self.grpc.classify_trailers(trailers).outcome() == Outcome::Success;
        if let (true, Some(refund)) = (success, self.refund) {
            refund.succeeded();
        }
    }
}

/// What a look at the first frame has shown.
pub(super) enum Seen<'a> {
    /// Nothing yet, or the body goes on.
    More,
    /// The trailers, which were all there is.
    Trailers(&'a HeaderMap),
    /// The end, without trailers, or an error.
    CutOff,
}

impl<B: Body> PeekBody<B> {
    pub(super) fn new(body: B) -> Self {
        Self { first: None, end: None, body }
    }

    /// Its trailers will say how the call went.
    pub(super) fn await_end(&mut self, grpc: GrpcClassifier) {
        self.end = Some(End { grpc, refund: None });
    }

    /// Where to put what the budget is told if the call goes well, if that is not known yet.
    pub(super) fn owes(&mut self) -> Option<&mut Option<Refund>> {
        self.end.as_mut().map(|end| &mut end.refund)
    }

    /// Looks at the first frame if it is there, and keeps it.
    pub(super) fn peek(&mut self, cx: &mut Context<'_>) -> Seen<'_>
    where
        B: Unpin,
    {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.first = Some(frame);
        }
        match &self.first {
            None => Seen::More,
            Some(None | Some(Err(_))) => Seen::CutOff,
            Some(Some(Ok(frame))) => frame.trailers_ref().map_or(Seen::More, Seen::Trailers),
        }
    }
}

impl<B: Body> Body for PeekBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Polled<B>> {
        let this = self.project();
        let Some(first) = this.first.take() else {
            let polled = this.body.poll_frame(cx);
            if let Poll::Ready(Some(Ok(frame))) = &polled
                && let Some(trailers) = frame.trailers_ref()
                && let Some(end) = this.end.take()
            {
                end.comes(trailers);
            }
            return polled;
        };
        // The end stays the end, whoever looks, and nothing comes after trailers.
        if first.as_ref().is_none_or(|it| it.as_ref().is_ok_and(Frame::is_trailers)) {
            *this.first = Some(None);
        }
        Poll::Ready(first)
    }

    fn is_end_stream(&self) -> bool {
        match &self.first {
            None => self.body.is_end_stream(),
            Some(first) => first.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let seen = match &self.first {
            Some(Some(Ok(frame))) => frame.data_ref().map_or(0, |data| data.remaining() as u64),
            _ => 0,
        };
        let rest = self.body.size_hint();
        let mut hint = SizeHint::new();
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(seen));
        }
        hint.set_lower(rest.lower().saturating_add(seen));
        hint
    }
}

impl<B: Body> std::fmt::Debug for PeekBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PeekBody").finish_non_exhaustive()
    }
}
