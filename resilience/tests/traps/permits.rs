//! When a call with a response has ended: trap 10.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::task::Poll;

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, StreamBody};
use mainstay_resilience::breaker::{CircuitBreaker, Config, HttpCircuitBreakerLayer};
use mainstay_resilience::permit::{DropCause, DropWeights};
use tower::{Layer, ServiceExt, service_fn};

use super::{counting, counts};

type Frames = Vec<Result<Frame<Bytes>, &'static str>>;

fn data() -> Frame<Bytes> {
    Frame::data(Bytes::from_static(b"data"))
}

fn trailers(status: &'static str) -> Frame<Bytes> {
    let name = HeaderName::from_static("grpc-status");
    let mut trailers = HeaderMap::new();
    trailers.insert(name, HeaderValue::from_static(status));
    Frame::trailers(trailers)
}

/// A response with this body, through the layer.
async fn response(
    layer: HttpCircuitBreakerLayer,
    content_type: &'static str,
    frames: Frames,
) -> impl Body<Data = Bytes, Error = &'static str> + Unpin {
    let frames = std::sync::Mutex::new(frames);
    let service = layer.layer(service_fn(|_: Request<()>| {
        let body = StreamBody::new(stream::iter(std::mem::take(&mut *frames.lock().unwrap())));
        let response = Response::builder().header("content-type", content_type);
        std::future::ready(Ok::<_, Infallible>(response.body(body).unwrap()))
    }));
    service.oneshot(Request::new(())).await.unwrap().into_body()
}

async fn page(layer: HttpCircuitBreakerLayer, frames: Frames) -> impl Body + Unpin {
    response(layer, "text/html", frames).await
}

async fn stream(layer: HttpCircuitBreakerLayer, frames: Frames) -> impl Body + Unpin {
    response(layer, "application/grpc+proto", frames).await
}

fn breaker() -> CircuitBreaker {
    counting(10).build().unwrap()
}

#[tokio::test]
async fn trap_10_by_default_it_ends_with_the_head() {
    let breaker = breaker();
    let mut body = page(breaker.http_layer(), vec![Ok(data()), Err("broken off")]).await;
    assert_eq!(counts(&breaker), (1, 0));
    while let Some(Ok(_)) = body.frame().await {}
    drop(body);
    assert_eq!(counts(&breaker), (1, 0));
}

#[tokio::test]
async fn trap_10_or_with_the_end_of_the_body() {
    let breaker = breaker();
    let layer = breaker.http_layer().including_body();
    let mut body = page(layer.clone(), vec![Ok(data()), Ok(data())]).await;
    for _ in 0..2 {
        assert!(body.frame().await.unwrap().is_ok());
        assert_eq!(counts(&breaker), (0, 0));
    }
    assert!(body.frame().await.is_none());
    assert_eq!(counts(&breaker), (1, 0));
    drop(body);
    assert_eq!(counts(&breaker), (1, 0));

    let mut body = page(layer.clone(), vec![Ok(data()), Err("broken off"), Ok(data())]).await;
    assert!(body.frame().await.unwrap().is_ok());
    assert!(body.frame().await.unwrap().is_err());
    assert_eq!(counts(&breaker), (2, 1));
    drop(body);
    assert_eq!(counts(&breaker), (2, 1));
}

#[tokio::test]
async fn trap_10_grpc_ends_with_the_trailers() {
    let breaker = breaker();
    // Not found is an answer; unavailable is none, and a stream without an end neither.
    let endings = [
        (vec![Ok(data()), Ok(trailers("0"))], (1, 0)),
        (vec![Ok(data()), Ok(trailers("5"))], (2, 0)),
        (vec![Ok(data()), Ok(trailers("14"))], (3, 1)),
        (vec![Ok(data())], (4, 2)),
        (vec![Ok(data()), Err("reset")], (5, 3)),
        // Cancelled says nothing.
        (vec![Ok(data()), Ok(trailers("1"))], (5, 3)),
    ];
    for (frames, expected) in endings {
        let before = counts(&breaker);
        let mut body = stream(breaker.http_layer(), frames).await;
        assert!(body.frame().await.unwrap().is_ok());
        assert_eq!(counts(&breaker), before);
        while let Some(Ok(_)) = body.frame().await {}
        assert_eq!(counts(&breaker), expected);
    }
}

/// A body that panics has not been left unread, whoever catches that.
#[tokio::test]
async fn trap_10_a_body_that_panics_has_failed() {
    let breaker = breaker();
    let service = breaker.http_layer().including_body().layer(service_fn(async |_: Request<()>| {
        let frames = stream::poll_fn(|_| -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            panic!("on purpose")
        });
        Ok::<_, Infallible>(Response::new(StreamBody::new(frames)))
    }));
    let mut body = service.oneshot(Request::new(())).await.unwrap().into_body();
    assert!(AssertUnwindSafe(body.frame()).catch_unwind().await.is_err());
    assert_eq!(counts(&breaker), (1, 1));
    drop(body);
    assert_eq!(counts(&breaker), (1, 1));
}

/// Whoever has seen enough may drop the rest: of a page the head has told how it went.
#[tokio::test]
async fn trap_10_a_body_that_nobody_reads_is_ignored() {
    let breaker = breaker();
    drop(page(breaker.http_layer().including_body(), vec![Ok(data())]).await);
    assert_eq!(counts(&breaker), (1, 0));
    let breaker = self::breaker();
    drop(stream(breaker.http_layer(), vec![Ok(data()), Ok(trailers("14"))]).await);
    drop(stream(breaker.http_layer(), vec![]).await);
    assert_eq!(counts(&breaker), (0, 0));

    let weights = DropWeights::DEFAULT.with(DropCause::Unread, 1.0);
    let config = Config::default().without_rules().drop_weights(weights);
    breaker.reconfigure(config).unwrap();
    drop(stream(breaker.http_layer(), vec![Ok(data())]).await);
    assert_eq!(counts(&breaker), (1, 1));
}
