//! Mistakes with what passes through.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Collected, Either, Full};
use mainstay_testkit::probe::{Ping, Pong, Probe, ProbeBody};
use tower::{BoxError, Service};

use super::{BoxFuture, ready_of};

type Sent = Request<Full<Bytes>>;

/// An HTTP service whose readiness is its inner one's.
macro_rules! service {
    ($name:ident -> $body:ty, |$this:ident, $request:ident| $call:expr) => {
        impl Service<Sent> for $name {
            type Response = Response<$body>;
            type Error = BoxError;
            type Future = BoxFuture<Response<$body>, BoxError>;

            fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
                ready_of(&mut self.0, cx).map_err(Into::into)
            }

            fn call(&mut self, $request: Sent) -> Self::Future {
                let $this = self;
                Box::pin($call)
            }
        }
    };
}

/// Sends the request without its body.
#[derive(Clone)]
pub(crate) struct EmptiesRequest(pub(crate) Probe);

service!(EmptiesRequest -> ProbeBody, |this, request| {
    let call = this.0.call(request.map(|_| Full::<Bytes>::default()));
    async move { Ok(call.await?) }
});

/// Reads the body of the response, and has no use for trailers.
#[derive(Clone)]
pub(crate) struct DropsTrailers(pub(crate) Probe);

service!(DropsTrailers -> Full<Bytes>, |this, request| {
    let call = this.0.call(request);
    async move {
        let (head, body) = call.await?.into_parts();
        let bytes = body.collect().await?.to_bytes();
        Ok(Response::from_parts(head, Full::new(bytes)))
    }
});

/// Reads the body of the response in a task that goes on without its reader.
#[derive(Clone)]
pub(crate) struct ReadsInATask(pub(crate) Probe);

service!(ReadsInATask -> Collected<Bytes>, |this, request| {
    let call = this.0.call(request);
    async move {
        let (head, body) = call.await?.into_parts();
        let body = tokio::spawn(body.collect()).await??;
        Ok(Response::from_parts(head, body))
    }
});

/// Answers errors, where nobody has said so.
#[derive(Clone)]
pub(crate) struct AnswersErrors(pub(crate) Probe);

service!(AnswersErrors -> Either<ProbeBody, Full<Bytes>>, |this, request| {
    let call = this.0.call(request);
    async move {
        Ok(match call.await {
            Ok(response) => response.map(Either::Left),
            Err(_) => Response::new(Either::Right(Full::from("sorry"))),
        })
    }
});

/// Keeps of an error only what it prints.
#[derive(Clone)]
pub(crate) struct TurnsErrorsIntoText(pub(crate) Probe);

impl Service<Ping> for TurnsErrorsIntoText {
    type Response = Pong;
    type Error = BoxError;
    type Future = BoxFuture<Pong, BoxError>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        ready_of(&mut self.0, cx).map_err(|error| error.to_string().into())
    }

    fn call(&mut self, request: Ping) -> Self::Future {
        let call = self.0.call(request);
        Box::pin(async move { call.await.map_err(|error| error.to_string().into()) })
    }
}
