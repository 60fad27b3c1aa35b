//! What calls allocate.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use mainstay_idempotency::{IdempotencyBody, IdempotencyLayer, MemoryStore, Scope};
use tower::{Layer, Service};

type Body = Full<Bytes>;

const ANSWER: &[u8] = &[b'a'; 200];

#[derive(Clone)]
struct Inner;

impl Service<Request<IdempotencyBody<Body>>> for Inner {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<IdempotencyBody<Body>>) -> Self::Future {
        ready(Ok(Response::new(Full::new(Bytes::from_static(ANSWER)))))
    }
}

fn call<S>(service: &S, request: Request<Body>) -> bool
where
    S: Service<Request<Body>, Response = Response<IdempotencyBody<Body>>, Error = Infallible>
        + Clone,
{
    let mut context = Context::from_waker(Waker::noop());
    let mut service = service.clone();
    assert!(service.poll_ready(&mut context).is_ready());
    let mut future = std::pin::pin!(service.call(request));
    match future.as_mut().poll(&mut context) {
        Poll::Ready(Ok(response)) => {
            assert_eq!(response.status(), 200);
            response.headers().contains_key("idempotency-replayed")
        }
        Poll::Pending => panic!("it has nothing to wait for"),
    }
}

fn request(key: Option<u32>) -> Request<Body> {
    let mut request = Request::post("/orders").body(Full::from("body")).unwrap();
    if let Some(key) = key {
        request.headers_mut().insert("idempotency-key", HeaderValue::from(key));
    }
    // As a router has put something there before.
    request.extensions_mut().insert("matched");
    request
}

/// Allocations of a hundred requests, from the mean of many, which are made beforehand.
fn allocations(keys: impl Iterator<Item = Option<u32>>, replayed: bool) -> u64 {
    let layer = IdempotencyLayer::at_least_once(MemoryStore::new())
        .scope(|request| Scope::of([request.uri.path()]))
        .optional()
        .respond();
    let service = layer.layer(Inner);
    // What is there once for all is there.
    for key in 1000..3000 {
        call(&service, request(Some(key)));
    }
    if replayed {
        call(&service, request(Some(0)));
    }
    let requests: Vec<_> = keys.map(request).collect();
    let count = requests.len() as u64;
    let info = measure(|| {
        for request in requests {
            assert_eq!(call(&service, request), replayed);
        }
    });
    info.count_total * 100 / count
}

#[test]
fn a_first_request_allocates_little() {
    let first = allocations((0..500).map(Some), false);
    // Its future, its flight, its record and the place of that in the store; and now and then a
    // table that grows.
    assert!(first < 550, "{first}");
}

#[test]
fn a_replay_allocates_less() {
    let replay = allocations((0..500).map(|_| Some(0)), true);
    assert!(replay <= 400, "{replay}");
}

#[test]
fn a_request_without_a_key_allocates_nothing() {
    let none = allocations((0..500).map(|_| None), false);
    assert_eq!(none, 0);
}
