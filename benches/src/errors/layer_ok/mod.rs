//! A request of seven headers that goes well, through the layer: call, future, and the body to
//! its end.
//!
//! Equal work: floor and layer get the same inner service and the same request, and are driven by
//! the same function. To make a request's headers takes longer than what is measured, so the
//! service gives them back in its response, and the next request gets them again. Nothing is
//! boxed, so there is no box for the optimiser to elide; the request goes through a `black_box`,
//! and the response comes out of a call that is not inlined.

mod bare;

use std::convert::Infallible;
use std::hint::black_box;
use std::mem;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::Full;
use mainstay_errors::FaultLayer;
use tower_layer::Layer;
use tower_service::Service;

use crate::{Case, Contender, FLOOR, Goal, Kinds, MAINSTAY, Operation, operation};
use bare::Bare;

pub(super) const CASE: Case = Case {
    name: "layer-ok",
    what: "`FaultLayer` around a response that is fine: a POST of seven headers, the body of the \
           response read to its end; the floor is the bare service",
    kinds: Kinds::All,
    goals: &[Goal::Allocations(0), Goal::NanosOverFloor(100.0)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || repeat(Bare) },
        Contender { who: MAINSTAY, prepare: || repeat(layered()) },
    ],
};

fn layered() -> impl Service<
    Request<Full<Bytes>>,
    Response = Response<impl Body<Data = Bytes, Error = Infallible>>,
    Error = Infallible,
> {
    FaultLayer::new().domain("orders.example.com").layer(Bare)
}

fn repeat<S, B>(mut service: S) -> Operation
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible> + 'static,
    B: Body<Data = Bytes, Error = Infallible>,
{
    let uri = Uri::from_static("/shops/berlin-mitte/orders");
    let mut headers = seven_headers();
    operation(move || {
        let mut request = Request::new(Full::new(Bytes::from_static(b"{\"line\":1}")));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = mem::take(&mut headers);
        let (response, read) = exchange(&mut service, black_box(request));
        headers = response;
        read
    })
}

/// The headers of the response, and the length of its body.
#[inline(never)]
fn exchange<S, B>(service: &mut S, request: Request<Full<Bytes>>) -> (HeaderMap, usize)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes, Error = Infallible>,
{
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(())) = service.poll_ready(&mut cx) else {
        return Default::default();
    };
    let future = pin!(service.call(request));
    let Poll::Ready(Ok(response)) = Future::poll(future, &mut cx) else {
        return Default::default();
    };
    let (mut head, body) = black_box(response).into_parts();
    let mut body = pin!(body);
    let read = std::iter::from_fn(|| frame(body.as_mut(), &mut cx)).sum();
    (mem::take(&mut head.headers), if head.status == StatusCode::OK { read } else { 0 })
}

/// The length of the next frame.
fn frame<B>(body: Pin<&mut B>, cx: &mut Context<'_>) -> Option<usize>
where
    B: Body<Data = Bytes, Error = Infallible>,
{
    match body.poll_frame(cx) {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().ok().map(|data| data.len()),
        _ => None,
    }
}

fn seven_headers() -> HeaderMap {
    [
        ("host", "orders.example.com"),
        ("user-agent", "shop-frontend/4.2"),
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("content-length", "10"),
        ("x-request-id", "b7ad6b7169203331b7ad6b7169203331"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ]
    .into_iter()
    .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
    .collect()
}

fn check_same_work() {
    let request = || {
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.headers_mut() = seven_headers();
        request
    };
    let expected = (seven_headers(), bare::BODY.len());
    assert_eq!(exchange(&mut Bare, request()), expected);
    assert_eq!(exchange(&mut layered(), request()), expected);
}
