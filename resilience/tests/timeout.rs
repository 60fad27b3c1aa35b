//! The timeout: when it strikes, what it costs, what it leaves alone.

#![cfg(test)]

use std::convert::Infallible;
use std::error::Error;
use std::future::{pending, ready};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use mainstay_core::Deadline;
use mainstay_resilience::timeout::{Elapsed, Limit, TimeoutLayer, timeout};
use mainstay_resilience::{Rejected, Rejection};
use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt, service_fn};

const LIMIT: Duration = Duration::from_secs(2);

fn request() -> Request<()> {
    Request::new(())
}

/// A service that answers after a while.
async fn slow(after: Duration) -> Result<Response<Full<Bytes>>, Infallible> {
    sleep(after).await;
    Ok(Response::new(Full::new(Bytes::from_static(b"late"))))
}

#[tokio::test(start_paused = true)]
async fn it_strikes_at_the_limit_and_not_before() {
    for (after, in_time) in [(0, true), (1_999, true), (2_001, false), (60_000, false)] {
        let start = Instant::now();
        let call = sleep(Duration::from_millis(after));
        assert_eq!(timeout(LIMIT, call).await.is_ok(), in_time, "{after} ms");
        assert!(start.elapsed() <= LIMIT + Duration::from_millis(1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_an_instant() {
    let deadline = Deadline::after(Instant::now().into_std(), LIMIT);
    sleep(Duration::from_millis(1_500)).await;
    let start = Instant::now();
    assert!(timeout(deadline, pending::<()>()).await.is_err());
    assert_eq!(start.elapsed().as_millis(), 500);
    // It has passed: a call that is ready at once still counts.
    assert_eq!(timeout(deadline, ready(7)).await, Ok(7));
    assert!(timeout(deadline, sleep(Duration::from_millis(1))).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn no_limit_is_no_instant_expiry() {
    let long = Duration::from_secs(86_400 * 365);
    assert!(timeout(None::<Deadline>, sleep(long)).await.is_ok());
    assert!(timeout(Limit::Never, sleep(long)).await.is_ok());
    assert!(timeout(Duration::MAX, sleep(long)).await.is_ok());
}

/// Outside of a runtime a timer would panic: none is armed for what is ready.
#[test]
fn a_call_that_is_ready_needs_no_timer() {
    let mut call = std::pin::pin!(timeout(LIMIT, ready(7)));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert_eq!(call.as_mut().poll(&mut context), std::task::Poll::Ready(Ok(7)));
}

#[tokio::test(start_paused = true)]
async fn dropping_it_drops_the_call() {
    let held = Arc::new(());
    let guard = Arc::clone(&held);
    let call = async move {
        pending::<()>().await;
        drop(guard);
    };
    assert!(timeout(LIMIT, call).await.is_err());
    assert_eq!(Arc::strong_count(&held), 1);
}

#[tokio::test(start_paused = true)]
async fn a_layer_keeps_the_inner_error() {
    let broken = service_fn(|_: Request<()>| async {
        Err::<Response<()>, _>(std::io::Error::other("broken"))
    });
    let error = TimeoutLayer::new(LIMIT).layer(broken).oneshot(request()).await.unwrap_err();
    assert!(error.source().unwrap().is::<std::io::Error>());
    assert_eq!(error.into_inner().unwrap().to_string(), "broken");

    let silent = service_fn(|_: Request<()>| slow(Duration::from_secs(60)));
    let error = TimeoutLayer::new(LIMIT).layer(silent).oneshot(request()).await.unwrap_err();
    assert!(error.source().unwrap().is::<Elapsed>());
    let elapsed = error.rejection().unwrap();
    assert_eq!((elapsed.http_status().as_u16(), elapsed.retry_after()), (504, None));
}

#[tokio::test(start_paused = true)]
async fn a_limit_may_be_the_request_s_own() {
    let by = |request: &Request<()>| request.extensions().get::<Duration>().copied();
    let service = TimeoutLayer::by(by).layer(service_fn(|_| slow(LIMIT)));
    assert!(service.clone().oneshot(request()).await.is_ok());
    let mut hasty = request();
    hasty.extensions_mut().insert(Duration::from_secs(1));
    assert!(service.oneshot(hasty).await.is_err());
}

/// A body of two frames, one at once and one after a while.
fn dripping(after: Duration) -> impl http_body::Body<Data = Bytes, Error = Infallible> {
    let frame = |text: &'static [u8]| Ok(Frame::data(Bytes::from_static(text)));
    StreamBody::new(futures_util::stream::unfold(0, move |at| async move {
        match at {
            0 => Some((frame(b"first "), 1)),
            1 => {
                sleep(after).await;
                Some((frame(b"last"), 2))
            }
            _ => None,
        }
    }))
}

#[tokio::test(start_paused = true)]
async fn the_body_counts_when_it_is_asked_to() {
    let drip = |after| {
        service_fn(move |_: Request<()>| async move {
            sleep(Duration::from_secs(1)).await;
            Ok::<_, Infallible>(Response::new(dripping(after)))
        })
    };
    let headers_only = TimeoutLayer::new(LIMIT).layer(drip(Duration::from_secs(60)));
    let response = headers_only.oneshot(request()).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "first last");

    // Head and body share the limit.
    let layer = TimeoutLayer::new(LIMIT).including_body();
    let response = layer.layer(drip(Duration::from_millis(999))).oneshot(request()).await.unwrap();
    assert!(response.into_body().collect().await.is_ok());
    let response =
        layer.layer(drip(Duration::from_millis(1_002))).oneshot(request()).await.unwrap();
    let error = response.into_body().collect().await.unwrap_err();
    assert!(matches!(error, Rejected::Rejection(_)));
}

#[tokio::test(start_paused = true)]
async fn it_answers_where_it_must_not_fail() {
    let service =
        TimeoutLayer::new(LIMIT).respond().layer(service_fn(|_: Request<()>| slow(LIMIT * 2)));
    let response = service.clone().oneshot(request()).await.unwrap();
    assert_eq!(response.status(), 504);
    assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());

    let mut grpc = request();
    grpc.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    let response = service.oneshot(grpc).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["grpc-status"]),
        (200, &"4".parse().unwrap())
    );
}

#[tokio::test(start_paused = true)]
async fn it_goes_into_a_router_as_it_is() {
    let app = axum::Router::new()
        .route("/", axum::routing::get(|| sleep(LIMIT * 2)))
        .layer(TimeoutLayer::new(LIMIT).respond());
    let request = Request::get("/").body(axum::body::Body::empty()).unwrap();
    assert_eq!(app.oneshot(request).await.unwrap().status(), 504);
}

#[cfg(feature = "errors")]
#[tokio::test(start_paused = true)]
async fn it_is_a_fault() {
    use mainstay_errors::{Catalogue, Fault};
    let catalogue = Catalogue::new().domain("example.com").with::<Elapsed>().unwrap();
    assert_eq!(catalogue.rows()[0].kind.reason, "TIMED_OUT");
    let elapsed = timeout(Duration::ZERO, pending::<()>()).await.unwrap_err();
    assert_eq!(elapsed.kind().http_status(), 504);
}
