//! Refusals as responses, for servers whose services must not fail.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Request, Response};
use http_body::Body;
use mainstay_core::{Pushback, is_grpc};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::body::IdempotencyBody;
use super::refused::{IdempotencyError, Refused};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_RETRY_PUSHBACK_MS: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");
const APPLICATION_GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A layer whose refusals are answers: from
/// [`IdempotencyLayer::respond`](crate::IdempotencyLayer::respond).
///
/// Over HTTP the answer is a problem document (RFC 9457) with `title`, `status`, `detail`, `code`
/// and `reason`, over gRPC a trailers-only response with code and message, and without the reason:
/// for that in its details, see the feature `errors`. The error of the inner service stays as it is,
/// so that around a service that cannot fail this one cannot either, as `axum::Router::layer`
/// wants it.
///
/// A service whose errors are all to have one shape, with the ids of the request in it, leaves this
/// out: a layer around that one finds the [`Refused`] in its error.
#[derive(Clone, Copy, Debug)]
pub struct Respond<L> {
    layer: L,
}

impl<L> Respond<L> {
    pub(super) fn new(layer: L) -> Self {
        Self { layer }
    }
}

impl<S, L: Layer<S>> Layer<S> for Respond<L> {
    type Service = RespondService<L::Service>;

    fn layer(&self, inner: S) -> Self::Service {
        RespondService { inner: self.layer.layer(inner) }
    }
}

/// The service that [`Respond`] makes.
#[derive(Clone, Debug)]
pub struct RespondService<S> {
    inner: S,
}

impl<S, ReqBody, ResBody, E> Service<Request<ReqBody>> for RespondService<S>
where
    S: Service<
            Request<ReqBody>,
            Response = Response<IdempotencyBody<ResBody>>,
            Error = IdempotencyError<E>,
        >,
    ResBody: Body<Data = Bytes>,
{
    type Response = Response<IdempotencyBody<ResBody>>;
    type Error = E;
    type Future = RespondFuture<S::Future>;

    /// The layer refuses only what was asked for: this is the inner service's error, if any.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        self.inner.poll_ready(cx).map(|ready| match ready {
            Err(IdempotencyError::Inner(error)) => Err(error),
            Ok(()) | Err(IdempotencyError::Refused(_)) => Ok(()),
        })
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let grpc = is_grpc(request.headers());
        RespondFuture { future: self.inner.call(request), grpc }
    }
}

pin_project! {
    /// The future of [`RespondService`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct RespondFuture<F> {
        #[pin]
        future: F,
        grpc: bool,
    }
}

impl<F, B, E> Future for RespondFuture<F>
where
    F: Future<Output = Result<Response<IdempotencyBody<B>>, IdempotencyError<E>>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<IdempotencyBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let grpc = *this.grpc;
        this.future.poll(cx).map(|result| match result {
            Ok(response) => Ok(response),
            Err(IdempotencyError::Refused(refused)) => Ok(respond(&refused, grpc)),
            Err(IdempotencyError::Inner(error)) => Err(error),
        })
    }
}

fn respond<B: Body<Data = Bytes>>(refused: &Refused, grpc: bool) -> Response<IdempotencyBody<B>> {
    if grpc { status(refused) } else { problem(refused) }
}

fn status<B: Body<Data = Bytes>>(refused: &Refused) -> Response<IdempotencyBody<B>> {
    let kind = refused.kind();
    let mut response = Response::new(IdempotencyBody::default());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, APPLICATION_GRPC);
    headers.insert(GRPC_STATUS, HeaderValue::from(u16::from(kind.code().number())));
    headers.insert(GRPC_MESSAGE, HeaderValue::from_static(kind.message()));
    if let Some(wait) = refused.retry_after() {
        headers.insert(GRPC_RETRY_PUSHBACK_MS, HeaderValue::from(millis(wait)));
    }
    response
}

fn problem<B: Body<Data = Bytes>>(refused: &Refused) -> Response<IdempotencyBody<B>> {
    let kind = refused.kind();
    let status = kind.http_status();
    // Nothing of this is anybody's text but ours: there is nothing to escape.
    let document = format!(
        r#"{{"type":"about:blank","title":"{}","status":{},"detail":"{}","code":"{}","reason":"{}"}}"#,
        status.canonical_reason().unwrap_or_default(),
        status.as_u16(),
        kind.message(),
        kind.code(),
        kind.reason(),
    );
    let mut response = Response::new(IdempotencyBody::whole(Bytes::from(document), None));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, PROBLEM_JSON);
    if let Some(wait) = refused.retry_after() {
        headers.insert(RETRY_AFTER, Pushback::to_retry_after(wait));
    }
    response
}

/// Rounded up; at most what gRPC reads, a signed number of 32 bits.
fn millis(wait: Duration) -> i32 {
    i32::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
}
