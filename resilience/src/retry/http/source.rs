use std::error::Error as StdError;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body::Body;
use mainstay_core::is_grpc;
use tower_service::Service;

use super::judge::judge;
use super::layer::Shared;
use super::{MapBody, PeekBody};
use crate::classify::{Classify, Verdict};
use crate::retry::replay::Recording;
use crate::retry::rules::Rules;
use crate::retry::source::Source;
use crate::retry::ticket::Refund;
use crate::retry::{Attempt, GRPC_PREVIOUS_RPC_ATTEMPTS, GaveUp, ReplayBody};

/// Attempts that an HTTP service makes.
pub(super) struct Exchange<S, B: Body, C, M> {
    pub(super) shared: Arc<Shared<C, M>>,
    /// Nothing, where there is no other attempt.
    pub(super) kept: Option<Kept<S, B>>,
}

/// What another attempt is made with.
pub(super) struct Kept<S, B: Body> {
    pub(super) service: S,
    pub(super) head: Parts,
    pub(super) body: Recording<B>,
}

impl<S, B, C, M, R> Source for Exchange<S, B, C, M>
where
    S: Service<Request<M::Body>, Response = Response<R>>,
    C: Classify<Result<Response<R>, S::Error>>,
    M: MapBody<ReplayBody<B>>,
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    R: Body + Unpin,
{
    type Attempt = S::Future;
    type Output = Result<Response<PeekBody<R>>, S::Error>;

    fn rules(&self) -> &Rules {
        &self.shared.policy.rules
    }

    fn judge(
        &mut self,
        output: Result<Response<R>, S::Error>,
        may_retry: bool,
        cx: &mut Context<'_>,
    ) -> (Self::Output, Verdict) {
        judge((&self.shared.policy.classifier, &self.shared.grpc), output, may_retry, cx)
    }

    fn owes(result: &mut Self::Output) -> Option<&mut Option<Refund>> {
        result.as_mut().ok()?.body_mut().owes()
    }

    fn rewind(&mut self) -> Result<(), GaveUp> {
        self.kept.as_ref().ok_or(GaveUp::Attempts)?.body.rewind()
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Output>> {
        match &mut self.kept {
            Some(kept) => kept.service.poll_ready(cx).map_err(Err),
            None => Poll::Ready(Ok(())),
        }
    }

    fn begin(&mut self, attempt: Attempt, last: bool) -> Option<S::Future> {
        let header = self.shared.attempt_header.as_ref();
        if last {
            let Kept { mut service, mut head, body } = self.kept.take()?;
            mark(&mut head, attempt, header);
            let body = self.shared.map.map_body(body.reader());
            return Some(service.call(Request::from_parts(head, body)));
        }
        let kept = self.kept.as_mut()?;
        mark(&mut kept.head, attempt, header);
        let body = self.shared.map.map_body(kept.body.reader());
        Some(kept.service.call(Request::from_parts(kept.head.clone(), body)))
    }

    /// A response may have a place at the service until it is read or dropped; an error has not.
    fn is_in_the_way(result: &Self::Output) -> bool {
        result.is_ok()
    }
}

/// Says which attempt it is.
fn mark(head: &mut Parts, attempt: Attempt, header: Option<&HeaderName>) {
    head.extensions.insert(attempt);
    let name = if is_grpc(&head.headers) { Some(&GRPC_PREVIOUS_RPC_ATTEMPTS) } else { header };
    if let Some(name) = name {
        head.headers.insert(name, HeaderValue::from(attempt.previous()));
    }
}
