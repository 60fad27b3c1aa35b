//! A layered service without its type, so that a law is written once.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tower_service::Service;

use super::message::{self, BoxError, Ping, Pong};

pub(super) type BoxFuture = Pin<Box<dyn Future<Output = Result<Answer, BoxError>> + Send>>;

/// A response as the caller sees it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The probe's to the request of that number, unchanged.
    Passed(u64),
    /// One the probe has not given, such as a rejection.
    Other(String),
}

/// A service that is told numbers.
pub(super) trait Erased {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>>;
    fn call(&mut self, number: u64) -> BoxFuture;
    fn clone_box(&self) -> Box<dyn Erased>;
}

/// A service of pings.
pub(super) struct Plain<S>(pub(super) S);

impl<S> Erased for Plain<S>
where
    S: Service<Ping, Response = Pong> + Clone + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, number: u64) -> BoxFuture {
        let future = self.0.call(Ping(number));
        Box::pin(async move {
            let Pong(number) = future.await.map_err(Into::into)?;
            Ok(Answer::Passed(number))
        })
    }

    fn clone_box(&self) -> Box<dyn Erased> {
        Box::new(Self(self.0.clone()))
    }
}

/// A service of HTTP requests. Its futures read the response to its end.
pub(super) struct Http<S>(pub(super) S);

impl<S, B> Erased for Http<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, number: u64) -> BoxFuture {
        let future = self.0.call(message::request(number));
        Box::pin(async move {
            let (head, body) = future.await.map_err(Into::into)?.into_parts();
            let body = body.collect().await.map_err(Into::into)?;
            Ok(match message::read_response(&head, body, number) {
                Ok(()) => Answer::Passed(number),
                Err(missing) => {
                    Answer::Other(format!("a response of {} without {missing}", head.status))
                }
            })
        })
    }

    fn clone_box(&self) -> Box<dyn Erased> {
        Box::new(Self(self.0.clone()))
    }
}
