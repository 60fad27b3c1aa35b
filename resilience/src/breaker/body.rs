use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use mainstay_core::is_grpc;
use pin_project_lite::pin_project;

use super::Permit;
use super::layer::ResponseJudge;
use crate::classify::{Classify, GrpcClassifier, Verdict};
use crate::permit::{DropCause, Scope, held_unless_it_panics};

pin_project! {
    /// A response's body that carries the permit of its call until it is known how the call ended.
    ///
    /// Dropped before that, the call counts as [`DropCause::Unread`], if nobody gives another
    /// reason and nobody was waiting for more. A probe of a half-open breaker ends with the first
    /// data: as its head was judged, and of gRPC as a success.
    #[derive(Debug)]
    pub struct WatchedBody<B> {
        #[pin]
        body: B,
        watch: Watch,
    }
}

#[derive(Debug, Default)]
struct Watch {
    held: Option<(Permit, Verdicts)>,
    /// Whether the latest poll has left the body pending.
    waiting: bool,
}

/// What the end of the body says.
#[derive(Debug)]
enum Verdicts {
    /// What the head has said, if the body gets to its end.
    Head(Verdict),
    /// What the trailers say.
    Trailers(GrpcClassifier),
}

impl<C> ResponseJudge<C> {
    /// Settles the permit if the head tells all, and else gives it to the body.
    pub(super) fn watch<B, E>(
        self,
        result: Result<Response<B>, E>,
        permit: Permit,
    ) -> Result<Response<WatchedBody<B>>, E>
    where
        C: Classify<Result<Response<B>, E>>,
        B: Body,
    {
        let watch = match &result {
            Ok(response) if is_grpc(response.headers()) => self.watch_grpc(response, permit),
            _ => self.watch_http(&result, permit),
        };
        result.map(|response| response.map(|body| WatchedBody { body, watch }))
    }

    fn watch_grpc<B>(self, response: &Response<B>, mut permit: Permit) -> Watch {
        if let Some(verdict) = self.grpc.classify_headers(response) {
            permit.finish(verdict);
            return Watch::default();
        }
        // A stream may go on for hours and be well all the same.
        permit.is_timed_to_here();
        Watch::of(permit, Verdicts::Trailers(self.grpc))
    }

    fn watch_http<B, E>(&self, result: &Result<Response<B>, E>, permit: Permit) -> Watch
    where
        C: Classify<Result<Response<B>, E>>,
        B: Body,
    {
        let verdict = self.http.classify(result);
        let goes_on = result.as_ref().is_ok_and(|response| !response.body().is_end_stream());
        if self.including_body && goes_on && !verdict.outcome().is_failure() {
            return Watch::of(permit, Verdicts::Head(verdict));
        }
        permit.finish(verdict);
        Watch::default()
    }
}

impl Watch {
    fn of(permit: Permit, verdicts: Verdicts) -> Self {
        Self { held: Some((permit, verdicts)), waiting: false }
    }

    fn failed(&mut self) {
        if let Some((permit, _)) = self.held.take() {
            permit.finish(Verdict::transient());
        }
    }

    /// A probe has shown enough once data comes: the stream may go on for hours. What a head was
    /// judged to be it is all the same.
    fn came(&mut self) {
        if self.held.as_ref().is_some_and(|(permit, _)| permit.is_probe())
            && let Some((permit, verdicts)) = self.held.take()
        {
            permit.finish(match verdicts {
                Verdicts::Head(verdict) => verdict,
                Verdicts::Trailers(_) => Verdict::success(),
            });
        }
    }

    /// The body is at its end: with trailers or, at `None`, without.
    fn ended(&mut self, trailers: Option<&HeaderMap>) {
        if let Some((permit, verdicts)) = self.held.take() {
            permit.finish(match (verdicts, trailers) {
                (Verdicts::Head(verdict), _) => verdict,
                (Verdicts::Trailers(grpc), Some(trailers)) => grpc.classify_trailers(trailers),
                (Verdicts::Trailers(_), None) => Verdict::transient(),
            });
        }
    }
}

/// A body that was waited for is dropped for the cause that somebody leaves word of, and one that
/// nobody cared to read tells no more than its head.
impl Drop for Watch {
    fn drop(&mut self) {
        match self.held.take() {
            Some((permit, Verdicts::Head(verdict))) if !self.waiting => permit.finish(verdict),
            Some((permit, _)) if self.waiting => drop(permit),
            Some((permit, _)) => {
                let _cause = Scope::enter(DropCause::Unread);
                drop(permit);
            }
            None => {}
        }
    }
}

impl<B: Body> Body for WatchedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let body = this.body.as_mut();
        let frame = held_unless_it_panics(&mut this.watch.held, || body.poll_frame(cx));
        this.watch.waiting = frame.is_pending();
        match &frame {
            Poll::Pending => {}
            Poll::Ready(None) => this.watch.ended(None),
            Poll::Ready(Some(Err(_))) => this.watch.failed(),
            Poll::Ready(Some(Ok(frame))) => {
                // Nobody has to ask again for the end of a body that says it is there.
                if frame.is_trailers() || this.body.is_end_stream() {
                    this.watch.ended(frame.trailers_ref());
                } else {
                    this.watch.came();
                }
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: Default> Default for WatchedBody<B> {
    fn default() -> Self {
        Self { body: B::default(), watch: Watch::default() }
    }
}
