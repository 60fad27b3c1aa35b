//! The tower contract: readiness is the inner service's, a clone has none, and an error of
//! readiness answers the next call.

#![cfg(test)]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use mainstay_errors::{FaultFuture, FaultLayer, FaultService};
use tower::{BoxError, Layer, Service, ServiceExt};
use tower_test::mock;

type Body = Empty<Bytes>;

fn layered<S>(inner: S) -> FaultService<S> {
    FaultLayer::new().domain("example.com").layer(inner)
}

#[tokio::test]
async fn readiness_is_the_inner_service_s() {
    let (mock, mut handle) = mock::pair::<Request<()>, Response<Body>>();
    let mut service = tokio_test::task::spawn(layered(mock));
    handle.allow(0);
    assert!(service.enter(|cx, mut service| service.poll_ready(cx)).is_pending());
    handle.allow(1);
    assert!(service.is_woken());
    assert!(service.enter(|cx, mut service| service.poll_ready(cx)).is_ready());
}

/// A service that counts, and must be ready in the very value that is called.
#[derive(Debug, Default)]
struct Strict {
    ready: bool,
    calls: Arc<AtomicUsize>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { ready: false, calls: Arc::clone(&self.calls) }
    }
}

impl Service<Request<()>> for Strict {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without being ready");
        self.calls.fetch_add(1, Ordering::SeqCst);
        ready(Ok(Response::new(Empty::new())))
    }
}

#[tokio::test]
async fn the_service_that_was_ready_is_the_one_that_is_called() {
    let strict = Strict::default();
    let mut service = layered(strict.clone());
    for _ in 0..3 {
        let response = service.ready().await.unwrap().call(Request::new(())).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(service.clone().oneshot(Request::new(())).await.unwrap().status(), 200);
    }
    assert_eq!(strict.calls.load(Ordering::SeqCst), 6);
}

/// A service that is never ready again.
#[derive(Clone, Debug)]
struct Broken {
    panics: bool,
}

impl Service<Request<()>> for Broken {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Ready<Result<Response<Body>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if self.panics {
            std::panic::resume_unwind(Box::new("panic"));
        }
        Poll::Ready(Err("the pool is closed".into()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        std::panic::resume_unwind(Box::new("called after readiness failed"))
    }
}

#[tokio::test]
async fn an_error_of_readiness_answers_the_next_call_and_only_that() {
    for panics in [false, true] {
        let mut service = layered(Broken { panics });
        let response = service.ready().await.unwrap().call(Request::new(())).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(body.starts_with(b"{\"type\":\"https://example.com/problems/INTERNAL\""));
        // The next call asks anew.
        let response = service.ready().await.unwrap().call(Request::new(())).await.unwrap();
        assert_eq!(response.status(), 500);
    }
}

#[tokio::test]
async fn a_clone_does_not_inherit_the_error() {
    let mut service = layered(Broken { panics: false });
    service.ready().await.unwrap();
    // Without a remembered error the inner service is called, and its panic is caught.
    let response = service.clone().call(Request::new(())).await.unwrap();
    assert_eq!(response.status(), 500);
}

#[test]
fn dropping_the_future_drops_the_inner_one() {
    let dropped = Arc::new(());
    let held = Arc::clone(&dropped);
    let service = tower::service_fn(move |_: Request<()>| {
        let held = Arc::clone(&held);
        async move {
            std::future::pending::<()>().await;
            drop(held);
            Ok::<_, Infallible>(Response::new(Body::new()))
        }
    });
    let mut service = layered(service);
    let mut future = Box::pin(service.call(Request::new(())));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    assert_eq!(Arc::strong_count(&dropped), 3);
    drop(future);
    assert_eq!(Arc::strong_count(&dropped), 2);
}

/// A guard in a future that panics runs before the answer is sent.
#[tokio::test]
async fn a_panicked_future_is_dropped_with_its_guards() {
    let held = Arc::new(());
    let guard = Arc::clone(&held);
    let service = tower::service_fn(move |_: Request<()>| {
        let guard = Arc::clone(&guard);
        async move {
            std::hint::black_box(&guard);
            tokio::task::yield_now().await;
            std::panic::resume_unwind(Box::new("panic"));
            #[expect(unreachable_code, reason = "gives the future its type")]
            Ok::<Response<Body>, Infallible>(Response::new(Body::new()))
        }
    });
    let mut service = layered(service);
    let mut future = Box::pin(service.call(Request::new(())));
    let response = future.as_mut().await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(Arc::strong_count(&held), 2);
}

#[test]
fn the_types_are_what_servers_want() {
    fn is_send_sync_static<T: Send + Sync + 'static>() {}
    fn is_clone<T: Clone>() {}
    is_send_sync_static::<FaultLayer>();
    is_send_sync_static::<FaultService<Strict>>();
    is_send_sync_static::<FaultFuture<Ready<Result<Response<Body>, Infallible>>>>();
    is_send_sync_static::<mainstay_errors::Error>();
    is_send_sync_static::<mainstay_errors::FaultBody<Body>>();
    is_clone::<FaultService<Strict>>();
    assert_eq!(size_of::<mainstay_errors::Error>(), 2 * size_of::<usize>());
}
