//! The paths that promise not to allocate, counted.

#![cfg(test)]

use std::convert::Infallible;
use std::future::ready;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Empty;
use mainstay_errors::{Error, Fault, FaultLayer, GrpcStatus, Occurrence, Problem};
use tower::{Layer, Service, service_fn};

#[derive(Debug, thiserror::Error, Fault)]
#[fault(domain = "orders.example.com")]
enum OrderError {
    #[error("order {id} not in {table}")]
    #[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no order {id} in {shop}.")]
    NotFound {
        #[fault(public)]
        id: u64,
        #[fault(public)]
        shop: &'static str,
        table: &'static str,
    },
}

const NOT_FOUND: OrderError = OrderError::NotFound { id: 7, shop: "berlin", table: "orders" };

#[test]
fn a_fault_costs_nothing_and_an_error_one_allocation() {
    let fault = measure(|| {
        std::hint::black_box(NOT_FOUND);
    });
    assert_eq!(fault.count_total, 0);
    let error = measure(|| {
        let error = std::hint::black_box(Error::from(NOT_FOUND));
        std::hint::black_box(error.downcast::<OrderError>().unwrap());
    });
    assert_eq!(error.count_total, 1);
}

#[test]
fn a_problem_in_a_reused_buffer_costs_nothing() {
    let mut buffer = Vec::with_capacity(1024);
    let occurrence = Occurrence::new().request_id("r-1");
    let rendered = measure(|| Problem::new(&NOT_FOUND).at(occurrence).write_to(&mut buffer));
    assert!(!buffer.is_empty());
    assert_eq!(rendered.count_total, 0);
}

#[test]
fn grpc_headers_cost_four() {
    let rendered = measure(|| {
        let mut headers = HeaderMap::new();
        GrpcStatus::new(&NOT_FOUND).write_headers(&mut headers);
        std::hint::black_box(headers);
    });
    assert_eq!(rendered.count_total, 4);
}

/// Seven headers, as a browser behind a proxy sends them.
fn request() -> Request<()> {
    Request::get("/v1/orders/7")
        .header("host", "orders.example.com")
        .header("user-agent", "curl/8.5.0")
        .header("accept", "application/json")
        .header("accept-encoding", "gzip, br")
        .header("x-forwarded-for", "192.0.2.7")
        .header("x-request-id", "8f3a1c0e5d7b4a69")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .body(())
        .unwrap()
}

#[test]
fn a_request_that_succeeds_costs_nothing() {
    let inner = service_fn(|_: Request<()>| {
        ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
    });
    let service = FaultLayer::new().domain("orders.example.com").layer(inner);
    let request = request();
    let passed = measure(move || {
        let mut cx = Context::from_waker(Waker::noop());
        let mut service = service.clone();
        assert!(service.poll_ready(&mut cx).is_ready());
        let mut future = std::pin::pin!(service.call(request));
        assert!(matches!(future.as_mut().poll(&mut cx), Poll::Ready(Ok(_))));
    });
    // The request's own memory is given back, and nothing is asked for.
    assert_eq!(passed.count_total, 0);
}
