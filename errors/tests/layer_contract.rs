//! The tower contract, by the suite that all layers pass, and what is special to a layer that
//! never fails: an error of readiness, and a panic, answer one call.

#![cfg(test)]

use std::convert::Infallible;
use std::future::Ready;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use mainstay_errors::{FaultFuture, FaultLayer, FaultService};
use mainstay_testkit::probe::{self, Subject, is_send_sync_static};
use tower::{BoxError, Layer, Service, ServiceExt};

type Body = Empty<Bytes>;

fn layered<S>(inner: S) -> FaultService<S> {
    FaultLayer::new().domain("example.com").layer(inner)
}

fn subject() -> Subject {
    Subject::http(layered).answers_errors()
}

#[test]
fn the_laws_hold_one_by_one() {
    probe::suite(&subject());
}

#[test]
fn the_laws_hold_in_any_order() {
    probe::fuzz(&subject());
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

/// The suite asks for `Send` alone of futures.
#[test]
fn the_types_are_what_servers_want() {
    is_send_sync_static::<FaultLayer>();
    is_send_sync_static::<FaultService<Broken>>();
    is_send_sync_static::<FaultFuture<Ready<Result<Response<Body>, Infallible>>>>();
    is_send_sync_static::<mainstay_errors::Error>();
    is_send_sync_static::<mainstay_errors::FaultBody<Body>>();
    assert_eq!(size_of::<mainstay_errors::Error>(), 2 * size_of::<usize>());
}
