//! A request through a layer, as a server makes it: it clones the service, waits until the clone is
//! ready, calls it, and sends the body of the answer.

use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, poll_fn, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response};
use mainstay_idempotency::Scope;
use tower_service::Service;

/// What is ordered: 200 bytes.
const ORDER: &[u8; 200] = &[b'o'; 200];
/// What is answered: 200 bytes.
const ANSWER: &[u8; 200] = &[b'a'; 200];

/// How many keys are asked for in one session.
const KEYS_OF_SESSION: u64 = 100;

/// The service under the layers: reads the order and answers it, and waits for nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Orders;

impl<B> Service<Request<B>> for Orders
where
    B: http_body::Body<Data = Bytes, Error: fmt::Debug>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut order = pin!(request.into_body());
        let mut context = Context::from_waker(std::task::Waker::noop());
        let read = pin!(length(order.as_mut())).poll(&mut context);
        assert!(read == Poll::Ready(ORDER.len()), "the order is there");
        let mut response = Response::new(Body::from(Bytes::from_static(ANSWER)));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        ready(Ok(response))
    }
}

/// The order with this number, from one on, with a key of 36 characters and the cookie of a session.
pub(super) fn order(number: u64) -> Request<Body> {
    let key = HeaderValue::try_from(format!("{number:036}"));
    // A session is 16 bytes in base64: the last character has but two bits.
    let session = HeaderValue::try_from(format!("session={:021}A", (number - 1) / KEYS_OF_SESSION));
    let mut request = Request::new(Body::from(Bytes::from_static(ORDER)));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = http::Uri::from_static("/orders");
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(KEY, key.expect("digits"));
    headers.insert(COOKIE, session.expect("digits"));
    request
}

/// Whose keys are whose: the session's, for orders.
pub(super) fn scope(request: &Parts) -> Option<Scope> {
    let session = request.headers.get(COOKIE)?.to_str().ok()?;
    Some(Scope::of([session, request.uri.path()]))
}

/// The header that a key comes in.
const KEY: &str = "idempotency-key";

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answered {
    headers: HeaderMap,
    length: usize,
}

impl Answered {
    /// Panics unless it is the whole answer, and a replay if it should be.
    pub(super) fn check(&self, is_replay: bool) {
        assert_eq!(self.length, ANSWER.len());
        assert_eq!(self.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes), Some(JSON));
        assert_eq!(self.headers.contains_key("idempotency-replayed"), is_replay);
    }
}

const JSON: &[u8] = b"application/json";

/// One request, to the end of the answer.
pub(super) async fn exchange<S, B>(service: &S, request: Request<Body>) -> Answered
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body<Data = Bytes, Error: fmt::Debug>,
{
    let mut service = service.clone();
    let Ok(()) = poll_fn(|cx| service.poll_ready(cx)).await;
    let Ok(response) = service.call(request).await;
    let (parts, body) = response.into_parts();
    Answered { headers: parts.headers, length: length(pin!(body)).await }
}

/// Reads a body to its end, and says how long it was.
async fn length<B>(mut body: Pin<&mut B>) -> usize
where
    B: http_body::Body<Data = Bytes, Error: fmt::Debug>,
{
    let mut length = 0;
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        length += frame.expect("a whole body").data_ref().map_or(0, Bytes::len);
    }
    length
}
