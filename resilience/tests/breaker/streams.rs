//! Bodies that go on for long, or stall.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use mainstay_core::{Deadline, ManualClock};
use mainstay_resilience::backoff::{Backoff, Jitter};
use mainstay_resilience::breaker::{
    CircuitBreaker, Consecutive, HalfOpen, SlowCalls, State, Window,
};
use mainstay_resilience::classify::Verdict;
use mainstay_resilience::permit::{DropCause, DroppedAsLayer, drop_as};
use mainstay_resilience::timeout::TimeoutLayer;
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt, service_fn};

const SECOND: Duration = Duration::from_secs(1);

fn breaker() -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let builder = CircuitBreaker::builder("streams")
        .window(Window::calls(10))
        .trip(Consecutive::failures(1))
        .trip(SlowCalls::longer_than(SECOND).rate(1.0).min_calls(1))
        .half_open(HalfOpen::consecutive(2).at_once(2))
        .open_for(Backoff::constant(SECOND).jitter(Jitter::None));
    (builder.clock(clock.clone()).build().unwrap(), clock)
}

type Frames = futures_util::stream::BoxStream<'static, Result<Frame<Bytes>, Infallible>>;

/// A gRPC stream of messages without an end, or one that is silent.
fn stream(messages: bool) -> Ready<Result<Response<StreamBody<Frames>>, Infallible>> {
    let message = || Ok(Frame::data(Bytes::from_static(b"message")));
    let frames: Frames = if messages {
        Box::pin(futures_util::stream::repeat_with(message))
    } else {
        Box::pin(futures_util::stream::pending())
    };
    grpc_response(frames)
}

/// A gRPC stream of one message that ends well.
fn one_message() -> Ready<Result<Response<StreamBody<Frames>>, Infallible>> {
    let trailers = [("grpc-status".parse().unwrap(), "0".parse().unwrap())].into_iter().collect();
    let frames = [Frame::data(Bytes::from_static(b"message")), Frame::trailers(trailers)];
    grpc_response(Box::pin(futures_util::stream::iter(frames.map(Ok))))
}

fn grpc_response(frames: Frames) -> Ready<Result<Response<StreamBody<Frames>>, Infallible>> {
    let mut response = Response::new(StreamBody::new(frames));
    let grpc = "application/grpc".parse().unwrap();
    response.headers_mut().insert("content-type", grpc);
    ready(Ok(response))
}

#[tokio::test]
async fn a_stream_that_goes_on_shows_that_the_service_is_well() {
    let (breaker, clock) = breaker();
    breaker.try_acquire().unwrap().finish(Verdict::failure());
    clock.advance(SECOND);
    let service = breaker.http_layer().layer(service_fn(|_: Request<()>| stream(true)));
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut body = service.clone().oneshot(Request::new(())).await.unwrap().into_body();
        assert!(body.frame().await.is_some());
        streams.push(body);
    }
    assert_eq!(breaker.status().state, State::Closed);
}

#[tokio::test]
async fn a_stream_is_not_slow_because_it_is_long() {
    let (breaker, clock) = breaker();
    for (before_the_head, slow) in [(SECOND / 2, 0), (2 * SECOND, 1)] {
        let clock_of_service = clock.clone();
        let service = breaker.http_layer().layer(service_fn(move |_: Request<()>| {
            clock_of_service.advance(before_the_head);
            one_message()
        }));
        let body = service.oneshot(Request::new(())).await.unwrap().into_body();
        clock.advance(60 * SECOND);
        assert!(body.collect().await.unwrap().trailers().is_some());
        assert_eq!(breaker.snapshot().counts.slow, slow);
    }
}

/// A stream that is somebody else's to end says nothing.
#[tokio::test]
async fn a_stream_that_was_dropped_for_no_known_cause_does_not_count() {
    let (breaker, _clock) = breaker();
    let service = breaker.http_layer().layer(service_fn(|_: Request<()>| stream(true)));
    let mut body = service.oneshot(Request::new(())).await.unwrap().into_body();
    assert!(body.frame().await.is_some());
    drop_as(DropCause::Unknown, body);
    assert_eq!(breaker.snapshot().counts.calls, 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_stalls_is_not_unread() {
    let (breaker, _clock) = breaker();
    let service = breaker.http_layer().layer(service_fn(|_: Request<()>| stream(false)));
    let mut body = service.oneshot(Request::new(())).await.unwrap().into_body();
    assert!(tokio::time::timeout(SECOND, body.frame()).await.is_err());
    drop(body);
    assert_eq!(breaker.status().state, State::Open);
}

/// What waits for the service to become ready is asked again when it is.
#[tokio::test]
async fn who_waits_for_readiness_does_not_pass_an_open_breaker() {
    let (breaker, _clock) = breaker();
    let slots = tower::limit::ConcurrencyLimit::new(
        service_fn(|(): ()| std::future::pending::<Result<(), Infallible>>()),
        1,
    );
    let service = breaker.layer().layer(slots);
    let mut first = service.clone();
    let running = first.ready().await.unwrap().call(());
    let mut waiting = service.clone();
    assert!(is_pending(&mut waiting));
    breaker.try_acquire().unwrap().finish(Verdict::failure());
    drop(running);
    let error = waiting.ready().await.unwrap().call(()).await.unwrap_err();
    assert_eq!(error.rejection().unwrap().state(), State::Open);
}

fn is_pending<S: Service<()>>(service: &mut S) -> bool {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    service.poll_ready(&mut cx).is_pending()
}

/// A caller who leaves no time does not get the service closed for the others.
#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_is_no_call() {
    let (breaker, _clock) = breaker();
    let by = |request: &Request<()>| request.extensions().get::<Deadline>().copied();
    let inner = breaker.layer().layer(service_fn(async |_: Request<()>| {
        tokio::time::sleep(SECOND).await;
        Ok::<_, Infallible>(())
    }));
    let service = TimeoutLayer::by(by).layer(inner);
    let mut late = Request::new(());
    late.extensions_mut().insert(Deadline::at(Instant::now().into_std()));
    assert!(service.oneshot(late).await.is_err());
    assert_eq!(breaker.snapshot().counts.calls, 0);
}

#[tokio::test]
async fn a_server_says_when_its_caller_is_gone() {
    let (breaker, _clock) = breaker();
    let call = breaker.clone();
    let server = DroppedAsLayer::caller_gone().layer(service_fn(move |(): ()| {
        let call = call.clone();
        async move { call.call(std::future::pending::<Result<(), Infallible>>()).await }
    }));
    let mut request = Box::pin(server.oneshot(()));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(request.as_mut().poll(&mut cx).is_pending());
    drop(request);
    assert_eq!((breaker.snapshot().counts.calls, breaker.status().state), (0, State::Closed));
}
